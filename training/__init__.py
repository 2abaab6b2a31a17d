"""Data sets, the model zoo, training, evaluation and export. Services never import this package."""

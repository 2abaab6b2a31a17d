"""What runs here; pyproject.toml takes it from this file, so that images need not install the package to know it."""

VERSION = "0.1.0"

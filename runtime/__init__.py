"""How work is carried: settings, logs, the Celery application, publishing, the model tree."""

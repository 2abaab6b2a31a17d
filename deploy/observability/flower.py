"""Celery's configuration for Flower: the queues whose lengths it shows. Our workers take no orders from it."""

from kombu import Queue

task_queues = [Queue(name) for name in ("detect_faces", "detect_in_picture", "classify_faces", "explain_faces")]

"""Celery's configuration for Flower: its broker, by the file with the password, and the queues whose lengths it shows.

Our workers take no orders from it.
"""

from pathlib import Path

from kombu import Queue

broker_url = Path("/secrets/redis_url").read_text().strip()
task_queues = [Queue(name) for name in ("detect_faces", "detect_in_picture", "classify_faces", "explain_faces")]

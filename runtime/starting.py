"""What every service's main does the same way."""

import sys


def cannot_start(service: str, problem: Exception) -> int:
    """Says on the terminal, where it was started, why a service does not start; its exit code."""
    sys.stderr.write(f"{service}: {problem}\n")
    return 2

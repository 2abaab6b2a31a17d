"""What goes wrong for who uses the client.

ThespisError              Raised when the server refuses; `problem` holds its RFC 9457 details.
Unreachable               Raised when no server answers at that address.
BadKey                    Raised when what was given can't be an API key.
"""

from contracts.api import Problem


class ThespisError(Exception):
    """Raised when the server refuses a request; says why and what to do. `retry_after_s`: when to try again."""

    def __init__(self, problem: Problem, retry_after_s: float | None = None) -> None:
        super().__init__(f"{problem.title}: {problem.detail}")
        self.problem = problem
        self.retry_after_s = retry_after_s


class Unreachable(ConnectionError):
    """Raised when no server answers; start one with `thespis up` or give its address."""


class BadKey(ValueError):
    """Raised when what was given can't be an API key, which is printable ASCII; the message does not show it."""

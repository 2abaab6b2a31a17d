"""What a library of C++ says on standard error, past Python's logging."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_ONE_AT_A_TIME = threading.Lock()


@contextlib.contextmanager
def without_native_info() -> Iterator[None]:
    """Within the block LiteRT's lines that begin with INFO: are dropped, which no setting of it does.

    Everything else that any thread writes there meanwhile comes when the block ends.
    """
    if sys.platform != "linux":
        yield
        return
    with _ONE_AT_A_TIME, open(os.memfd_create("stderr"), "w+b") as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            said.seek(0)
            for line in said:
                if not line.startswith(b"INFO: "):
                    os.write(stderr, line)
            os.close(stderr)

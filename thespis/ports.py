"""Free loopback ports for servers that must be found again at the same place after a restart."""

import errno
import random
import socket

# Below the range from which the kernel takes ports for outgoing connections, so none of those gets in the way.
FIRST, LAST = 15_000, 31_999


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports on which nothing listens now."""
    found: list[int] = []
    for port in random.sample(range(FIRST, LAST), LAST - FIRST):  # ports need no secrecy
        if is_free(port, host):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free port is left")


def is_free(port: int, host: str) -> bool:
    """Raises OSError where nobody could listen, whatever the port: at an address that is not this machine's."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            return False
        return True

"""Who is at the other end, when reverse proxies stand between."""

from collections.abc import Sequence


def client_address(peer: str | None, forwarded_for: Sequence[str], proxies: int) -> str:
    """The address that the outermost of our own `proxies` saw; what a client wrote before it is not believed.

    `forwarded_for` are all lines of the header, in order: some proxies add to the client's line, others add a line.
    """
    seen = [part.strip() for part in ",".join(forwarded_for).split(",") if part.strip()] + [peer or ""]
    return seen[-min(proxies + 1, len(seen))]

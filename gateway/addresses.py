"""Who is at the other end, when reverse proxies stand between."""


def client_address(peer: str | None, forwarded_for: str | None, proxies: int) -> str:
    """The address that the outermost of our own `proxies` saw; what a client wrote before it is not believed."""
    seen = [part.strip() for part in (forwarded_for or "").split(",") if part.strip()] + [peer or ""]
    return seen[-min(proxies + 1, len(seen))]

"""Whose page may speak to the gateway, and under which names it may be reached."""

import ipaddress
from urllib.parse import urlsplit


def origin_allowed(origin: str | None, host: str, allowed: str) -> bool:
    """Programs send no Origin; a page must come from this gateway or from an origin on the list."""
    if origin is None or allowed == "*":
        return True
    try:
        own = urlsplit(origin).netloc == host.lower()
    except ValueError:  # "http://[::1"
        return False
    return own or origin in _listed(allowed)


def host_allowed(host: str, allowed: str) -> bool:
    """Only a name that is surely ours: a stranger's page can have its own name changed to lead here (DNS rebinding).

    An address is no name, and nobody can change where `localhost` leads.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or is_address(name) or name in _listed(allowed)


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _listed(names: str) -> frozenset[str]:
    """In lower case, as browsers write origins and `urlsplit` gives names."""
    return frozenset(name.strip().lower() for name in names.split(",")) - {""}

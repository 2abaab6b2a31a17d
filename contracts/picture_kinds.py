"""The kinds of pictures that we read, told by a file's first bytes.

Sources: JPEG, ITU-T T.81 annex B; PNG, W3C Portable Network Graphics, clause 5; WebP, RFC 9649.
"""

from typing import Final, Literal

Kind = Literal["jpeg", "png", "webp"]

NAMES: Final[dict[Kind, str]] = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP"}
"""As people write them."""


def kind_of(start: bytes) -> Kind | None:
    """By a file's first twelve bytes; None for what is no picture of a kind we read."""
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "webp" if start[:4] == b"RIFF" and start[8:12] == b"WEBP" else None

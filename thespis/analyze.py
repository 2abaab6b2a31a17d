"""`thespis analyze`: one picture, shown in the terminal."""

from collections.abc import Mapping

import msgspec
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.table import Table

from contracts.api import ImageReply
from runtime.settings import read_settings
from thespis.client import AsyncClient
from thespis.settings import UpSettings
from thespis.up import running_platform

BAR_WIDTH = 30


async def analyze_with(picture: bytes, server: str | None, environ: Mapping[str, str]) -> ImageReply:
    """Asks `server`, or a platform that is started for this call. Raises as Client and running_platform do."""
    if server is not None:
        async with AsyncClient(server) as client:
            return await client.analyze(picture)
    settings = msgspec.structs.replace(read_settings(UpSettings, environ), host="127.0.0.1", port=0)
    quiet = {**environ, "THESPIS_LOG_LEVEL": "warning"}
    async with running_platform(settings, quiet) as (url, _), AsyncClient(url) as client:
        return await client.analyze(picture)


def show_reply(reply: ImageReply) -> None:
    """Prints each face's box and its seven percentages as bars."""
    console = Console()
    if not reply.faces:
        console.print("No face was found.")
    for face in reply.faces:
        box = face.box
        doubt = ", uncertain" if face.uncertain else ""
        console.print(
            f"[bold]face {face.face_id}[/bold]: {face.top}{doubt}   "
            f"{box.width:.0f}×{box.height:.0f} pixels at ({box.x:.0f}, {box.y:.0f})"
        )
        table = Table.grid(padding=(0, 1))
        for label, probability in face.probabilities.items():
            bar = ProgressBar(total=1.0, completed=probability, width=BAR_WIDTH)
            table.add_row(f"  {label}", bar, f"{probability:6.1%}")
        console.print(table)
    console.print(f"[dim]members: {', '.join(reply.members.used) or 'none was asked'}[/dim]")

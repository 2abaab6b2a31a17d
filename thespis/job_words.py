"""A job in words, and what it found as bars."""

import time

from rich.console import Console
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from contracts.jobs import FaceSummary, JobSummary, JobView

BAR_WIDTH = 30
TOP_SHARES = 3
WIDTH_OF_A_PIPE = 200
"""Room for a whole row where no terminal says how wide it is."""


def console_for_tables() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDTH_OF_A_PIPE)


def duration(seconds: float) -> str:
    """A length of time as people say it."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{round(seconds / 86400)} days"


def plain(text: str) -> str:
    """What somebody else wrote, with nothing in it that a terminal or rich would take for a command."""
    return escape("".join(character for character in text if character.isprintable()))


def frames_of(job: JobView) -> str:
    """How far it is."""
    progress = job.progress
    if progress.frames_total is None:
        return "not looked at yet"
    share = f"{progress.frames_done} of {progress.frames_total} frames"
    return share if progress.eta_s is None else f"{share}, about {duration(progress.eta_s)} left"


def job_lines(job: JobView, now_s: float) -> list[str]:
    """One job in words, as rich markup."""
    label = f" “{plain(job.label)}”" if job.label else ""
    lines = [f"[bold]{plain(job.file_name)}[/bold]{label}: [bold]{job.state}[/bold]   {job.id}"]
    if job.message:
        lines.append(f"  {plain(job.message)}")
    when = f"  submitted {duration(max(0.0, now_s - job.created_s))} ago"
    if job.ended_s is not None:
        when += f", took {duration(job.ended_s - job.created_s)}"
    lines.append(when)
    if (video := job.video) is not None:
        size = f"{video.width}×{video.height}, {video.fps:g} frames/s, " if video.width else ""
        lines.append(f"  {video.container} ({plain(video.codec)}), {size}{duration(video.duration_s)} long")
    fps = job.options.fps if video is None else video.sampled_fps(job.options.fps)
    lines.append(f"  {frames_of(job)}, {fps:g} a second")
    lines += [f"  missing: {e.start_s:g} to {e.end_s:g} s, {plain(e.message)}" for e in job.errors]
    if job.members:
        lines.append(f"  members: {', '.join(f'{name} {version}' for name, version in job.members.items())}")
    if job.expires_s is not None and job.state != "expired":
        lines.append(f"  kept for another {duration(max(0.0, job.expires_s - now_s))}")
    return lines


def show_job(console: Console, job: JobView) -> None:
    for line in job_lines(job, time.time()):
        console.print(line, soft_wrap=True)


def jobs_table(jobs: list[JobView], now_s: float) -> Table:
    """One row a job."""
    table = Table("job", "state", "file", "label", "frames", "submitted", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for job in jobs:
        total = job.progress.frames_total
        frames = "" if total is None else f"{job.progress.frames_done}/{total}"
        ago = f"{duration(max(0.0, now_s - job.created_s))} ago"
        table.add_row(job.id, job.state, plain(job.file_name), plain(job.label), frames, ago)
    return table


def show_summary(console: Console, summary: JobSummary) -> None:
    """Each face's time on screen, and its most frequent labels as bars."""
    console.print(f"{summary.frames_with_faces} of {summary.frames} sampled frames show a face.")
    for face in summary.faces:
        console.print(
            f"[bold]face {face.face_id}[/bold]: {duration(face.seconds_on_screen)} on screen, "
            f"between {face.first_s:.1f} and {face.last_s:.1f} s"
        )
        table = Table.grid(padding=(0, 1))
        for label, share in top_shares(face):
            bar = ProgressBar(total=1.0, completed=share, width=BAR_WIDTH)
            table.add_row(f"  {label}", bar, f"{share:6.1%} of the time")
        console.print(table)


def top_shares(face: FaceSummary) -> list[tuple[str, float]]:
    """The labels that a face showed longest, with their share of its time."""
    shown = [(label, share) for label, share in face.share_of_time.items() if share > 0]
    return sorted(shown, key=lambda pair: -pair[1])[:TOP_SHARES]

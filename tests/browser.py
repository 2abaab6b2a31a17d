"""Finds the browser that the end-to-end tests drive, and starts it with a clip for a camera.

`python -m tests.browser` makes sure that there is one: it installs Debian's where it may.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


class BrowserNotFoundError(RuntimeError):
    """Raised when there is neither Chrome nor Chromium. A retry helps after installing one."""


def find_browser() -> str:
    """The path of Chrome or Chromium: THESPIS_BROWSER, else the first on PATH."""
    chosen = os.environ.get("THESPIS_BROWSER")
    found = next((path for path in map(shutil.which, [chosen] if chosen else NAMES) if path), None)
    if found is None:
        raise BrowserNotFoundError(
            f"no browser at THESPIS_BROWSER={chosen}"
            if chosen
            else "no Chrome or Chromium on PATH: `apt-get install chromium`, or set THESPIS_BROWSER to one"
        )
    return found


def camera_flags(clip: Path) -> list[str]:
    """For a camera that plays the clip (JPEGs one after the other) in a loop and is always allowed."""
    return [*FLAGS, f"--use-file-for-fake-video-capture={clip}"]


def ensure_browser() -> str:
    """Like find_browser, but installs Debian's chromium where this process may."""
    try:
        return find_browser()
    except BrowserNotFoundError:
        if os.geteuid() != 0 or shutil.which("apt-get") is None or "THESPIS_BROWSER" in os.environ:
            raise
    print("Installing Debian's chromium for the browser tests …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", "-q", *command], env=quiet, stdout=subprocess.DEVNULL, check=True)
    return find_browser()


if __name__ == "__main__":
    try:
        ensure_browser()
    except (BrowserNotFoundError, subprocess.CalledProcessError) as problem:
        sys.exit(f"the browser tests need a browser: {problem}")

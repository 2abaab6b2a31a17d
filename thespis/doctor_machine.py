"""What `thespis doctor` looks at on this machine."""

import ctypes
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from runtime.model_tree import BadModelTree, read_ensemble
from runtime.version import VERSION
from thespis.doctor import Finding
from thespis.ports import is_free

LEAST_MEMORY_GB: Final = 2.0
LEAST_DISK_GB: Final = 1.0
UNSYNCHRONISED: Final = 5
"""TIME_ERROR of ntp_adjtime(3)."""

LOCK: Final = Path(__file__).parent.parent / "requirements" / "services.txt"


def cpu() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0))
    flags = _cpu_flags()
    known = [name for name in ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "asimd") if name in flags]
    found = f"{platform.machine()}, {cores} cores, {' '.join(known) or 'no vector instructions known'}"
    if platform.machine() == "x86_64" and "avx" not in flags:
        advice = "tensorflow/serving does not start without AVX: use deploy/compose.embedded.yml, or `thespis up`"
        yield Finding("cpu", "fail", found, advice)
    elif platform.machine() == "x86_64" and "avx2" not in flags:
        yield Finding("cpu", "warn", found, "networks run several times slower without AVX2: choose another machine")
    elif platform.machine() != "x86_64":
        advice = "tensorflow/serving is for x86-64 only: use deploy/compose.embedded.yml, or `thespis up`"
        yield Finding("cpu", "warn", found, advice)
    elif cores < 2:
        yield Finding("cpu", "warn", found, "detecting and classifying take turns on one core: give it two or more")
    else:
        yield Finding("cpu", "ok", found)


def _cpu_flags() -> set[str]:
    """Of the first processor; x86 calls them flags, ARM features."""
    text = Path("/proc/cpuinfo").read_text()
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return set(line[1].split()) if line else set()


def memory() -> Iterator[Finding]:
    total_gb, free_gb = (value / 1e9 for value in (psutil.virtual_memory().total, psutil.virtual_memory().available))
    found = f"{free_gb:.1f} of {total_gb:.1f} GB available"
    if free_gb < LEAST_MEMORY_GB:
        advice = "it may not be enough for all processes: end something else, or start fewer workers"
        yield Finding("memory", "warn", found, advice)
    else:
        yield Finding("memory", "ok", found)


def python() -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} in {sys.prefix}")


def packages() -> Iterator[Finding]:
    """Compares what is installed with the lock file of a checkout."""
    if not LOCK.exists():
        yield Finding("packages", "ok", f"thespis {VERSION}")
        return
    wrong = [problem for name, version in _locked(LOCK.read_text()) if (problem := _difference(name, version))]
    if wrong:
        yield Finding("packages", "warn", f"thespis {VERSION}; " + ", ".join(wrong), "run `make setup`")
    else:
        yield Finding("packages", "ok", f"thespis {VERSION}, all others as locked")


def _locked(text: str) -> list[tuple[str, str]]:
    """Names and versions of a lock file, without those for other systems only."""
    return re.findall(r"^([\w.-]+)==([^\s;]+) \\$", text, re.MULTILINE)


def _difference(name: str, version: str) -> str:
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is missing"
    return "" if installed == version else f"{name} {installed} instead of {version}"


def models(path: Path) -> Iterator[Finding]:
    """Compares every file that models.toml names with its hash."""
    try:
        ensemble = read_ensemble(path)
    except BadModelTree as problem:
        yield Finding("models", "fail", str(problem), "set THESPIS_MODELS_PATH, or bring the folder back from git")
        return
    for name, member in ensemble.members.items():
        folder = path / name / str(member.version)
        wrong = [file for file, sha256 in member.sha256.items() if _sha256(folder / file) != sha256]
        if wrong:
            advice = "it is not what was measured: `git checkout` it, or export it anew with training.export"
            yield Finding(f"model {name}", "fail", f"version {member.version}: {', '.join(wrong)} differ", advice)
        else:
            files = f"{len(member.sha256)} files as in models.toml"
            yield Finding(f"model {name}", "ok", f"version {member.version}, {files}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"


def disk(path: Path) -> Iterator[Finding]:
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    free_gb = shutil.disk_usage(there).free / 1e9
    found = f"{free_gb:.1f} GB free for {path.absolute()}"
    if not os.access(there, os.W_OK):
        yield Finding("disk", "fail", f"{there} can't be written", "choose another with THESPIS_DATA_PATH")
    elif free_gb < LEAST_DISK_GB:
        yield Finding("disk", "warn", found, "large videos will be refused: remove jobs, or set THESPIS_DATA_PATH")
    else:
        yield Finding("disk", "ok", found)


def clock() -> Iterator[Finding]:
    """Asks the kernel; deadlines are moments, so machines that share a platform must agree on the time."""
    state = ctypes.CDLL(None).ntp_adjtime(ctypes.create_string_buffer(512))
    if state == UNSYNCHRONISED:
        advice = "of no matter on one machine; with several, run chrony or systemd-timesyncd on each"
        yield Finding("clock", "warn", "the kernel does not call it synchronised", advice)
    else:
        yield Finding("clock", "ok", "synchronised")


def port(host: str, number: int) -> Iterator[Finding]:
    try:
        free = number == 0 or is_free(number, host)
    except OSError as problem:
        advice = "set THESPIS_HOST and THESPIS_PORT to what this machine has"
        yield Finding("port", "fail", f"nothing can listen at {host}:{number}: {problem.strerror}", advice)
        return
    if free:
        yield Finding("port", "ok", f"{host}:{number} is free")
    else:
        advice = "if that is no Thespis of yours, choose another with --port or THESPIS_PORT"
        yield Finding("port", "warn", f"{host}:{number} is taken", advice)

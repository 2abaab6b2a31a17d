"""Which versions of a model lie in its folder, which are served, and the poller that keeps up.

A version is a folder named by a whole number (TensorFlow Serving's file_system_storage_path_source.cc).
A request that runs holds its own reference to a version, so a version can be replaced or dropped at any time.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from model_server.errors import ServableNotFound, UnservableModel
from model_server.servable import Servable

log = structlog.get_logger("thespis.model_server")

Load = Callable[[Path], Servable]
Stamp = list[tuple[str, int, int, int]]


@dataclass(frozen=True, slots=True)
class VersionPolicy:
    """Which of the versions found are wanted: the `latest` newest, or only those in `specific`."""

    latest: int = 1
    specific: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """One model to serve: what requests call it, where its versions lie and which are wanted."""

    name: str
    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = field(default_factory=dict)
    """Names of versions, such as `stable` and `canary`."""


def find_versions(base_path: Path) -> dict[int, Path]:
    """Version -> folder, newest first. Raises OSError when the base path can't be read."""
    folders = {
        int(entry.name): entry
        for entry in base_path.iterdir()
        if entry.name.isdecimal() and entry.name.isascii() and entry.is_dir()
    }
    return dict(sorted(folders.items(), reverse=True))


class Model:
    """The loaded versions of one model. `refresh` is for one thread at a time, `find` for any."""

    def __init__(self, folder: ModelFolder, load: Load) -> None:
        self.folder = folder
        self._load = load
        self._loaded: dict[int, Servable] = {}
        self._refused: dict[Path, tuple[Stamp, bool]] = {}
        """What it was that could not be served, and whether the same files may be another time."""

    @property
    def versions(self) -> list[int]:
        """Loaded versions, newest first."""
        return list(self._loaded)

    def find(self, version: int | None) -> tuple[int, Servable]:
        """The version asked for, or the newest. Raises ServableNotFound in TensorFlow Serving's words."""
        loaded = self._loaded
        wanted = version if version is not None else next(iter(loaded), None)
        if wanted is None or wanted not in loaded:
            name = self.folder.name
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServableNotFound(f"Servable not found for request: {request}")
        return wanted, loaded[wanted]

    def refresh(self) -> None:
        """Loads what is new, drops what is gone. A folder that can't be read leaves all as it is."""
        try:
            found = find_versions(self.folder.base_path)
        except OSError as problem:
            log.warning("base_path_unreadable", model=self.folder.name, problem=str(problem))
            return
        served = dict(self._choose(found))
        if not served and found:
            return  # nothing in the folder can be served: better what is loaded than nothing
        dropped = [version for version in self._loaded if version not in served]
        self._loaded = served  # one assignment: a request sees either the old or the new ones
        for version in dropped:
            log.info("version_unloaded", model=self.folder.name, version=version)

    def _choose(self, found: dict[int, Path]) -> Iterator[tuple[int, Servable]]:
        """The wanted versions that are or can be loaded, newest first; an unservable one is not there."""
        policy = self.folder.policy
        count = 0
        for version, path in found.items():
            if policy.specific and version not in policy.specific:
                continue
            if not policy.specific and count == policy.latest:
                return
            servable = self._loaded.get(version) or self._try_to_load(version, path)
            if servable is not None:
                count += 1
                yield version, servable

    def _try_to_load(self, version: int, path: Path) -> Servable | None:
        stamp = _stamp(path)
        refused = self._refused.get(path)
        if refused == (stamp, False):
            return None  # the same file as last time: don't try, and don't log, again every second
        try:
            servable = self._load(path)
        except UnservableModel as problem:
            unread = isinstance(problem.__cause__, OSError)
            if refused != (stamp, unread):
                log.warning("version_unservable", model=self.folder.name, version=version, problem=str(problem))
            self._refused[path] = (stamp, unread)
            return None
        self._refused.pop(path, None)
        log.info("version_loaded", model=self.folder.name, version=version)
        return servable


class Models:
    """Every model of this process, kept up to date by a thread of its own."""

    def __init__(self, folders: list[ModelFolder], load: Load, when_refreshed: Callable[[bool], None]) -> None:
        """`when_refreshed` hears after each look whether every model has a version to serve."""
        self._models = {folder.name: Model(folder, load) for folder in folders}
        self._when_refreshed = when_refreshed
        self._stopping = threading.Event()

    def find(self, name: str, version: int | None) -> tuple[int, Servable]:
        """Raises ServableNotFound."""
        if name not in self._models:
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServableNotFound(f"Servable not found for request: {request}")
        return self._models[name].find(version)

    def version_of(self, name: str, label: str) -> int | None:
        """None when there is no such label, or no such model."""
        return self._models[name].folder.labels.get(label) if name in self._models else None

    def loaded(self) -> dict[str, list[int]]:
        """Model -> its loaded versions, newest first."""
        return {name: model.versions for name, model in self._models.items()}

    def refresh(self) -> None:
        for model in self._models.values():
            model.refresh()
        self._when_refreshed(all(model.versions for model in self._models.values()))

    def start_polling(self, wait_seconds: float) -> None:
        """Looks again every `wait_seconds`; 0 or less means never, as TensorFlow Serving has it."""
        if wait_seconds > 0:
            threading.Thread(target=self._poll, args=[wait_seconds], name="poll-versions", daemon=True).start()

    def stop_polling(self) -> None:
        self._stopping.set()

    def _poll(self, wait_seconds: float) -> None:
        while not self._stopping.wait(wait_seconds):
            try:
                self.refresh()
            except Exception:
                # The outermost loop of this thread: whatever it was, the next look may succeed.
                log.exception("poll_failed")


def _stamp(version_path: Path) -> Stamp:
    """Changes when a model file of the version is written, replaced or appears."""
    found = []
    for file in sorted(version_path.glob("*.tflite")):
        with contextlib.suppress(OSError):
            status = file.stat()
            found.append((file.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return found

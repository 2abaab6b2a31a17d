"""The ensemble worker's settings."""

from typing import Annotated

from msgspec import Meta

from runtime.settings import BadSetting, WorkerSettings


class EnsembleSettings(WorkerSettings, frozen=True, kw_only=True):
    """What an ensemble worker needs."""

    members: Annotated[
        str, Meta(description="where each member is served: name=host:port or name@version=host:port, by commas")
    ] = ""
    canaries: Annotated[
        str, Meta(description="versions that only read along, to be compared: name@version=host:port, by commas")
    ] = ""
    canary_share: Annotated[float, Meta(ge=0, le=1, description="share of live rounds that canaries read")] = 0.05
    predict_timeout_ms: Annotated[
        int, Meta(ge=1, description="longest wait for one member, within the frame's deadline")
    ] = 400
    max_batch_frames: Annotated[
        int, Meta(ge=1, description="frames of all sessions that one ensemble worker takes at once")
    ] = 8
    max_batch_crops: Annotated[
        int, Meta(ge=1, description="crops that one Predict call carries, unless a single frame has more faces")
    ] = 32
    jobs_crops_per_call: Annotated[
        int,
        Meta(
            ge=1, description="the same for jobs: few where live frames ask the same servers and would wait behind it"
        ),
    ] = 2
    member_retry_s: Annotated[
        float,
        Meta(gt=0, le=5, description="first wait before a failed member is tried again; it doubles up to 5 s"),
    ] = 0.5


def parse_members(text: str) -> dict[str, str]:
    """`a=host:1,b@2=host:2` as a dictionary of THESPIS_MEMBERS. Raises BadSetting."""
    targets = parse_targets(text, "THESPIS_MEMBERS")
    if not targets:
        raise BadSetting("THESPIS_MEMBERS is empty: it says where each member is served, as name=host:port")
    names = [label.partition("@")[0] for label in targets]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise BadSetting(f"THESPIS_MEMBERS names {sorted(repeated)} in two versions: only one of them can vote")
    return targets


def parse_canaries(text: str) -> dict[str, str]:
    """`a@2=host:1` as a dictionary of THESPIS_CANARIES. Raises BadSetting."""
    targets = parse_targets(text, "THESPIS_CANARIES")
    if unversioned := [label for label in targets if "@" not in label]:
        raise BadSetting(f"THESPIS_CANARIES names {unversioned} without a version: name@version=host:port")
    return targets


def parse_targets(text: str, variable: str) -> dict[str, str]:
    """Label -> address. Raises BadSetting."""
    targets = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, separator, target = part.partition("=")
        if not separator or not name or ":" not in target:
            raise BadSetting(f"{variable}: {part!r} is not name=host:port")
        if name in targets:
            raise BadSetting(f"{variable} names {name!r} twice: all servers of a member stand behind one name")
        targets[name] = target
    return targets

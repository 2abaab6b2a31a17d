"""docs/protocol.md tells all that the code says."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from contracts import api, jobs, protocol
from gateway import job_routes, page
from gateway.app import routes
from gateway.job_results import ResultQuery
from gateway.jobs import JobQuery
from gateway.pictures import PictureOptions
from jobs import summary

DOCS = Path(__file__).parents[3] / "docs"
PAGE = "".join((DOCS / name).read_text() for name in ("protocol.md", "jobs.md"))

STRUCTS = [
    kind
    for module in (protocol, api, jobs, summary)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
]


@pytest.mark.parametrize("kind", [*STRUCTS, PictureOptions, JobQuery, ResultQuery], ids=lambda kind: kind.__name__)
def test_every_field_of_every_message_is_written_down(kind: type[msgspec.Struct]) -> None:
    missing = [field.encode_name for field in msgspec.structs.fields(kind) if f"`{field.encode_name}`" not in PAGE]
    quoted_as_json = [name for name in missing if f'"{name}"' not in PAGE]
    assert not quoted_as_json


@pytest.mark.parametrize("message", get_args(protocol.ServerMessage), ids=lambda kind: kind.__name__)
def test_every_message_type_is_written_down(message: type[msgspec.Struct]) -> None:
    assert f"**`{message.__struct_config__.tag}`**" in PAGE


def test_every_reason_to_drop_is_written_down() -> None:
    assert [reason for reason in get_args(protocol.DropReason) if f"| `{reason}` |" not in PAGE] == []


def test_every_route_is_written_down() -> None:
    described = [f"{route.method} {route.path}" for route in [*routes, *page.routes, *job_routes.routes]]
    assert len(described) >= 18
    assert [name for name in described if f"`{name}`" not in PAGE] == []


def test_every_error_code_in_the_gateway_is_written_down() -> None:
    sources = (Path(__file__).parents[3] / "gateway").glob("*.py")
    text = "".join(path.read_text() for path in sources)
    codes = set(
        re.findall(r'(?:_refuse\([^,]+, |return |problem_response\(\s*\d+, |Problematic\(\s*\d+, )"([a-z_]+)"', text)
    )
    assert {"bad_message", "bad_image", "frame_too_large", "bad_option", "too_many_sessions", "too_many_jobs"} <= codes
    assert [code for code in sorted(codes - {"client_left"}) if f"`{code}`" not in PAGE] == []

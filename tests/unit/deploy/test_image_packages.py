"""An image holds the versions that were tested on the bare machine."""

import re

import pytest

from tests.unit.deploy.compose_files import ROOT

REQUIREMENTS = ROOT / "requirements"
IMAGES = sorted(REQUIREMENTS.glob("images/*.in"))


def pins(*names: str) -> set[str]:
    return {
        line
        for name in names
        for line in re.findall(r"^([\w-]+==\S+)", (REQUIREMENTS / name).read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("image", [path.stem for path in IMAGES])
def test_every_package_has_the_version_of_the_bare_machine(image: str) -> None:
    given = pins(f"images/{image}.txt")
    assert given
    assert given <= pins("services.txt", "parts.txt")


@pytest.mark.parametrize("image", [path.stem for path in IMAGES])
def test_every_file_is_locked_by_hash_and_names_no_registry(image: str) -> None:
    lock = (REQUIREMENTS / "images" / f"{image}.txt").read_text()
    assert lock.count("--hash=sha256:") >= len(pins(f"images/{image}.txt"))
    assert "://" not in lock


def test_each_image_of_ours_has_its_list() -> None:
    built = set(re.findall(r"requirements/images/(\w+)\.txt", (ROOT / "deploy" / "Dockerfile").read_text()))
    assert {path.stem for path in IMAGES} == built

"""The page's files: whole, and without anybody else's address."""

import re
from pathlib import Path

WEB = Path(__file__).parents[3] / "web"


def scripts() -> list[Path]:
    return [path for path in WEB.rglob("*.js") if "node_modules" not in path.parts]


def test_every_module_is_type_checked() -> None:
    assert [path.name for path in scripts() if not path.read_text().startswith("// @ts-check")] == []


def test_no_file_names_a_foreign_address() -> None:
    files = [*scripts(), *WEB.glob("*.html"), *WEB.rglob("*.css")]
    named = {
        address
        for path in files
        if "node_modules" not in path.parts
        for address in re.findall(r"(?:https?|wss?)://[\w.-]*\w", path.read_text())
    }
    assert named <= {"http://localhost", "http://www.w3.org"}


def test_the_lock_file_names_no_registry() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert lock.count('"integrity"') > 1


def test_every_text_the_markup_asks_for_is_there() -> None:
    texts = (WEB / "texts.js").read_text()
    keys = re.findall(r'data-(?:label-)?text="(\w+)"', (WEB / "index.html").read_text())
    assert keys
    assert [key for key in keys if not re.search(rf"^  {key}:", texts, re.MULTILINE)] == []

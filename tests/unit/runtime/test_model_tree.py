from pathlib import Path

import pytest

from runtime.model_tree import BadModelTree, read_ensemble

LABELS = 'labels = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]\n'
MEMBER = '[members.a]\nversion = 1\narchitecture = "a"\n'
VOTE = "[votes.default]\nweights = { a = 1.0 }\n"


def test_members_and_votes_are_read(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(LABELS + MEMBER + VOTE)
    ensemble = read_ensemble(tmp_path)
    assert ensemble.members["a"].version == 1
    assert ensemble.votes["default"].weights == {"a": 1.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("labels = [", "models.toml"),
        ('labels = ["happy"]\n' + MEMBER + VOTE, "labels"),
        (LABELS + MEMBER + "[votes.other]\nweights = {}\n", "votes.default"),
        (LABELS + MEMBER + "[votes.default]\nweights = { b = 1.0 }\n", "no members"),
        (LABELS + MEMBER + VOTE + "temperature = 0.0\n", "temperature of 0.0, not above 0"),
        (LABELS + '[members.a]\nversion = "one"\n' + VOTE, "models.toml"),
    ],
)
def test_what_can_not_be_believed_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "models.toml").write_text(text)
    with pytest.raises(BadModelTree, match=reason):
        read_ensemble(tmp_path)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModelTree, match=r"models.toml can't be read: Not a directory"):
        read_ensemble(Path(__file__))
    (tmp_path / "models.toml").write_bytes(b'labels = ["\xff"]')
    with pytest.raises(BadModelTree, match=r"models.toml: "):
        read_ensemble(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadModelTree, match=r"models.toml is missing"):
        read_ensemble(tmp_path)

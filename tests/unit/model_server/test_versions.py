import errno

import pytest

from model_server.errors import ServableNotFound, UnservableModel
from model_server.versions import Model, ModelFolder, Models, VersionPolicy, find_versions

NEWEST = VersionPolicy()


def loads_text(path):
    """Stands in for Servable: a version can be served when its file says "good"."""
    try:
        text = (path / "model.tflite").read_text()
    except OSError as problem:
        raise UnservableModel(str(problem)) from problem
    if not text.startswith("good"):
        raise UnservableModel(text)
    return f"{path.name}: {text}"


def put(base_path, version, text="good"):
    folder = base_path / str(version)
    folder.mkdir(exist_ok=True)
    (folder / "model.tflite").write_text(text)


def remove(base_path, version):
    (base_path / str(version) / "model.tflite").unlink()
    (base_path / str(version)).rmdir()


def model_of(base_path, policy=NEWEST):
    return Model(ModelFolder("residual", base_path, policy), loads_text)


def test_only_folders_named_by_a_whole_number_are_versions_newest_first(tmp_path):
    for name in ("1", "10", "9", "2.tmp", "assets", "-3", "²"):
        (tmp_path / name).mkdir()
    (tmp_path / "77").write_text("a file")
    assert list(find_versions(tmp_path)) == [10, 9, 1]


def test_the_newest_version_is_served_by_number_not_by_letter(tmp_path):
    put(tmp_path, 9)
    put(tmp_path, 10)
    model = model_of(tmp_path)
    model.refresh()
    assert model.versions == [10]
    assert model.find(None) == (10, "10: good")


def test_a_new_version_takes_over_and_the_old_one_goes(tmp_path):
    put(tmp_path, 1)
    model = model_of(tmp_path)
    model.refresh()
    put(tmp_path, 2)
    model.refresh()
    assert model.find(None)[0] == 2
    with pytest.raises(ServableNotFound, match=r"^Servable not found for request: Specific\(residual, 1\)$"):
        model.find(1)


@pytest.mark.parametrize("text", [None, "", "half"])
def test_a_half_copied_version_is_not_served_and_the_old_one_stays(tmp_path, text):
    put(tmp_path, 1)
    model = model_of(tmp_path)
    model.refresh()
    if text is None:
        (tmp_path / "2").mkdir()
    else:
        put(tmp_path, 2, text)
    model.refresh()
    assert model.versions == [1]
    put(tmp_path, 2, "good and whole")
    model.refresh()
    assert model.find(None) == (2, "2: good and whole")


def test_a_half_copied_version_is_not_tried_again_until_it_changes(tmp_path):
    tried = []

    def load(path):
        tried.append(path.name)
        return loads_text(path)

    put(tmp_path, 1, "half")
    model = Model(ModelFolder("residual", tmp_path), load)
    model.refresh()
    model.refresh()
    assert tried == ["1"]
    put(tmp_path, 1, "good now")
    model.refresh()
    assert tried == ["1", "1"]
    assert model.versions == [1]


def test_a_version_that_could_not_be_read_is_tried_again_though_its_file_is_the_same(tmp_path):
    troubles = [OSError(errno.EMFILE, "Too many open files")]

    def load(path):
        if troubles:
            raise UnservableModel("not now") from troubles.pop()
        return loads_text(path)

    put(tmp_path, 1)
    model = Model(ModelFolder("residual", tmp_path), load)
    model.refresh()
    assert model.versions == []
    model.refresh()
    assert model.versions == [1]


def test_a_start_beside_a_broken_newest_version_serves_the_one_before(tmp_path):
    put(tmp_path, 1)
    put(tmp_path, 2, "half")
    model = model_of(tmp_path)
    model.refresh()
    assert model.versions == [1]


def test_a_removed_version_goes_and_the_one_before_returns(tmp_path):
    put(tmp_path, 1)
    put(tmp_path, 2)
    model = model_of(tmp_path)
    model.refresh()
    remove(tmp_path, 2)
    model.refresh()
    assert model.versions == [1]


def test_the_last_version_goes_when_its_folder_does(tmp_path):
    put(tmp_path, 1)
    model = model_of(tmp_path)
    model.refresh()
    remove(tmp_path, 1)
    model.refresh()
    with pytest.raises(ServableNotFound, match=r"^Servable not found for request: Latest\(residual\)$"):
        model.find(None)


def test_a_removed_version_stays_while_only_a_broken_one_could_follow(tmp_path):
    put(tmp_path, 1)
    model = model_of(tmp_path)
    model.refresh()
    remove(tmp_path, 1)
    put(tmp_path, 2, "half")
    model.refresh()
    assert model.versions == [1]


def test_a_base_path_that_vanishes_for_a_moment_drops_nothing(tmp_path):
    base_path = tmp_path / "residual"
    base_path.mkdir()
    put(base_path, 1)
    model = model_of(base_path)
    model.refresh()
    base_path.rename(tmp_path / "elsewhere")
    model.refresh()
    assert model.versions == [1]


def test_a_version_once_loaded_is_not_loaded_again(tmp_path):
    put(tmp_path, 1)
    model = model_of(tmp_path)
    model.refresh()
    put(tmp_path, 1, "good but rewritten")
    model.refresh()
    assert model.find(1) == (1, "1: good")


@pytest.mark.parametrize(
    ("policy", "served"),
    [
        (NEWEST, [4]),
        (VersionPolicy(latest=2), [4, 2]),
        (VersionPolicy(latest=-1), [4, 2, 1]),
        (VersionPolicy(specific=frozenset({1, 2, 9})), [2, 1]),
        (VersionPolicy(specific=frozenset({3, 2})), [2]),
    ],
)
def test_a_policy_chooses_among_the_versions_that_can_be_served(tmp_path, policy, served):
    for version in (1, 2, 4):
        put(tmp_path, version)
    put(tmp_path, 3, "half")
    model = model_of(tmp_path, policy)
    model.refresh()
    assert model.versions == served
    assert model.find(None)[0] == served[0]


def test_all_models_must_have_a_version_before_the_process_counts_as_ready(tmp_path):
    heard = []
    for name in ("residual", "baseline"):
        (tmp_path / name).mkdir()
    models = Models([ModelFolder(name, tmp_path / name) for name in ("residual", "baseline")], loads_text, heard.append)
    models.refresh()
    put(tmp_path / "residual", 1)
    models.refresh()
    put(tmp_path / "baseline", 5)
    models.refresh()
    assert heard == [False, False, True]
    assert models.loaded() == {"residual": [1], "baseline": [5]}


def test_a_name_that_nobody_serves_is_not_found_in_tensorflow_servings_words(tmp_path):
    models = Models([ModelFolder("residual", tmp_path)], loads_text, lambda _: None)
    with pytest.raises(ServableNotFound, match=r"^Servable not found for request: Latest\(nobody\)$"):
        models.find("nobody", None)
    with pytest.raises(ServableNotFound, match=r"^Servable not found for request: Specific\(nobody, 3\)$"):
        models.find("nobody", 3)

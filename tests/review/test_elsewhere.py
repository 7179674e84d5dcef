"""Images and weights in other places: the same parameters run, contents are compared, and it is said."""

from pathlib import Path

import pytest

from pipeline.filing import divergence
from pipeline.filing.record import Record
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from pipeline.review import workspace
from pipeline.review.elsewhere import HERE, Elsewhere
from tests import shipped

from .test_workspace import repository

DATA, WEIGHTS = "/home/author/flowers", "/home/author/vgg16.weights.h5"


@pytest.fixture
def params() -> Params:
    """A folder of photographs and a file of weights, both where only the author has them."""
    found = config.check(shipped.content(), "params.yaml")
    data = found.data.model_copy(update={"source": "image_folder", "path": DATA})
    return found.model_copy(
        update={"data": data, "backbone": found.backbone.model_copy(update={"path": WEIGHTS, "weights": "file"})}
    )


@pytest.fixture
def mine(tmp_path: Path) -> Elsewhere:
    (tmp_path / "mine/rose").mkdir(parents=True)
    (tmp_path / "mine/rose/1.png").write_bytes(b"a photograph")
    (tmp_path / "mine.h5").write_bytes(b"weights")
    return Elsewhere(tmp_path / "mine", tmp_path / "mine.h5")


def lock(params: Params, images: str = "1" * 32, weights: str = "2" * 32) -> dict:
    """Of a run of `params`, whose images and weights have these hashes."""
    splits = [{"path": f"data/images/{split}", "md5": f"{images}.dir"} for split in ("train", "validation", "test")]
    return {
        "stages": {
            "fetch": {
                "params": {"params.yaml": {"data.path": params.data.path, "data.name": "flowers"}},
                "deps": [{"path": params.data.path, "md5": "0" * 32}],
            },
            "preprocess": {"outs": splits},
            "extract-features": {
                "params": {"params.yaml": {"backbone": params.backbone.model_dump()}},
                "deps": [{"path": params.backbone.path, "md5": weights}],
            },
        }
    }


def record(params: Params, **hashes: str) -> Record:
    return Record(params, None, lock(params, **hashes), None, {})


def test_what_lies_elsewhere_is_where_the_parameters_look_for_it(repository, params, mine, monkeypatch):
    placed = mine.place(params)
    assert not Path(placed.data.path).is_absolute()
    monkeypatch.setattr(workspace, "dvc_repro", lambda folder, say: folder)
    with workspace.of_files() as copy:
        workspace.repro(copy, placed, print, mine.links(placed))
        assert (copy.folder / placed.data.path / "rose/1.png").read_bytes() == b"a photograph"
        assert (copy.folder / placed.backbone.path).read_bytes() == b"weights"
    assert (mine.data / "rose/1.png").exists()
    assert mine.weights.exists()


def test_a_path_inside_the_project_stays_and_what_is_there_gives_way(repository, mine, monkeypatch):
    params = config.check(shipped.content(), "params.yaml")
    inside = params.data.model_copy(update={"source": "image_folder", "path": "data/originals"})
    placed = Elsewhere(mine.data).place(params.model_copy(update={"data": inside}))
    assert placed.data == inside
    monkeypatch.setattr(workspace, "dvc_repro", lambda folder, say: folder)
    with workspace.of_files() as copy:
        workspace.repro(copy, placed, print, Elsewhere(mine.data).links(placed))
        assert [path.name for path in (copy.folder / "data/originals").iterdir()] == ["rose"]
    assert Path("data/originals/cat/1.png").exists()


def test_nothing_elsewhere_changes_nothing(params):
    assert HERE.place(params) == params
    assert HERE.links(params) == {}
    assert HERE.as_on_record(lock(params), params, params) == lock(params)


def test_where_it_lies_is_no_difference_what_it_contains_is(params, mine):
    placed = mine.place(params)
    ran = mine.as_on_record(lock(placed, weights="3" * 32), placed, params)
    stages = divergence.compare(lock(params), ran, {}, {})
    assert divergence.first(stages) is None
    assert ran["stages"]["fetch"] == lock(params)["stages"]["fetch"]
    found = mine.sentences(params, record(params), ran, "")
    assert found[0].endswith("(--data): by their contents those on record")
    assert found[1].endswith("(--weights): another file than on record")


def test_other_images_are_named_by_their_split(params, mine):
    placed = mine.place(params)
    ran = mine.as_on_record(lock(placed), placed, params)
    ran["stages"]["preprocess"]["outs"][0]["md5"] = "4" * 32
    found = mine.sentences(params, record(params), ran, "")
    assert "other contents than on record, in train" in found[0]
    assert "by its hash the file on record" in found[1]
    assert "nothing on record to compare" in mine.sentences(params, None, ran, "")[0]


def test_a_download_may_be_a_file(params, mine):
    backbone = params.backbone.model_copy(update={"weights": "imagenet", "path": "pipeline/weights.h5"})
    placed = mine.place(params.model_copy(update={"backbone": backbone}))
    assert placed.backbone.weights == "file"
    assert placed.backbone.path != backbone.path  # what comes with the project stays what it is


def test_weights_of_a_download_are_compared_with_no_file_that_happens_to_be_at_the_path(params, mine):
    backbone = params.backbone.model_copy(update={"weights": "imagenet"})
    params = params.model_copy(update={"backbone": backbone})
    placed = mine.place(params)
    ran = mine.as_on_record(lock(placed, weights="3" * 32), placed, params)
    assert "no file of them on record to compare with" in mine.sentences(params, record(params), ran, "")[1]


def test_a_model_of_mlflow_may_be_a_file(params, mine):
    backbone = params.backbone.model_copy(update={"name": "models:/flowers/3", "weights": "file", "path": "unused.h5"})
    placed = mine.place(params.model_copy(update={"backbone": backbone})).backbone
    assert (placed.name, placed.weights) == ("saved", "file")
    assert placed.path != "unused.h5"


@pytest.mark.parametrize(("name", "weights"), [("hub", "file"), ("hub:dinov2_small", "preset")])
def test_a_preset_is_a_folder(params, tmp_path, name, weights):
    backbone = params.backbone.model_copy(update={"name": name, "weights": weights})
    params = params.model_copy(update={"backbone": backbone})
    placed = Elsewhere(weights=tmp_path).place(params).backbone
    assert (placed.name, placed.weights) == ("hub", "file")
    (tmp_path / "a.h5").touch()
    with pytest.raises(ConfigError, match=r"--weights: found a file at .*; needed: the folder of a KerasHub preset"):
        Elsewhere(weights=tmp_path / "a.h5").place(params)


@pytest.mark.parametrize(
    ("elsewhere", "message"),
    [
        (Elsewhere(data=Path("/nowhere")), "--data: found nothing at '/nowhere'; needed: a folder"),
        (Elsewhere(weights=Path("/nowhere.h5")), "--weights: found nothing at '/nowhere.h5'; needed: a file"),
    ],
)
def test_what_is_not_there_is_said(params, elsewhere, message):
    with pytest.raises(ConfigError, match=message):
        elsewhere.place(params)


def test_what_would_not_be_read_is_refused(params, mine):
    digits = config.check(shipped.content(), "params.yaml")
    with pytest.raises(ConfigError, match=r"data\.source is digits"):
        mine.place(digits)
    random = params.model_copy(update={"backbone": params.backbone.model_copy(update={"weights": "none"})})
    with pytest.raises(ConfigError, match=r"backbone\.weights is none"):
        mine.place(random)


__all__ = ["repository"]

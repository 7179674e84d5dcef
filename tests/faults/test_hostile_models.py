"""Models from elsewhere, at every door they come in by: refused, and nothing they bring with them is run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from pipeline.files import records
from pipeline.model import backbones
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError, DataError
from pipeline.serving import bundle, classifier
from pipeline.tracking import backbone, models
from tests.faults import hostile_models

CLASSES = ["a", "b", "c"]
Note = Callable[..., None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Skipping invalid path"),
]


@pytest.fixture(autouse=True)
def own_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    folder = tmp_path / "canary"
    folder.mkdir()
    return folder / "it sang"


@pytest.fixture(params=hostile_models.ALL, ids=lambda make: make.__name__)
def hostile(request: pytest.FixtureRequest, tmp_path: Path, canary: Path) -> Path:
    """The file; Keras itself ran what is in it while it was made."""
    path = tmp_path / "elsewhere" / "model.keras"
    path.parent.mkdir()
    request.param(path, canary)
    canary.unlink(missing_ok=True)
    return path


def saved(params: Params, path: Path) -> Params:
    values = {"name": "saved", "path": str(path), "layers": []}
    images = params.images.model_copy(update={"height": 8, "width": 8})
    return params.model_copy(update={"backbone": params.backbone.model_copy(update=values), "images": images})


def served(folder: Path, model: Path, **files: bytes) -> str:
    """A folder that looks like a model `herbarium publish` has logged, around the file `model`."""
    data = folder / bundle.DATA
    data.mkdir(parents=True)
    (data / classifier.MODEL).write_bytes(model.read_bytes())
    records.write_json(data / classifier.CLASSES, CLASSES)
    records.write_json(data / classifier.CHECKSUMS, classifier.checksums(data))
    records.write_text(folder / "MLmodel", f"flavors: {{python_function: {{loader_module: {bundle.ENTRY}}}}}\n")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


def test_as_a_backbone(params: Params, hostile: Path, canary: Path, outcome: Note) -> None:
    chosen = saved(params, hostile)
    with pytest.raises(ConfigError, match=r"backbone\.path: .* cannot be used: .*without code of its own"):
        backbones.build(chosen.backbone, chosen.images)
    assert not canary.exists()
    outcome("a model from elsewhere with code in it", "backbone.name: saved, models:/", "refused, not run", payloads=1)


def test_in_a_model_to_be_asked(params: Params, hostile: Path, canary: Path, tmp_path: Path, outcome: Note) -> None:
    with pytest.raises(DataError, match=r"--model: .* cannot be used: .*model without code of its own"):
        models.opened(served(tmp_path / "logged", hostile), params.tracking)
    assert not canary.exists()
    outcome("a model from elsewhere with code in it", "herbarium predict --model", "refused, not run", payloads=1)


def test_every_fault_is_one_of_code_or_reading_not_of_the_rest(params: Params, tmp_path: Path) -> None:
    """The network that they are built on is accepted by both doors: it is the addition that is refused."""
    import keras

    path = hostile_models.innocent(tmp_path / "model.keras")
    chosen = saved(params, path)
    assert backbones.build(chosen.backbone, chosen.images).layers == ["convolution"]
    path = hostile_models.innocent(path, keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax"))
    ask = models.opened(served(tmp_path / "logged", path), params.tracking).predict
    assert set(ask([np.zeros(hostile_models.SHAPE, np.uint8)])[0]["probabilities"]) == set(CLASSES)


def test_members_of_an_archive_stay_where_they_belong(params: Params, tmp_path: Path, canary: Path) -> None:
    path = tmp_path / "model.keras"
    hostile_models.members_outside(path, canary)
    chosen = saved(params, path)
    backbones.build(chosen.backbone, chosen.images)  # the rest of it is a network like any other
    assert not canary.exists()


class Loader(mlflow.pyfunc.PythonModel):
    """Pickled into the model: unpickling it touches the file it names."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)

    def predict(self, context: Any, model_input: list[str]) -> list[str]:
        return model_input


def test_the_loader_of_an_mlflow_model_is_not_called(params: Params, tmp_path: Path, canary: Path) -> None:
    """A pickled Python model, as a model to ask and as a backbone; MLflow's own loader would run it."""
    folder = tmp_path / "pickled"
    mlflow.pyfunc.save_model(str(folder), python_model=Loader(canary), pip_requirements=[])
    canary.unlink(missing_ok=True)
    with pytest.raises(DataError, match=r"found no model\.keras"):
        models.opened(str(folder), params.tracking)
    with pytest.raises(ConfigError, match=r"holds no \.keras file"):
        backbone.download(str(folder), tmp_path / "fetched.keras", params.tracking)
    assert not canary.exists()
    with pytest.raises(Exception, match=r"."):
        mlflow.pyfunc.load_model(str(folder))
    assert canary.exists()  # so the canary is alive


def test_the_code_stored_with_a_model_is_not_run(params: Params, tmp_path: Path, canary: Path) -> None:
    """The published model's own entry point, with other code behind it."""
    import keras

    path = hostile_models.innocent(
        tmp_path / "model.keras", keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")
    )
    folder = served(tmp_path / "logged", path)
    code = Path(folder) / "code" / Path(*bundle.ENTRY.split(".")).with_suffix(".py")
    records.write_text(code, f"from pathlib import Path\nPath({str(canary)!r}).touch()\ndef _load_pyfunc(path): ...\n")
    models.opened(folder, params.tracking).predict([np.zeros(hostile_models.SHAPE, np.uint8)])
    assert not canary.exists()


@pytest.mark.parametrize("change", ["names", "order", "network", "no checksums", "no names"])
def test_a_model_whose_files_do_not_belong_together_is_refused(params: Params, tmp_path: Path, change: str) -> None:
    import keras

    layers = (keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax"))
    folder = served(tmp_path / "logged", hostile_models.innocent(tmp_path / "model.keras", *layers))
    data = Path(folder) / bundle.DATA
    damage: dict[str, Callable[[], Any]] = {
        "names": lambda: records.write_json(data / classifier.CLASSES, ["a", "b", "d"]),
        "order": lambda: records.write_json(data / classifier.CLASSES, CLASSES[::-1]),
        "network": lambda: (data / classifier.MODEL).write_bytes(
            hostile_models.innocent(tmp_path / "other.keras", *layers).read_bytes()
        ),
        "no checksums": (data / classifier.CHECKSUMS).unlink,
        "no names": (data / classifier.CLASSES).unlink,
    }
    damage[change]()
    with pytest.raises(DataError, match=r"changed after the model was saved|found no (checksums|classes)\.json"):
        models.opened(folder, params.tracking)
    with pytest.raises(DataError):  # what a server calls
        classifier._load_pyfunc(str(data))


def test_stored_arrays_are_never_unpickled(tmp_path: Path, canary: Path) -> None:
    hostile_models.pickled_array(tmp_path / "images.npy", canary)
    for memory_map in (True, False):
        with pytest.raises(ValueError, match=r"[Oo]bject"):
            records.read_npy(tmp_path / "images.npy", memory_map)
    assert not canary.exists()

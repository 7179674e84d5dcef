"""Writes what a served model consists of: the network, its class names, what it knows, and the code of its answers."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.files import records
from pipeline.process.compat import keras_internals
from pipeline.serving import classifier, portable
from pipeline.serving.familiarity import Familiarity, packed

PACKAGE = "herbarium_served"  # not `pipeline`: whoever serves the model may have a package of that name
ENTRY = f"{PACKAGE}.serving.classifier"
DATA = "data/model"  # where MLflow puts what `save_data` wrote into a folder called model
FILES = (classifier.MODEL, classifier.CLASSES, classifier.CHECKSUMS)  # of `save_data`
_LAYERS = {"keras_hub": "keras-hub"}
_ROOT = Path(__file__).parents[1]
_CODE = (
    "process/errors.py",
    "data/containers.py",
    "data/orientation.py",
    "data/tiff.py",
    "data/images.py",
    "serving/familiarity.py",
    "serving/classifier.py",
)


def libraries(model: Any) -> dict[str, str]:
    """Package → release, beside Keras, that `model` takes layers from: whoever loads it needs them."""
    modules = {type(layer).__module__.partition(".")[0] for layer in model.layers}
    return {package: version(package) for module, package in _LAYERS.items() if module in modules}


def save_data(folder: Path, model: Any, classes: Sequence[str], familiarity: Familiarity | None = None) -> Path:
    """Write `model` (Keras, uint8 (N, H, W, C) → float32 (N, K)) and its K class names into `folder`; returns it.

    `familiarity` makes it tell images of other kinds from those it knows. Whatever it was trained in, what is written
    computes in float32, which every machine can. Raises DataError if their numbers differ.
    """
    classifier.Classifier(model, classes)
    records.write_json(folder / classifier.CLASSES, list(classes))
    portable.in_float32(model).save(folder / classifier.MODEL)
    keras_internals.stabilise(folder / classifier.MODEL)
    if familiarity:
        with records.atomic(folder / classifier.FAMILIARITY) as temporary:
            temporary.write_bytes(packed(familiarity))
    records.write_json(folder / classifier.CHECKSUMS, classifier.checksums(folder))
    return folder


def save_code(folder: Path) -> Path:
    """Write the package `PACKAGE` below `folder`; returns the package's folder."""
    package = folder / PACKAGE
    for name in _CODE:
        source = (_ROOT / name).read_text(encoding="utf-8")
        records.write_text(package / name, source.replace("from pipeline.", f"from {PACKAGE}."))
        records.write_text((package / name).parent / "__init__.py", "")
    return package

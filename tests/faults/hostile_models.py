"""Model files that would do something if they were let: each names the canary file it would leave behind."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf

SHAPE = (8, 8, 1)


def innocent(path: Path, *layers: Any) -> Path:
    """A small network with one feature map, which everything accepts; `layers` come after it."""
    keras.utils.clear_session()
    convolution = keras.layers.Conv2D(2, 3, name="convolution", padding="same")
    keras.Sequential([keras.Input(SHAPE, dtype="uint8"), keras.layers.Rescaling(1 / 255), convolution, *layers]).save(
        path
    )
    return path


def _rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _with_layer(path: Path, layer: dict[str, Any]) -> None:
    """The innocent network with the configuration of one layer replaced."""

    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        layers = config["config"]["layers"]
        place = next(i for i, found in enumerate(layers) if found["config"].get("name") == "convolution")
        layers[place] = layer
        members["config.json"] = json.dumps(config).encode()

    _rewritten(innocent(path), change)


def _layer(kind: str, module: str = "keras.layers", **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "module": module, "registered_name": None, "config": {"name": "convolution", **config}}


def _function(name: str, module: str) -> dict[str, Any]:
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


def lambda_code(path: Path, canary: Path) -> None:
    name = str(canary)
    innocent(path, keras.layers.Lambda(lambda x: (__import__("pathlib").Path(name).touch(), x)[1]))


def system_as_a_function(path: Path, canary: Path) -> None:
    arguments = {"command": f"touch {canary}"}
    _with_layer(path, _layer("Lambda", function=_function("system", "os"), arguments=arguments))


def class_of_another_module(path: Path, canary: Path) -> None:
    _with_layer(path, {**_layer("Popen", "subprocess", args=["touch", str(canary)]), "registered_name": "Popen"})


def registered_class(path: Path, canary: Path) -> None:
    _with_layer(path, {**_layer("Runner", "builtins", command=f"touch {canary}"), "registered_name": "x>Runner"})


def safe_mode_switched_off(path: Path, canary: Path) -> None:
    function = _function("enable_unsafe_deserialization", "keras.config")
    _with_layer(path, _layer("Lambda", function=function, arguments={}))


def downloaded_file(path: Path, canary: Path) -> None:
    source = path.with_name("source.txt")
    source.write_text("fetched")
    arguments = {"fname": str(canary), "origin": source.as_uri()}
    _with_layer(path, _layer("Lambda", function=_function("get_file", "keras.utils"), arguments=arguments))


def saved_model_elsewhere(path: Path, canary: Path) -> None:
    """A layer that reads a TensorFlow graph from a folder; the graph writes a file."""

    class Writer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, *SHAPE), tf.float32)])
        def serve(self, images: Any) -> Any:
            with tf.control_dependencies([tf.io.write_file(str(canary), "written")]):
                return tf.identity(images)

    folder = path.with_name("graph")
    tf.saved_model.save(Writer(), str(folder))
    _with_layer(path, _layer("TFSMLayer", filepath=str(folder), call_endpoint="serve"))


def members_outside(path: Path, canary: Path) -> None:
    """Zip entries that climb out of the folder they are unpacked into, among them one that Keras unpacks."""
    climbing = "../" * 12 + str(canary).lstrip("/")

    def change(members: dict[str, bytes]) -> None:
        members |= {climbing: b"escaped", f"assets/{climbing}": b"escaped", str(canary): b"escaped"}

    _rewritten(innocent(path), change)


class _Exploit:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return Path.touch, (self.canary,)


def pickled(path: Path, canary: Path) -> None:
    path.write_bytes(pickle.dumps(_Exploit(canary)))


def pickled_array(path: Path, canary: Path) -> None:
    """What np.load would unpickle if it were allowed to."""
    content = np.empty(1, object)
    content[0] = _Exploit(canary)
    np.save(buffer := io.BytesIO(), content, allow_pickle=True)
    path.write_bytes(buffer.getvalue())


def pickled_weights(path: Path, canary: Path) -> None:
    """A Keras archive whose weights are a pickled array."""

    def change(members: dict[str, bytes]) -> None:
        pickled_array(path.with_name("weights"), canary)
        del members["model.weights.h5"]
        members["model.weights.npz"] = path.with_name("weights").read_bytes()

    _rewritten(innocent(path), change)


def older_format(path: Path, canary: Path) -> None:
    """A whole model in HDF5, where Keras' safe mode counts for less, under the name of the newer format."""
    name = str(canary)
    keras.utils.clear_session()
    code = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(name).touch(), x)[1])
    whole = path.with_suffix(".h5")
    keras.Sequential([keras.Input(SHAPE), keras.layers.Conv2D(2, 3), code]).save(whole)
    canary.unlink(missing_ok=True)  # building it ran the code once
    whole.replace(path)


def another_file_s_bytes(path: Path, canary: Path) -> None:
    """Weights that lie, as HDF5 allows, in a file of the reader's: loaded, they would be published with the model."""
    secret = path.with_name("secret.bin")
    secret.write_bytes(bytes(1 << 12))

    def change(members: dict[str, bytes]) -> None:
        file = path.with_name("weights.h5")
        file.write_bytes(members["model.weights.h5"])
        with h5py.File(file, "r+") as weights:
            name = next(n for n in _datasets(weights) if weights[n].shape)
            shape, kind = weights[name].shape, weights[name].dtype
            del weights[name]
            size = int(np.prod(shape)) * kind.itemsize
            weights.create_dataset(name, shape, kind, external=[(str(secret), 0, size)])
        members["model.weights.h5"] = file.read_bytes()

    _rewritten(innocent(path), change)


def _datasets(file: Any) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


ALL = (
    lambda_code,
    system_as_a_function,
    class_of_another_module,
    registered_class,
    safe_mode_switched_off,
    downloaded_file,
    saved_model_elsewhere,
    pickled,
    pickled_array,
    pickled_weights,
    older_format,
    another_file_s_bytes,
)

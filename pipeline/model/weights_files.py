"""Files of weights, taken whole: Keras itself passes over what has no place in a network."""

from pathlib import Path

import h5py
import keras

from pipeline.process.errors import ConfigError, in_one_line


def load(model: keras.Model, path: Path) -> None:
    """Give `model` the weights of an HDF5 file. Raises ConfigError if it does not hold exactly those."""
    check(path, ".h5", "weights: file")
    try:
        model.load_weights(path)
        _require_all_taken(model, path)
    except Exception as error:
        raise ConfigError(
            f"params.yaml: backbone.path: {path} does not hold the weights of {model.name}: {in_one_line(error)}"
        ) from error


def check(path: Path, suffix: str, what: str) -> None:
    """Raise ConfigError unless `path` is a file with that ending; `what` takes it, as in "weights: file"."""
    if not path.is_file() or path.suffix != suffix:
        found = f"a {path.suffix or 'nameless'} file" if path.is_file() else "no file"
        raise ConfigError(f"params.yaml: backbone.path: {path}: found {found}; allowed for {what}: a {suffix} file")


def _require_all_taken(model: keras.Model, path: Path) -> None:
    """Raise ValueError if the file holds more than the network took."""
    with h5py.File(path) as file:
        if "layers" not in file:  # the older layout, whose layers Keras counts itself
            return
        arrays: list[str] = []
        file["layers"].visititems(lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None)
    taken = len(model.variables)
    if len(arrays) > taken:
        raise ValueError(f"it holds {len(arrays)} arrays and the network takes {taken}: it is a larger network's")

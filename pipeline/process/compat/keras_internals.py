"""Keras: what feeds what in a network, layer names, downloads without end, and equal files for equal models."""

import inspect
import io
import json
import os
import re
import socket
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.files.records import atomic
from pipeline.process.compat.replacing import replaced, require


def maker(tensor: Any) -> tuple[Any, Any]:
    """The operation a KerasTensor comes from, and that call of it: Keras' Node with `arguments`, `input_tensors` and
    `output_tensors`. Keras has no public way from a tensor back to its inputs.

    Seen in keras 3.15.1; keras-team/keras#19278.
    """
    operation, call, _ = require(tensor, "_keras_history")
    return operation, require(operation, "_inbound_nodes")[call]


def restart_names() -> None:
    """Let automatic layer names count from 1: they are in the saved bytes. The precision set before stays.

    Clearing the session, the only way, forgets the dtype policy. Seen in keras 3.15.1; no report upstream is known.
    """
    import keras

    policy = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy)


@contextmanager
def own_seeds(seed: int) -> Iterator[None]:
    """Inside, layers that are given no seed take the next of `seed`'s own, those after `set_random_seed`.

    Keras draws them from Python's one generator, of which any other thread may draw in between (an event loop's, a
    server's): then weights are others, now and then. Seen in keras 3.15.1; no report upstream is known.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)  # for operations without a seed, which op determinism refuses otherwise
    with replaced(seed_generator, "python_random", require(seed_generator, "python_random").Random(seed)):
        yield


def summary(model: Any, width: int) -> str:
    """Keras' table of a model's layers, in so many columns, as plain text in UTF-8.

    Keras leaves width and characters to the terminal, or to COLUMNS and PYTHONIOENCODING. Seen in keras 3.15.1 and rich
    15.0; no report upstream is known.
    """
    import rich.console
    from keras.src.utils import summary_utils

    lines: list[str] = []

    def console(**options: Any) -> Any:
        return rich.console.Console(**options, file=io.StringIO(), width=width, legacy_windows=False, _environ={})

    parts = SimpleNamespace(console=SimpleNamespace(Console=console), markup=rich.markup, table=rich.table)
    with replaced(summary_utils, "rich", parts):
        model.summary(line_length=100, print_fn=lines.append, expand_nested=True)
    return "\n".join(lines)


def without_dropout(model: Any) -> None:
    """Turn off what is random inside of layers with weights, as attention's dropout: Keras has no public way to it.

    Seen in keras 3.15.1; no report upstream is known.
    """
    for layer in require(model, "_flatten_layers")():
        if hasattr(layer, "rate") and not layer.weights:
            layer.rate = 0.0


@contextmanager
def impatient_downloads(seconds: float) -> Iterator[None]:
    """Inside, connections that say nothing for `seconds` fail: Keras' downloads have no time limit.

    Every socket opened meanwhile has that limit. Seen in keras 3.15.1; no report upstream is known.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@dataclass(frozen=True)
class Download:
    """A file of weights that Keras looks for at `path`, and fetches from `url` if it is not there."""

    url: str
    path: Path


class NotAskedError(Exception):
    """A file would have been looked for, and was not to be."""


@contextmanager
def noted_downloads(ask: bool = True) -> Iterator[list[Download]]:
    """The files that networks look for inside, as they do; with `ask` False looking raises NotAskedError instead.

    Keras names them in its constructors' code only. Seen in keras 3.15.1; no report upstream is known.
    """
    from keras.src.utils import file_utils

    get_file, noted = require(file_utils, "get_file"), list[Download]()
    home = Path(require(file_utils, "config").keras_home())
    if not os.access(home, os.W_OK):  # as Keras does
        home = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir(), ".keras")

    def get(*arguments: Any, **options: Any) -> Any:
        wanted = inspect.signature(get_file).bind(*arguments, **options).arguments
        noted.append(Download(wanted["origin"], home / wanted.get("cache_subdir", "datasets") / wanted["fname"]))
        if not ask:
            raise NotAskedError
        return get_file(*arguments, **options)

    with replaced(file_utils, "get_file", get):
        yield noted


def stabilise(path: Path) -> None:
    """Rewrite a `.keras` archive so that equal models are equal files.

    Keras stores the saving date, zip entry times, and memory addresses as `shared_object_id`. The date is fixed, the
    ids are renumbered in order of appearance, JSON keys sorted, members stored in sorted order with one fixed time.
    Seen in keras 3.15.1; keras-team/keras#15948.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["metadata.json"] = _stable_json(members["metadata.json"], {"date_saved": "1980-01-01@00:00:00"})
    members["config.json"] = _stable_json(_renumbered(members["config.json"]), {})
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), members[name])


def _stable_json(text: bytes, changes: Mapping[str, str]) -> bytes:
    return json.dumps({**json.loads(text), **changes}, sort_keys=True).encode()


def _renumbered(config: bytes) -> bytes:
    # Sorting first makes "order of appearance" independent of dict order.
    text = json.dumps(json.loads(config), sort_keys=True)
    numbers: dict[str, str] = {}
    pattern = re.compile(r'("shared_object_id": )(\d+)')
    return pattern.sub(lambda m: m[1] + numbers.setdefault(m[2], str(len(numbers))), text).encode()

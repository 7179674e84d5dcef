"""The one form every source is brought into: a TFDS directory below data/raw, with the same bytes each time.

Examples lie in the order of their keys. Sources without an order of their own use `content_key`: as good as a
shuffle, so percent splits are balanced, yet independent of file names and file systems. Identical files are
neighbours, so a percent split rarely cuts between them.
"""

import contextlib
import io
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

import tensorflow_datasets as tfds

from pipeline.data import names
from pipeline.files import records
from pipeline.process.compat import tfds_internals

VERSION = "1.0.0"
GROUP = "herbarium_group"  # no data set of TensorFlow's catalogue has a feature of this name
# TFDS writes and reads it without TensorFlow, whose import takes longer than a small data set; TFRecord it does not.
FORMAT = "array_record" if find_spec("array_record") else "tfrecord"
_INFO = "dataset_info.json"


@dataclass(frozen=True)
class RawImage:
    """One image as its source has it: encoded bytes, class index, source name; `key` (128 bits) is its place. `group`:
    what it belongs to, where the source has groups."""

    key: int
    encoded: bytes
    label: int
    name: str
    group: str = ""


class _Builder(tfds.dataset_builders.AdhocBuilder, skip_registration=True):  # type: ignore[misc, call-arg]
    """TFDS's own asks first whether examples are TensorFlow's, and imports that."""

    def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
        return dict(self._split_datasets)


def content_key(sha256: str, copy: int) -> int:
    """The place of a file with this SHA-256 (hexadecimal), the `copy`-th of identical ones, counted from 0."""
    return (int(sha256[:24], 16) << 32) | copy


def write(
    folder: Path, name: str, classes: list[str], splits: Mapping[str, Iterable[RawImage]], groups: bool = False
) -> None:
    """Write `splits` as data set `name` to `folder`/`name`/`VERSION`; the images are read as they are written.

    `groups`: whether images have them. Raises DataError if class names cannot be carried unchanged, or look the same.
    """
    names.require_distinct(classes, f"data.name: {name}")
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(None, None, None)),
            "label": tfds.features.ClassLabel(names=classes),
            "name": tfds.features.Text(),
            **({GROUP: tfds.features.Text()} if groups else {}),
        }
    )
    # TFDS announces a download and makes a folder for it, although there is nothing to download.
    tfds.disable_progress_bar()
    with writing(io.StringIO()), tempfile.TemporaryDirectory() as no_downloads:
        builder = _Builder(
            name=name,
            version=VERSION,
            data_dir=folder,
            features=features,
            split_datasets={split: _examples(images, groups) for split, images in splits.items()},
            description=f"Images of the data set {name}, encoded as in their source.",
            disable_shuffling=True,  # the keys are the order
            file_format=FORMAT,
        )
        builder.download_and_prepare(download_dir=no_downloads)
    stabilise(folder)


def _examples(images: Iterable[RawImage], groups: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    for image in images:
        example = {"image": io.BytesIO(image.encoded), "label": image.label, "name": image.name}
        yield image.key, {**example, GROUP: image.group} if groups else example


def stabilise(folder: Path) -> None:
    """Take what differs between equal data sets, access times and paths, out of TFDS's notes below `folder`."""
    for path in folder.rglob(_INFO):
        content = json.loads(path.read_text(encoding="utf-8"))
        content.pop("dataSourceAccesses", None)
        records.write_json(path, content)


@contextlib.contextmanager
def writing(messages: TextIO) -> Iterator[None]:
    """Within it TFDS writes equal examples as equal bytes, its messages go to `messages`, no bars off a terminal."""
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    with (
        tfds_internals.equal_bytes(),
        tfds_internals.nothing_left_behind(),
        contextlib.redirect_stdout(messages),
    ):
        yield

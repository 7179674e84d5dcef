"""Images and weights that lie elsewhere than the parameters say: a record made from a folder travels by its contents.

Where they lie decides no result. The copy has them where the parameters look for them; what they contain is compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.filing import locks
from pipeline.filing.locks import Lock
from pipeline.filing.record import Record
from pipeline.params import own_places
from pipeline.params.keys import at, replaced
from pipeline.params.schema import Params

_PLACE = Path("data/elsewhere")  # in the copy, for what the parameters have at an absolute path


@dataclass(frozen=True)
class Elsewhere:
    """Absolute paths of the reviewer's own images and weights; None: where the parameters say."""

    data: Path | None = None
    weights: Path | None = None

    def place(self, params: Params) -> Params:
        """The parameters to run. Raises ConfigError if a path is not there, or nothing would be read from it."""
        data, backbone = params.data, params.backbone
        if self.data:
            own_places.require_originals(params, self.data)
            data = data.model_copy(update={"path": _inside(data.path, "images")})
        if self.weights:
            own_places.require_weights(params, self.weights)
            downloaded = own_places.with_weights(backbone, backbone.path)
            own = str(_PLACE / f"weights{self.weights.suffix}")
            path = own if downloaded else _inside(backbone.path, "weights", self.weights.suffix)
            backbone = backbone.model_copy(update=own_places.with_weights(backbone, path))
        return params.model_copy(update={"data": data, "backbone": backbone})

    def links(self, placed: Params) -> dict[Path, Path]:
        """Relative path in the copy → what is to lie there."""
        found = {placed.data.path: self.data, placed.backbone.path: self.weights}
        return {Path(path): source for path, source in found.items() if source}

    def as_on_record(self, lock: Lock, placed: Params, named: Params) -> dict[str, Any]:
        """The `lock` of a run of the parameters `placed` as if all lay where the parameters `named` have it."""
        moved = {placed.data.path: named.data.path} if self.data else {}
        values = {"data.path": named.data.path} if self.data else {}
        if self.weights:
            moved[placed.backbone.path] = named.backbone.path
            values |= {"backbone.path": named.backbone.path}
        if not moved:
            return dict(lock)
        return {**lock, "stages": {name: _moved(stage, moved, values) for name, stage in lock["stages"].items()}}

    def sentences(self, params: Params, record: Record | None, lock: Lock, test_images: str) -> list[str]:
        """What was taken from elsewhere, and whether its contents are those on record.

        `lock`: of the first seed, as on record; `test_images`: digest of its test images' names and contents.
        """
        found = []
        if self.data:
            found.append(f"images from {self.data} (--data): {_images(record, lock, test_images)}")
        if self.weights:
            instead = "" if params.backbone.weights == "file" else " instead of a download"
            found.append(f"weights from {self.weights} (--weights){instead}: {_weights(record, lock)}")
        return found


HERE = Elsewhere()


def _inside(path: str, name: str, suffix: str = "") -> str:
    return str(_PLACE / f"{name}{suffix}") if Path(path).is_absolute() else path


def _moved(stage: Mapping[str, Any], moved: Mapping[str, str], values: Mapping[str, str]) -> dict[str, Any]:
    deps = [{**item, "path": moved.get(item["path"], item["path"])} for item in stage.get("deps", [])]
    files = dict(stage.get("params", {}))
    said = dict(files.get(str(paths.PARAMS), {}))
    for name, value in values.items():
        if name in said:
            said[name] = value
        elif at(said, name) is not ...:
            said = replaced(said, name, value)
    return {**stage, "deps": deps, "params": {**files, str(paths.PARAMS): said} if files else files}


def _images(record: Record | None, lock: Lock, test_images: str) -> str:
    if record is None or record.lock is None:
        return "nothing on record to compare their contents with"
    other = [split for split in paths.SPLITS if not locks.same_images(record.lock, lock, split)]
    if "test" in other and record.test_images == test_images:
        other.remove("test")  # stored in another form when it was filed
    return f"other contents than on record, in {', '.join(other)}" if other else "by their contents those on record"


def _weights(record: Record | None, lock: Lock) -> str:
    path = record.params.backbone.path if record and record.params.backbone.weights == "file" else ""
    before = locks.sources(record.lock).get(path) if record and record.lock else None
    if not before:
        return "no file of them on record to compare with"
    return (
        "by its hash the file on record" if locks.sources(lock).get(path) == before else "another file than on record"
    )

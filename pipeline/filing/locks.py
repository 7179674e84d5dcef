"""Two dvc.lock files, stage by stage: which outputs are the same, where they first part, and the likely cause."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from pipeline.params.keys import flat
from pipeline.params.upgrades import unchanged
from pipeline.process.errors import DataError

Lock = Mapping[str, Any]

SAME, DIFFERS, NOT_RECORDED = "same", "differs", "not recorded"
PARTIAL = "partial"  # marks a stage of which only some outputs are on record, and no inputs
_FILES_NAMED = 3
# Keys of the environment in training.json → what a person calls them; capital letters name environment variables.
_MACHINE = {"instruction_set": "CPU", "accelerator": "accelerator", "platform": "operating system"}


@dataclass(frozen=True)
class StageComparison:
    """`differing`: the outputs that are not the same, `causes`: what may explain it, of the first such stage only."""

    name: str
    state: str
    differing: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds control characters")
    return text


class _Item(BaseModel):
    path: Annotated[str, AfterValidator(_printable)]
    md5: str = Field("", pattern=r"^([0-9a-f]{32}(\.dir)?)?$")
    etag: Annotated[str, AfterValidator(_printable)] = ""


class _Stage(BaseModel):
    deps: list[_Item] = []
    outs: list[_Item] = []
    params: dict[str, dict[str, Any]] = {}


class _Lock(BaseModel):
    stages: dict[str, _Stage]


def checked(content: Any, where: str) -> dict[str, Any]:
    """The content of a dvc.lock, which may be from elsewhere. Raises DataError unless it is formed like DVC's."""
    try:
        _Lock.model_validate(content)
    except ValidationError as error:
        wrong = ".".join(map(str, error.errors()[0]["loc"])) or "the content"
        raise DataError(f"{where}: {wrong!r} is not as in the dvc.lock that DVC writes") from None
    lock: dict[str, Any] = content
    return lock


def compare(
    recorded: Lock, found: Lock, recorded_environment: Mapping[str, str], found_environment: Mapping[str, str]
) -> list[StageComparison]:
    """The stages of `found` in their order; the environments are those of `training.json`."""
    stages = []
    parted = False
    for name, entry in found["stages"].items():
        before = recorded["stages"].get(name)
        if before is None:
            stages.append(StageComparison(name, NOT_RECORDED))
            continue
        outputs = _hashes(entry, "outs")
        if PARTIAL in before:
            outputs = {path: outputs.get(path, "") for path in _hashes(before, "outs")}
        differing = _differing(_hashes(before, "outs"), outputs)
        causes = _causes(before, entry, recorded_environment, found_environment) if differing and not parted else ()
        stages.append(StageComparison(name, DIFFERS if differing else SAME, differing, tuple(causes)))
        parted = parted or bool(differing)
    return stages


def exact(stages: list[StageComparison]) -> bool:
    """True if every output of every stage is on record and has the same bits."""
    return bool(stages) and all(stage.state == SAME for stage in stages)


def first_divergence(stages: list[StageComparison]) -> StageComparison | None:
    return next((stage for stage in stages if stage.state == DIFFERS), None)


def _hashes(entry: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {item["path"]: item.get("md5", item.get("etag", "")) for item in entry.get(kind, [])}


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _causes(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    recorded_environment: Mapping[str, str],
    found_environment: Mapping[str, str],
) -> Iterator[str]:
    if PARTIAL in before:
        yield "unknown: the inputs of this stage are not on record"
        return
    causes = [*_parameters(before, after), *_inputs(before, after)]
    if after["cmd"].endswith(("extract-features", "train", "evaluate")):
        causes += _machine(recorded_environment, found_environment)
    yield from causes
    if not causes:
        yield "unknown: code, data, parameters, packages and machine are those on record; is a step not repeatable?"


def _parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = _values(before), _values(after)
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            file, name = key
            kind = "packages" if file.endswith("versions.json") else "parameters"
            yield f"{kind}: {name} is {new.get(key)!r}, was {old.get(key)!r}"


def _values(entry: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """(file, dotted key) → value; a key that says what its absence meant before is as good as absent."""
    leaves = [(file, *leaf) for file, found in entry.get("params", {}).items() for leaf in flat(found).items()]
    return {(file, key): value for file, key, value in leaves if not unchanged(key, value)}


def _inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    changed = _differing(_hashes(before, "deps"), _hashes(after, "deps"))
    code = [path for path in changed if path.endswith(".py")]
    if code:
        more = f" and {len(code) - _FILES_NAMED} more files" if len(code) > _FILES_NAMED else ""
        yield f"code: {', '.join(code[:_FILES_NAMED])}{more}"
    for path in changed:
        if path not in code:
            yield f"{'weights' if PurePath(path).suffix in ('.h5', '.keras') else 'data'}: {path}"


def _machine(recorded: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """Threads and precision are parameters, and packages have their versions; left are devices and variables."""
    for key, name in _MACHINE.items():
        if key in recorded and recorded[key] != found.get(key):
            yield f"{name}: {found.get(key)}; was {recorded[key]}"
    for key in sorted(recorded.keys() | found.keys()):
        if key.isupper() and recorded.get(key) != found.get(key):
            yield f"variable {key}: {found.get(key, 'not set')}; was {recorded.get(key, 'not set')}"

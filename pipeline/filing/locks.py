"""What a dvc.lock says: of each stage the parameters it read and the hashes of what it read and wrote."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from pipeline.files import paths
from pipeline.params.keys import flat
from pipeline.params.upgrades import unchanged
from pipeline.process import naming
from pipeline.process.errors import DataError

Lock = Mapping[str, Any]
Key = tuple[str, str]  # a parameter: its file, its dotted name

PARTIAL = "partial"  # marks a stage of which only some outputs are on record, and no inputs
ABSENT = "nothing"
_NAMED = 5  # parameters, in a sentence
READ = ("data", "images", "backbone", "head", "train", "compute")  # sections of which stages read every key


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
    if twice := [path for path, times in Counter(_written(lock)).items() if times > 1]:
        raise DataError(f"{where}: {twice[0]} is an output twice; DVC has one stage write it")
    return lock


def _written(lock: Lock) -> Iterator[str]:
    yield from (out["path"] for stage in lock["stages"].values() for out in stage.get("outs", []))


def hashes(stage: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Path → hash of a stage's `kind`, deps or outs."""
    return {item["path"]: item.get("md5", item.get("etag", "")) for item in stage.get(kind, [])}


def outputs(lock: Lock) -> dict[str, str]:
    """Path → hash of everything all stages wrote."""
    return {path: digest for stage in lock["stages"].values() for path, digest in hashes(stage, "outs").items()}


def sources(lock: Lock) -> dict[str, str]:
    """Path → hash of everything that stages read and none wrote: code, weights, original data."""
    read = {path: digest for stage in lock["stages"].values() for path, digest in hashes(stage, "deps").items()}
    return {path: digest for path, digest in read.items() if path not in outputs(lock)}


def same_images(first: Lock | None, second: Lock | None, split: str) -> bool:
    """Whether the images of a split are the same, in content, labels and order, by the hashes of two locks."""
    folder = paths.images(split).parent.as_posix()
    found = [outputs(lock).get(folder) if lock else None for lock in (first, second)]
    return found[0] is not None and found[0] == found[1]


def parameters(stage: Mapping[str, Any]) -> dict[Key, Any]:
    """(file, dotted name) → value of what a stage read; one that says what its absence meant is as good as absent."""
    leaves = [(file, *leaf) for file, found in stage.get("params", {}).items() for leaf in flat(found).items()]
    return {(file, name): value for file, name, value in leaves if not unchanged(name, value)}


def stale_parameters(lock: Lock, content: Any, file: str = str(paths.PARAMS)) -> dict[str, tuple[Any, Any]]:
    """Dotted names whose value in the lock is not the one in `content`, the parsed file → (there, in the lock).

    Names that only one of both has in a section that a stage read are among them, and those of params.yaml that stages
    read and none of the lock has.
    """
    there = flat(content) if isinstance(content, Mapping) else {}
    stages = [stage.get("params", {}).get(file, {}) for stage in lock["stages"].values()]
    stale = _unread(stages, there) if file == str(paths.PARAMS) else {}
    for sections in stages:
        stale |= _stale(sections, there)
    return dict(sorted(stale.items()))


def _unread(stages: Sequence[Mapping[str, Any]], there: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """`stale_parameters` that no stage read. Which stage reads a key is not asked: code of another time decided it."""
    begin, begun = (tuple(f"{name}." for name in names) for names in (READ, {key for read in stages for key in read}))
    unread = [name for name in there if name.startswith(begin) and not f"{name}.".startswith(begun)]
    return {name: (there[name], ABSENT) for name in unread if not unchanged(name, there[name])}


def _stale(sections: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """`stale_parameters` of one stage; `sections`: what it read by the names that dvc.yaml has, keys or whole sections.

    A value that says what its absence means is as good as absent.
    """
    read, begin = flat(sections), tuple(f"{name}." for name in sections)
    names = {*read, *(name for name in there if f"{name}.".startswith(begin))}
    pairs = {name: (there.get(name, ABSENT), read.get(name, ABSENT)) for name in names}
    meant = {name: [ABSENT if unchanged(name, value) else value for value in pair] for name, pair in pairs.items()}
    return {name: pair for name, pair in pairs.items() if meant[name][0] != meant[name][1]}


def stale_sentence(stale: Mapping[str, tuple[Any, Any]]) -> str:
    """Names parameters, what the file says and what the lock has."""
    named = [f"{name} is {there!r}, {was!r} in {paths.LOCK}" for name, (there, was) in stale.items()]
    return naming.some(named, _NAMED, "; ")

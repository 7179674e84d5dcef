"""A repetition beside what is on record, stage by stage: where the bits first part, and the likely cause."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from pipeline.filing import locks
from pipeline.filing.locks import PARTIAL, Lock
from pipeline.process import naming

SAME, DIFFERS, NOT_RECORDED = "same", "differs", "not recorded"
_FILES_NAMED = 3
# What names a machine rather than a package, in words; capital letters name environment variables.
_MACHINE = {
    "python": "Python",
    "instruction_set": "processor",
    "accelerator": "accelerator",
    "platform": "operating system",
}
# Parameters have them as well, and those are compared as such.
_PARAMETERS = ("precision", "threads")


@dataclass(frozen=True)
class StageComparison:
    """`differing`: the outputs that are not the same, `causes`: what may explain it, of the first such stage only.

    `ran`: False if the record alone has such a stage.
    """

    name: str
    state: str
    differing: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    ran: bool = True


def compare(
    recorded: Lock, found: Lock, recorded_environment: Mapping[str, str], found_environment: Mapping[str, str]
) -> list[StageComparison]:
    """The stages of `found` in their order, then those that only the record has; an environment is what names
    processor, Python and packages.
    """
    stages = []
    parted = False
    for name in [*found["stages"], *(name for name in recorded["stages"] if name not in found["stages"])]:
        before, after = (lock["stages"].get(name) for lock in (recorded, found))
        state, differing = _compared(before or {}, after)
        first = state == DIFFERS and not parted
        causes = _causes(before or {}, after, recorded_environment, found_environment) if first else ()
        stages.append(StageComparison(name, state, differing, tuple(causes), after is not None))
        parted = parted or state == DIFFERS
    return stages


def exact(stages: list[StageComparison]) -> bool:
    """True if of every stage outputs are on record, and all of those have the same bits."""
    return bool(stages) and all(stage.state == SAME for stage in stages)


def first(stages: list[StageComparison]) -> StageComparison | None:
    """The first stage whose outputs are not those on record."""
    return next((stage for stage in stages if stage.state == DIFFERS), None)


def _compared(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> tuple[str, tuple[str, ...]]:
    """The state of a stage and its differing outputs. On record is what has a hash: without any, nothing is.

    What code of a later time writes besides is on no record, and contradicts none.
    """
    outs = locks.hashes(before, "outs")
    if after is None:
        return DIFFERS, tuple(sorted(outs))
    known = {path: digest for path, digest in outs.items() if digest}
    written = locks.hashes(after, "outs")
    if differing := _differing(known, {path: written.get(path, "") for path in known}):
        return DIFFERS, differing
    return (SAME if known and len(known) == len(outs) else NOT_RECORDED), ()


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _causes(
    before: Mapping[str, Any], after: Mapping[str, Any] | None, recorded: Mapping[str, str], found: Mapping[str, str]
) -> Iterator[str]:
    """The surest first: other parameters and inputs decide results, another machine last bits, code often nothing."""
    if after is None:
        yield "code: the pipeline that ran has no such stage"
    elif PARTIAL in before:
        inputs = [*_environment(recorded, found)]
        yield from inputs or ["unknown: the inputs of this stage are not on record"]
    else:
        changed = _differing(locks.hashes(before, "deps"), locks.hashes(after, "deps"))
        causes = [*_parameters(before, after), *_inputs(changed), *_environment(recorded, found), *_code(changed)]
        yield from dict.fromkeys(causes)
        if not causes:
            yield "unknown: code, data, parameters, packages and machine are those on record; is a step not repeatable?"


def _parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = locks.parameters(before), locks.parameters(after)
    packages = []
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            file, name = key
            if file.endswith("versions.json"):
                packages.append(_package(name, old.get(key), new.get(key)))
            else:
                yield f"parameters: {name} is {new.get(key)!r}, was {old.get(key)!r}"
    yield from packages


def _inputs(changed: tuple[str, ...]) -> Iterator[str]:
    for path in changed:
        if not path.endswith(".py"):
            yield f"{'weights' if PurePath(path).suffix in ('.h5', '.keras') else 'data'}: {path}"


def _environment(recorded: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    """What both name and name differently; a record from before something was noted says nothing about it."""
    other = [
        name
        for name in recorded.keys() & found.keys() - {*_PARAMETERS}
        if not name.isupper() and recorded[name] != found[name]
    ]
    for name in sorted(other, key=lambda name: (name not in _MACHINE, name)):
        if name in _MACHINE:
            yield f"{_MACHINE[name]}: {found[name]}, was {recorded[name]}"
        else:
            yield _package(name, recorded[name], found[name])
    for name in sorted(filter(str.isupper, recorded.keys() | found.keys())):
        if recorded.get(name) != found.get(name):
            yield f"variable {name}: {found.get(name, 'not set')}, was {recorded.get(name, 'not set')}"


def _package(name: str, was: object, now: object) -> str:
    return f"package: {name} is {now}, was {was}"


def _code(changed: tuple[str, ...]) -> Iterator[str]:
    code = [path for path in changed if path.endswith(".py")]
    if code:
        yield f"code: {naming.some(code, _FILES_NAMED)}"

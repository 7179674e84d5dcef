"""What READMEs say about measurements stands between two marker lines and is written from the records."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.files import records
from pipeline.filing import (
    claims,
    contents,
    differences,
    durations,
    experiments,
    instructions,
    kinship,
    published_curve,
    reading,
    sweeps,
)
from pipeline.filing.claims import Claim
from pipeline.filing.kinship import Kinship
from pipeline.filing.record import Record
from pipeline.params.schema import Params
from pipeline.process.errors import DataError
from pipeline.results import seeds
from pipeline.results.statistics import wilson_interval

MEASURED = "measured"
_GIB = 2**30


def with_section(text: str, name: str, content: str, where: Path) -> str:
    """`text` with `content` between its lines <!-- name --> and <!-- /name -->. DataError unless both are there."""
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(end) != 1 or text.index(end) < text.index(start):
        raise DataError(f"{where}: needed once each, in this order: the lines {start} and {end}")
    before, rest = text.split(start)
    return f"{before}{start}\n\n{content}\n\n{end}{rest.split(end)[1]}"


def measured(found: Record | None, params: Params, claim: Claim | None = None) -> str:
    """What the README of the experiment with `params` says under "Measured here"."""
    if found is None or found.metrics is None:
        return "Not measured here: it needs the download." if params.data.source == "tfds" else "Not measured here yet."
    lines = [_accuracy(found, split) for split in ("validation", "test")]
    if found.seeds and len(found.seeds.seeds) > 1:
        lines.append(f"```\n{seeds.describe(found.seeds)}\n```")
    elif found.typed and len(found.typed.seeds) > 1:
        lines.append(f"Typed, and vouched for by no lock:\n\n```\n{seeds.describe(found.typed)}\n```")
    lines.append(
        f"Images: `{found.params.data.name}` (source: {found.params.data.source}){_kinship(found, params, claim)}."
    )
    if differences.weights_from_file(params, found.params):
        lines.append("Weights: those of ImageNet, read from a file.")
    elif found.params.backbone != params.backbone:
        lines.append("Weights: read from another place than the experiment names.")
    if found.sweep:
        lines.append(f"It is {contents.told(sweeps.sentence, found.sweep, 'sweep.json')}.")
    if found.resources:
        lines.append(contents.told(_took, found.resources, "resources.json"))
    if found.seed_resources:
        lines.append(contents.told(_took_by_seeds, found.seed_resources, "resources.json of a seed"))
    if found.trainings:
        lines.append(f"Trainings that were measured on these test images until then: {found.trainings}.")
    lines.append("![learning curves](record/curves.png)")
    return "\n\n".join(filter(None, [*lines, published_curve.beside(claim, found) if claim else ""]))


def _kinship(found: Record, params: Params, claim: Claim | None) -> str:
    """Whether they are those the claim is about, where it is about others' images at all."""
    if claim is None or claim.origin == "own":
        return ""
    return {
        Kinship.OFFICIAL: f": the official {claim.split} images",
        Kinship.COLLECTION: ": of the same collection as the published ones, in another draw",
        Kinship.OTHER: ": other images than the published ones",
    }[kinship.of_record(claim, params, found)]


def _took(resources: Mapping[str, Any]) -> str:
    """`It took: fetch 10 s (8 s of CPU) and 0.5 GiB; … Machine: a CPU, 2 cores.`"""
    stages = [f"{name} {_time(one)}{_memory(one['peak_bytes'])}" for name, one in resources.items()]
    return f"It took: {'; '.join(stages)}. Machine: {'; '.join(durations.of(resources).machines)}."


def _took_by_seeds(seeds: Mapping[Any, Any]) -> str:
    """`Other seeds took: 2: 3 min (5 min of CPU); 3: …`, without the stages whose results were there already."""
    each = [f"{seed}: {durations.of(stages)}" for seed, stages in sorted(seeds.items())]
    return f"Other seeds took, from what was computed once: {'; '.join(each)}."


def _time(took: Mapping[str, Any]) -> str:
    """Records of earlier have no CPU time."""
    worked = took.get("cpu_seconds")
    return f"{took['seconds']:,.0f} s" + ("" if worked is None else f" ({worked:,.0f} s of CPU)")


def _memory(peak_bytes: int | None) -> str:
    return f" and {peak_bytes / _GIB:.1f} GiB" if peak_bytes else ""


def _accuracy(found: Record, split: str) -> str:
    assert found.metrics is not None
    accuracy, images = found.metrics[f"{split}_accuracy"], found.metrics[f"{split}_images"]
    low, high = wilson_interval(round(accuracy * images), images)
    return (
        f"Seed {found.params.train.seed}, {split}: {100 * accuracy:.2f} % of {images:,} images (95 % interval"
        f" {100 * low:.1f} to {100 * high:.1f} %)."
    )


def check(name: str) -> None:
    """Raise DataError unless the README of an experiment has the place where `update` writes."""
    path = _path(name)
    if not path.exists():
        raise DataError(
            f"{path}: not found; needed: a README with the lines <!-- {MEASURED} --> and <!-- /{MEASURED} -->"
        )
    with_section(path.read_text(encoding="utf-8"), MEASURED, "", path)


def _path(name: str) -> Path:
    return experiments.folder(name) / "README.md"


def update(name: str) -> Path:
    """Write what an experiment's README says of its record; returns the README."""
    check(name)
    renew(name, reading.filed(name) if reading.exists(name) else None)
    return _path(name)


def renew(name: str, found: Record | None) -> bool:
    """Write what is generated of an experiment's README from its record, where it has the places.

    True if that changed it.
    """
    path, text, new = _renewed(name, found)
    if new != text:
        records.write_text(path, new)
    return new != text


def misleading(name: str, found: Record | None) -> Path | None:
    """The README of an experiment if it does not say what its record does, or how that is reviewed."""
    path, text, new = _renewed(name, found)
    return path if new != text else None


def _renewed(name: str, found: Record | None) -> tuple[Path, str, str]:
    """The README, what it says, and what it should say."""
    path, params = _path(name), experiments.params(name)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    new = _with_instructions(text, name, found, path)
    if f"<!-- {MEASURED} -->" in new:
        claim = claims.read(experiments.claim_file(name))
        new = with_section(new, MEASURED, measured(found, params, claim), path)
    if found and found.resources:
        took = contents.told(durations.of, found.resources, reading.RESOURCES)
        new = durations.in_place_of_an_estimate(new, took)
    return path, text, new


def _with_instructions(text: str, name: str, found: Record | None, path: Path) -> str:
    """Where a README has the place for it; its author may have written it otherwise."""
    if f"<!-- {instructions.CHECK} -->" not in text:
        return text
    section = instructions.section(name, experiments.params(name), found)
    return with_section(text, instructions.CHECK, section, path)

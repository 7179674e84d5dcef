"""The results table: every experiment, what was reported, what was measured here, and the verdict; from files alone."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.files import records
from pipeline.filing import claims, experiments, reading
from pipeline.filing.claims import Claim
from pipeline.filing.readme import instruct, misleading, with_section
from pipeline.filing.record import Record
from pipeline.params.schema import Params
from pipeline.process.tables import aligned
from pipeline.results import seeds
from pipeline.results.seeds import Measured
from pipeline.results.statistics import wilson_interval
from pipeline.review.verdict import Question, judge

README = Path("README.md")
SECTION = "results"
_HEADER = ("experiment", "images", "reported", "measured here", "verdict")


@dataclass(frozen=True)
class Row:
    name: str
    data: str
    reported: str
    measured: str
    verdict: str


def rows() -> list[Row]:
    """One row an experiment, by name."""
    return [_row(name) for name in experiments.names()]


def as_text() -> str:
    return "\n".join(aligned([_HEADER, *(_cells(row) for row in rows())]))


def as_markdown() -> str:
    body = [_HEADER, tuple("---" for _ in _HEADER), *((_link(row.name), *_cells(row)[1:]) for row in rows())]
    return "\n".join(f"| {' | '.join(row)} |" for row in body)


def write(readme: Path = README) -> bool:
    """Put the table between the markers of the README, and the commands into those of the experiments.

    True if that changed one of them.
    """
    text = readme.read_text(encoding="utf-8")
    new = with_section(text, SECTION, as_markdown(), readme)
    if new != text:
        records.write_text(readme, new)
    instructed = [instruct(name) for name in experiments.names()]
    return new != text or any(instructed)


def stale(readme: Path = README) -> list[Path]:
    """The READMEs that do not say what the records do. Raises DataError if the table has no markers."""
    text = readme.read_text(encoding="utf-8")
    table = [readme] * (with_section(text, SECTION, as_markdown(), readme) != text)
    return [*table, *filter(None, map(misleading, experiments.names()))]


def standing(claim: Claim, found: Record | None, other_images: bool = False) -> str:
    """What the record says about the claim, without running anything; `other_images`: it is of a substitute."""
    if found is None or found.metrics is None:
        return "–"
    if claim.origin == "own":
        return "own record"
    if claim.value is None or claim.n is None:
        return "no figure published"
    same = claim.images == "same" and not other_images
    reported = Measured((claim.value,), claim.n, claim.seeds)
    ours = found.measured(claim.split)
    return str(judge(ours, Question(reported, claim.margin, same, claim.most_seeds)).outcome) if ours else "–"


def _row(name: str) -> Row:
    claim, params = claims.read(experiments.claim_file(name)), experiments.params(name)
    found = reading.filed(name) if reading.exists(name) else None
    data = params.data.name
    substitute = found is not None and _source(found.params) != _source(params)
    if found and substitute:
        data = f"{found.params.data.name} ({found.params.data.source}) instead of {data}"
    reported = f"{100 * claim.value:.2f} % {claim.split}" if claim.value is not None else "no figure"
    if claim.origin == "own" and claim.value is None:
        reported = "–"
    return Row(name, data, reported, _measured(found, claim.split), standing(claim, found, substitute))


def _source(params: Params) -> tuple[str, str]:
    return params.data.source, params.data.name


def _measured(found: Record | None, split: str) -> str:
    value = found.measured(split) if found else None
    if found is None or value is None:
        return "not measured here"
    if found.seeds and len(value.accuracies) > 1:
        spread = seeds.summary(found.seeds, split)["sd"]
        return f"{100 * value.mean:.2f} ± {100 * spread:.2f} % {split} ({value.seeds} seeds, {value.images:,} images)"
    low, high = wilson_interval(round(value.mean * value.images), value.images)
    return f"{100 * value.mean:.2f} % {split} ({100 * low:.1f} to {100 * high:.1f}, {value.images:,} images)"


def _cells(row: Row) -> tuple[str, ...]:
    return row.name, row.data, row.reported, row.measured, row.verdict


def _link(name: str) -> str:
    return f"[{name}](experiments/{name}/README.md)"

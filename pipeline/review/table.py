"""The results table: every experiment, what was reported, what was measured here, and the verdict; from files alone."""

from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pipeline.files import records
from pipeline.filing import claims, contents, durations, experiments, reading
from pipeline.filing.readme import misleading, renew, with_section
from pipeline.filing.record import Record
from pipeline.process.errors import HerbariumError
from pipeline.process.tables import aligned
from pipeline.results import seeds
from pipeline.results.statistics import wilson_interval
from pipeline.review import gallery, listed, standing
from pipeline.review.gallery import OnRecord

README = Path("README.md")
SECTION = "results"
UNREADABLE = "cannot be read"
_HEADER = ("experiment", "reported", "measured here", "images", "verdict", "why not decided", "run time of a seed")


@dataclass(frozen=True)
class Row:
    name: str
    reported: str = ""
    measured: str = ""
    images: str = ""
    verdict: str = ""
    why: str = ""
    took: str = ""


def rows(found: OnRecord) -> list[Row]:
    """One row an experiment, by name."""
    return [_row(name, record) for name, record in found.items()]


def on_record() -> OnRecord:
    """Every experiment by name, and its record, if it has one. Raises as `reading.filed`."""
    return {name: _filed(name) for name in experiments.names()}


def listing() -> tuple[str, list[HerbariumError]]:
    """The table as text, and what is wrong with experiments that cannot be read: one of them hides no other."""
    before, kept = listed.load(), listed.Rows()
    shown, wrong = [], []
    for name in experiments.names():
        try:
            key = listed.key(name)
            shown.append(Row(*before[key]) if key in before else _row(name, _filed(name)))
            kept[key] = astuple(shown[-1])
        except HerbariumError as error:
            shown.append(Row(name, measured=UNREADABLE))
            wrong.append(error)
    listed.save(kept)
    return "\n".join(aligned([_HEADER, *map(_cells, shown)])), wrong


def as_markdown(found: OnRecord) -> str:
    body = [_HEADER, tuple("---" for _ in _HEADER), *((_link(row.name), *_cells(row)[1:]) for row in rows(found))]
    return "\n".join(f"| {' | '.join(row)} |" for row in body)


def write(readme: Path = README) -> bool:
    """Write the table into the README, the page of pictures, and what is generated of the experiments' READMEs.

    True if that changed one of them.
    """
    found = on_record()
    other = {path: text for path, text in _pages(readme, found).items() if _text(path) != text}
    for path, text in other.items():
        records.write_text(path, text)
    renewed = [renew(name, record) for name, record in found.items()]
    return bool(other) or any(renewed)


def stale(readme: Path = README) -> list[Path]:
    """The pages that do not say what the records do. Raises DataError if the table has no markers."""
    found = on_record()
    pages = [path for path, text in _pages(readme, found).items() if _text(path) != text]
    return [*pages, *filter(None, (misleading(name, record) for name, record in found.items()))]


def _pages(readme: Path, found: OnRecord) -> dict[Path, str]:
    """What the README and the page of pictures should say."""
    table = with_section(readme.read_text(encoding="utf-8"), SECTION, as_markdown(found), readme)
    return {readme: table, gallery.PAGE: gallery.page(found)}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _filed(name: str) -> Record | None:
    return reading.filed(name) if reading.exists(name) else None


def _row(name: str, found: Record | None) -> Row:
    claim, params = claims.read(experiments.claim_file(name)), experiments.params(name)
    its = standing.of(claim, params, found)
    data = found.params.data.name if found else params.data.name
    images = f"{data} ({its.images})" if its.images != standing.NOTHING else data
    reported = f"{100 * claim.value:.2f} % {claim.split}" if claim.value is not None else "no figure"
    if claim.origin == "own" and claim.value is None:
        reported = standing.NOTHING
    return Row(name, reported, _measured(found, claim.split), images, its.verdict, its.why, _took(found))


def _took(found: Record | None) -> str:
    """What the run of one seed took; it says so where stages came out of a cache."""
    if found is None or not found.resources:
        return standing.NOTHING
    took = contents.told(durations.of, found.resources, reading.RESOURCES)
    return f"{took}, without {', '.join(took.lacking)}" if took.lacking else str(took)


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
    return tuple(getattr(row, field.name) or standing.NOTHING for field in fields(row))


def _link(name: str) -> str:
    return f"[{name}](experiments/{name}/README.md)"

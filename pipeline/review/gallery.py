"""docs/results.md: every experiment on record in pictures, and a few sentences of what they show; from files alone."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from pipeline.files import paths
from pipeline.filing import claims, experiments, pictures
from pipeline.filing.record import Record
from pipeline.results import reading_of_curves
from pipeline.results.predictions import Predictions
from pipeline.results.statistics import Interval
from pipeline.review import compare
from pipeline.tracking.description import escaped

OnRecord = Mapping[str, Record | None]  # experiment → its record
PAGE = Path("docs/results.md")
_POINTS = 100
_SHOWN = {  # file of a record → what it shows, how wide in pixels
    paths.CURVES_PICTURE.name: ("learning curves", 420),
    f"{paths.CONFUSION_PICTURE.stem}{pictures.SUFFIX}": ("which classes are taken for which", 240),
    f"{paths.PREDICTIONS_PICTURE.stem}{pictures.SUFFIX}": ("test images with answers", 280),
}
_INTRODUCTION = """\
# Results in pictures

Every experiment on record: how it learned, which classes it takes for which, and test images with its answers (red is
wrong). Figures, claims and verdicts are in the [table](../README.md). Written by `herbarium table` from the records."""


def page(found: OnRecord) -> str:
    """The whole page, of the experiments by name."""
    measured = {name: record for name, record in found.items() if record}
    lacking = [name for name in found if name not in measured]
    parts = [_INTRODUCTION, *(_section(name, record, measured) for name, record in measured.items())]
    parts += [f"Not measured here: {', '.join(map(_link, lacking))}."] * bool(lacking)
    return "\n\n".join(parts) + "\n"


def _section(name: str, found: Record, measured: Mapping[str, Record]) -> str:
    sentences = [*_curve(found), *_mistakes(found.predictions), *_beside(name, found, measured)]
    paragraphs = [f"## {_link(name)}", _first_sentence(name), " ".join(sentences), _pictures(name)]
    return "\n\n".join(filter(None, paragraphs))


def _link(name: str) -> str:
    return f"[{name}](../{experiments.FOLDER}/{name}/README.md)"


def _first_sentence(name: str) -> str:
    """What its README says it is: the paragraph below the title."""
    readme = experiments.folder(name) / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    paragraphs = [part.strip() for part in text.split("\n\n") if part.strip()]
    return next((part for part in paragraphs if not part.startswith(("#", "```", "<!--"))), "")


def _curve(found: Record) -> list[str]:
    run = found.runs.get(found.params.train.seed)
    return [reading_of_curves.describe(run.epochs)] if run and len(run.epochs) > 1 else []


def _mistakes(tested: Predictions | None) -> list[str]:
    """How many test images are wrong, and the most frequent confusion."""
    if tested is None:
        return []
    wrong = ~tested.correct
    if not wrong.any():
        return [f"All {len(wrong):,} test images are right."]
    pairs = Counter(zip(tested.labels[wrong].tolist(), tested.predicted[wrong].tolist(), strict=True))
    (real, taken), count = min(pairs.items(), key=lambda item: (-item[1], item[0]))
    names = [escaped(tested.classes[label]) for label in (real, taken)]
    return [
        f"Of {len(wrong):,} test images {int(wrong.sum()):,} are wrong, most often {names[0]} taken for {names[1]}"
        f" ({count:,})."
    ]


def _beside(name: str, found: Record, measured: Mapping[str, Record]) -> list[str]:
    """What it has over the experiment that its claim puts beside it, if both are on record."""
    other = claims.read(experiments.claim_file(name)).beside
    before = measured.get(other) if other else None
    if other is None or before is None:
        return []
    return [*_accuracy(compare.compare(found, before), other), *_gaps(found, before, other)]


def _accuracy(found: compare.Comparison, other: str) -> list[str]:
    if found.reason or found.interval is None:
        return []
    verdict = "" if found.detectable else ", which may be chance"
    if found.means:
        gained = _points(found.means.difference, found.means.interval, str(found.means))
        return [f"Beside `{other}`: test accuracy {gained}{verdict}."]
    how = "on the same test images" if found.p_value is not None else "unpaired"
    gained = f"test accuracy {_points(found.difference, found.interval, how)}{verdict}"
    return [f"This network beside that one of `{other}`: {gained}; other seeds were not compared."]


def _points(value: float, interval: Interval, how: str) -> str:
    low, high = (_POINTS * end for end in interval)
    return f"{_POINTS * value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}, {how})"


def _gaps(found: Record, before: Record, other: str) -> list[str]:
    """By how much training images are ahead at the end, of both."""
    runs = [record.runs.get(record.params.train.seed) for record in (found, before)]
    curves = [run.epochs for run in runs if run and len(run.epochs) > 1]
    if len(curves) < len(runs):
        return []
    ours, theirs = (_POINTS * reading_of_curves.gap(epochs) for epochs in curves)
    return [f"At its end training accuracy is {ours:+.1f} points from validation accuracy, {theirs:+.1f} in `{other}`."]


def _pictures(name: str) -> str:
    """HTML, as Markdown cannot say how wide."""
    folder = experiments.record_folder(name)
    return "\n".join(
        f'<img src="../{folder.as_posix()}/{file}" width="{width}" alt="{name}: {what}">'
        for file, (what, width) in _SHOWN.items()
        if (folder / file).exists()
    )

"""A review as text for the terminal, as Markdown to file and as JSON for programs; all say the same."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import locks
from pipeline.filing.locks import StageComparison
from pipeline.results.seeds import Measured, Replicates
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Figure, Review
from pipeline.tracking.description import escaped

FOLDER = paths.REPORTS / "verdict"


def write(review: Review) -> tuple[Path, Path]:
    """Write reports/verdict/<name>.md and .json; the same review gives the same bytes."""
    markdown, data = (FOLDER / f"{review.subject.name}.{ending}" for ending in ("md", "json"))
    records.write_text(markdown, as_markdown(review))
    records.write_json(data, as_json(review))
    return markdown, data


def as_json(review: Review) -> dict[str, Any]:
    return {
        "name": review.subject.name,
        "revision": review.subject.revision,
        "outcome": review.outcome,
        "exact": locks.exact(review.stages),
        "split": review.split,
        "margin": review.margin,
        "stages": [asdict(stage) for stage in review.stages],
        "computed": list(review.computed),
        "seeds": [asdict(seed) for seed in review.reproduced.seeds],
        "figures": [asdict(figure) for figure in review.figures],
        "notes": review.notes,
    }


def as_text(review: Review) -> str:
    """What the terminal shows: the verdict in its last line."""
    lines = [f"{review.subject.name} at commit {review.subject.revision[:10]}", ""]
    lines += [_stage_line(stage, 18) for stage in review.stages]
    lines += ["", *_seed_lines(review)]
    for figure in review.figures:
        lines += ["", *_figure_lines(figure)]
    lines += ["", *(f"note: {note}" for note in review.notes)] if review.notes else []
    return "\n".join([*lines, "", headline(review)])


def as_markdown(review: Review) -> str:
    parts = [
        f"# Review of {review.subject.name}: {review.outcome}",
        escaped(headline(review)),
        f"Code: commit `{review.subject.revision}`. Measured on the {review.split} images; margin"
        f" ± {100 * review.margin:g} points, declared beforehand unless given with `--margin`.",
        "## Stage by stage",
        "\n".join(f"- {escaped(_stage_line(stage, 0))}" for stage in review.stages),
        "## Accuracies",
        "\n".join(f"- {line}" for line in _seed_lines(review)),
    ]
    for figure in review.figures:
        parts += [f"## Against {figure.what}", "\n".join(f"- {line.strip()}" for line in _figure_lines(figure)[1:])]
    if review.notes:
        parts += ["## Notes", "\n".join(f"- {escaped(note)}" for note in review.notes)]
    return "\n\n".join(parts) + "\n"


def headline(review: Review) -> str:
    """The outcome and, in a sentence, why."""
    stage = locks.first_divergence(review.stages)
    why = {
        Outcome.EXACT: "every output of every stage is the record's, bit for bit",
        Outcome.REPRODUCED: f"the accuracy is within ± {100 * review.margin:g} points of the reported one",
        Outcome.NOT_REPRODUCED: f"the accuracy is further than {100 * review.margin:g} points from the reported one",
        Outcome.INCONCLUSIVE: _undecided(review),
    }[review.outcome]
    parted = f"; first different stage: {stage.name} ({stage.causes[0]})" if stage else ""
    if review.outcome is Outcome.NOT_REPRODUCED and locks.exact(review.stages):
        parted = "; the record itself is reproduced bit for bit, so it is the record that does not have that accuracy"
    return f"{review.outcome}: {why}{parted}"


def advice(figure: Figure) -> str:
    """What would decide an undecided verdict."""
    if figure.needed.seeds:
        return f"about {figure.needed.seeds} seeds in all would decide, if mean and spread stay (--seeds)"
    if figure.needed.images:
        return f"about {figure.needed.images:,} test images would decide, or several seeds (--seeds 3)"
    if figure.reproduced.seeds == 1:
        return "one seed decides nothing here; give several (--seeds 3)"
    return "more seeds cannot decide: the reported figure itself is too uncertain, or lies on the margin"


def measured(value: Measured) -> str:
    """`87.22 % (3 seeds, 180 images)`."""
    seeds = f"{value.seeds} seed{'s' if value.seeds > 1 else ''}"
    return f"{100 * value.mean:.2f} % ({seeds}, {value.images:,} images)"


def _undecided(review: Review) -> str:
    open_figures = [figure for figure in review.figures if figure.verdict.outcome is Outcome.INCONCLUSIVE]
    if not open_figures:
        return "there is no recorded or reported accuracy to compare with"
    return f"against {open_figures[0].what}, {advice(open_figures[0])}"


def _stage_line(stage: StageComparison, width: int) -> str:
    line = f"{stage.name:{width}} {stage.state}" if width else f"{stage.name}: {stage.state}"
    if stage.differing:
        line += f": {', '.join(stage.differing)}"
    return f"{line}; likely cause: {'; '.join(stage.causes)}" if stage.causes else line


def _seed_lines(review: Review) -> list[str]:
    recorded = _recorded(review)
    lines = []
    for seed in review.reproduced.seeds:
        value = getattr(seed, f"{review.split}_accuracy")
        before = f", on record {100 * recorded[seed.seed]:.2f} %" if seed.seed in recorded else ""
        lines.append(f"seed {seed.seed}: {review.split} accuracy {100 * value:.2f} %{before}")
    return lines


def _recorded(review: Review) -> dict[int, float]:
    found = review.subject.record
    if found is None or found.metrics is None:
        return {}
    seeds: Replicates | None = found.seeds
    own = {found.params.train.seed: found.metrics[f"{review.split}_accuracy"]}
    return {seed.seed: getattr(seed, f"{review.split}_accuracy") for seed in seeds.seeds} if seeds else own


def _figure_lines(figure: Figure) -> list[str]:
    verdict = figure.verdict
    low, high = (100 * end for end in verdict.interval)
    lines = [
        f"against {figure.what}: {verdict.outcome}",
        f"  reported   {measured(figure.reported)}",
        f"  reproduced {measured(figure.reproduced)}",
        f"  difference {100 * verdict.difference:+.2f} points, 90 % interval {low:+.2f} to {high:+.2f};"
        f" margin ± {100 * verdict.margin:g}; {verdict.method}",
    ]
    if figure.p_value is not None:
        lines.append(f"  image by image against the recorded network: exact McNemar p = {figure.p_value:.3g}")
    if verdict.outcome is Outcome.INCONCLUSIVE:
        lines.append(f"  {advice(figure)}")
    return lines

"""A review as text for the terminal, as Markdown to file and as JSON for programs; all say the same."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.review import claimed, further, perturbed, sentences
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Review
from pipeline.tracking.description import escaped

FOLDER = paths.REPORTS / "verdict"


def write(review: Review) -> tuple[Path, Path]:
    """Write reports/verdict/<name>.md and .json; the same review gives the same bytes."""
    markdown, data = files(review.subject.name)
    records.write_text(markdown, as_markdown(review))
    records.write_json(data, as_json(review))
    return markdown, data


def files(name: str) -> tuple[Path, Path]:
    """Where the report of a review of `name` is: as Markdown, as JSON."""
    return FOLDER / f"{name}.md", FOLDER / f"{name}.json"


def as_json(review: Review) -> dict[str, Any]:
    claim, found = review.claimed, review.conclusion
    return {
        "name": review.subject.name,
        "revision": review.subject.revision,
        "outcome": review.outcome,
        "exit_code": review.outcome.exit_code,
        "exit_codes": {outcome: outcome.exit_code for outcome in Outcome},
        "headline": sentences.headline(review),
        "warnings": list(review.subject.warnings),
        "elsewhere": list(review.elsewhere),
        "claim": {
            **asdict(claim),
            "same_images": found.question.same_images if found.question else None,
            "on_its_word": found.on_its_word,
        },
        "possible": list(review.possible),
        "split": claim.split,
        "exact": found.exact,
        "computed": list(review.computed),
        "stages": [asdict(stage) for stage in review.stages],
        "seeds": [
            {
                **asdict(item.seed),
                "source": item.source,
                "recorded": item.recorded,
                "same_bits": item.same_bits,
                "same_network": item.same_network,
            }
            for item in review.evidence
        ],
        "verdict": asdict(found.verdict) if found.verdict else None,
        "looks": list(found.question.plan.looks) if found.question else [],
        "reservations": list(review.reservations),
        "further": [{**asdict(found), "outcome": found.outcome} for found in review.further],
        "perturbed": [asdict(one) for one in review.perturbed],
        "pair": asdict(review.pair) if review.pair else None,
        "notes": list(review.notes),
    }


def as_text(review: Review) -> str:
    """What the terminal shows: what must be known first, the verdict last."""
    width = max(len(stage.name) for stage in review.stages)
    lines = [f"{review.subject.name} at commit {review.subject.revision[:10]}"]
    lines += [f"warning: {warning}" for warning in review.subject.warnings]
    lines += [claimed.describe(review.claimed), *review.elsewhere, ""]
    lines += [f"{stage.name:{width}} {sentences.stage(stage)}" for stage in review.stages]
    lines += [sentences.bits(review), "", *accuracies(review)]
    lines += ["", *(f"note: {note}" for note in review.notes)] if review.notes else []
    return "\n".join([*lines, "", sentences.headline(review)])


def as_markdown(review: Review) -> str:
    warnings = [f"**{escaped(warning)}**" for warning in review.subject.warnings]
    parts = [
        f"# Review of {review.subject.name}: {review.outcome}",
        *warnings,
        escaped(sentences.headline(review)),
        f"{escaped(claimed.describe(review.claimed))}. Code: commit `{review.subject.revision}`.",
        _list([*review.possible, *review.elsewhere]),
        "## Stage by stage",
        _list([f"{stage.name}: {sentences.stage(stage)}" for stage in review.stages]),
        escaped(sentences.bits(review)),
        "## Accuracies",
        _list(accuracies(review)),
    ]
    parts += ["## Notes", _list(list(review.notes))] if review.notes else []
    return "\n\n".join(parts) + "\n"


def accuracies(review: Review) -> list[str]:
    """Each seed, then how they compare with what is claimed."""
    seeds = [sentences.seed(item, review.claimed.split) for item in review.evidence]
    others = [further.describe(found) for found in review.further]
    varied = perturbed.describe(review.perturbed, review.evidence, review.claimed.split)
    return [*seeds, *sentences.figures(review), *others, *sentences.pair(review), *varied, *review.reservations]


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)

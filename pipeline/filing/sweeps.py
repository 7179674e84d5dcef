"""The sweep behind a record: how many were tried, how the winner was chosen, and how much of it may be luck.

Known by the fingerprint of the training, which is the trial's: nothing has to be remembered when a trial is promoted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.files import paths, records
from pipeline.filing import contents
from pipeline.results import statistics, sweep_settings
from pipeline.results.objectives import NAMES, Objective
from pipeline.results.trials import COMPLETE

_REMEDY = f"run `herbarium sweep` again, which writes it, or remove {paths.TRIALS.parent}/ to file no sweep"
_SEED_ALONE = "luck with the seed alone: fresh seeds, on the validation images the trial was selected on"
_OTHER_IMAGES = "fresh seeds, each on another draw of validation images, that no trial was selected on"


def behind(training: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the project's last sweep, if the run with this training.json and metrics.json was one of its trials.

    Raises DataError, naming the table of trials, if it or a file beside it is not what the sweep wrote.
    """
    return contents.read(paths.TRIALS, lambda table: _behind(records.read_csv(table), training, metrics), _REMEDY)


def _behind(
    trials: Sequence[Mapping[str, str]], training: Mapping[str, Any], metrics: Mapping[str, Any]
) -> dict[str, Any] | None:
    complete = [trial for trial in trials if trial["state"] == COMPLETE]
    own = next((trial for trial in complete if trial["fingerprint"] == training["fingerprint"]), None)
    if own is None:
        return None
    asked = sweep_settings.read()
    key, chosen_by = _sought(asked, own)
    number, score = int(own["number"]), float(own[key])
    audit = _audit(number)
    better = [trial for trial in complete if float(trial[key]) > score]
    return {
        "trial": number,
        "rank": len(better) + 1,
        "chosen_by": chosen_by,
        key: score,
        "trials": dict(Counter(trial["state"] for trial in trials)),
        "epochs": sum(int(trial["epochs"]) for trial in trials if not trial["same_as"]),
        **({"budget": asked} if asked else {}),
        "audit": audit,
        "audit_says": _SEED_ALONE if audit and "optimism_interval" not in audit else _OTHER_IMAGES,
        "not_selected_on": _not_selected_on(metrics),
        "trials_sha256": records.file_digest(paths.TRIALS),
    }


def _sought(asked: Mapping[str, Any] | None, row: Mapping[str, str]) -> tuple[str, str]:
    """The column of what the sweep looked for, and its name. Of an older sweep the columns tell (the second figure, if
    there is one, else the accuracy), but not how many folds.
    """
    if asked:
        objective = Objective(asked["objective"], asked["folds"])
        return objective.key, objective.said + ("" if objective.folds else " of the kept epoch")
    measures = [name for name in row if name.partition("_")[0] in ("validation", "folds")]
    images, _, measure = measures[-1].partition("_")
    name = f"{NAMES[measure]} over folds" if images == "folds" else f"{Objective(measure).said} of the kept epoch"
    return measures[-1], name


def sentence(sweep: Mapping[str, Any]) -> str:
    """For readers of the record: the validation figure of a winner is that of the luckiest, too."""
    trials, complete = sum(map(int, sweep["trials"].values())), int(sweep["trials"][COMPLETE])
    place = "the best" if sweep["rank"] == 1 else f"number {sweep['rank']}"
    by = sweep["chosen_by"].removesuffix(" of the kept epoch")
    said = f"{place} of {complete} complete among {trials} trials of a sweep, by {by}"
    if audit := sweep["audit"]:
        said += _of_audit(audit)
    other = sweep["not_selected_on"]
    low, high = (100 * end for end in other["interval"])
    return (
        f"{said}; validation minus test accuracy, on images that no trial was selected on,"
        f" {100 * other['difference']:+.2f} points (95 % interval {low:+.2f} to {high:+.2f})"
    )


def _of_audit(audit: Mapping[str, Any]) -> str:
    """Records of before there was an interval have audited the seed alone."""
    seeds = f"{len(audit['seeds'])} fresh seeds"
    if "optimism_interval" not in audit:
        return f"; luck with the seed {100 * audit['optimism']:+.2f} points ({seeds})"
    said = f"; selection optimism {100 * audit['optimism']:+.2f} points ({seeds}, on images it was not selected on"
    if interval := audit["optimism_interval"]:
        said += "; 95 % interval {:+.2f} to {:+.2f}".format(*(100 * end for end in interval))
    return f"{said})"


def _audit(trial: int) -> dict[str, Any] | None:
    audits = records.read_json(paths.AUDIT) if paths.AUDIT.exists() else []
    return next((dict(audit) for audit in audits if audit["trial"] == trial), None)


def _not_selected_on(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Validation minus test accuracy: what the selection flatters is in it, and chance with both sets of images."""
    counts = [
        count
        for split in ("validation", "test")
        for count in (round(metrics[f"{split}_accuracy"] * metrics[f"{split}_images"]), metrics[f"{split}_images"])
    ]
    difference = metrics["validation_accuracy"] - metrics["test_accuracy"]
    return {
        "images": "test",
        "accuracy": metrics["test_accuracy"],
        "difference": difference,
        "interval": statistics.unpaired_interval(*counts),
    }

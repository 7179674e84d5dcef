"""`herbarium replicate --folds`: cross-validation of the experiment in params.yaml, on its stored activations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.commands.setup import prepared, require_dvc, require_inputs
from pipeline.process import folder_lock

if TYPE_CHECKING:
    from pipeline.params.schema import Params
    from pipeline.results.cross_validation import CrossValidation, FoldResult
    from pipeline.results.history import Epoch

_COMMAND = "herbarium replicate --folds"


def run(count: int, repeats: int) -> None:
    """Measure `count` folds, `repeats` times; write reports/folds.json after each, print it, show it in MLflow.

    Folds that were measured before, from the same inputs by the same code, are not trained again.
    """
    params = prepared()
    require_dvc()
    require_inputs(params)
    from pipeline.files import features_index, paths, records
    from pipeline.filing.seeds import experiment_digest
    from pipeline.identity import certificate, fingerprint
    from pipeline.model import cross_validation, division
    from pipeline.params import config, unchanged
    from pipeline.process import notices, verbosity
    from pipeline.results import cross_validation as outcomes
    from pipeline.results.cross_validation import CrossValidation
    from pipeline.sweep import command

    found = CrossValidation(experiment_digest(params), count, repeats, ())
    curves: list[tuple[FoldResult, list[Epoch]]] = []

    def add(result: "FoldResult", epochs: "list[Epoch]") -> None:
        nonlocal found
        found = CrossValidation(found.experiment, count, repeats, (*found.results, result))
        curves.append((result, epochs))
        verbosity.say(
            f"repeat {result.repeat}, fold {result.fold}: accuracy {result.accuracy:.4f}, balanced"
            f" {result.balanced_accuracy:.4f} of {result.images:,} images{'' if epochs else ' (measured before)'}"
        )
        records.write_json(outcomes.REPORT, outcomes.to_json(found))

    with folder_lock.command_alone(_COMMAND, wait=True):
        command.bring_features_up_to_date(verbosity.quiet(), folder_lock.lent())
        unchanged.require(params, _COMMAND)
        certificate.require((*features_index.files(fingerprint.SPLITS), paths.CLASSES))
        with folder_lock.outputs_kept(_COMMAND):
            divided = division.of_project(count, repeats, params.train.seed)
            cross_validation.run(
                lambda repeat: config.with_seed(params, params.train.seed + repeat - 1), divided, _known(), add
            )
    verbosity.say("")
    print(f"{outcomes.describe(found)}\ndetails: {outcomes.REPORT}")
    if params.train.early_stopping_patience:
        print("note: the kept epoch was chosen on the images held out, so these figures are somewhat too high")
    notices.or_warn(lambda: _show(params, found, curves))


def _known() -> "dict[str, FoldResult]":
    """What reports/folds.json has, by fingerprint. Raises DataError naming it if it is damaged."""
    from pipeline.files import records
    from pipeline.filing import contents
    from pipeline.results import cross_validation as outcomes

    before = contents.read(outcomes.REPORT, lambda path: outcomes.from_json(records.read_json(path)), "remove it")
    return {result.fingerprint: result for result in before.results} if before else {}


def _show(params: "Params", found: "CrossValidation", curves: "Sequence[tuple[FoldResult, list[Epoch]]]") -> None:
    from pipeline.params import config
    from pipeline.results import cross_validation as outcomes
    from pipeline.tracking.reviews import Replication

    shown = Replication(f"{found.experiment} {found.folds} folds, {found.repeats} times", params, "folds")
    for result, epochs in curves:
        values = outcomes.figures(result)
        shown.seed(config.with_seed(params, result.seed), result.fingerprint, epochs, values)
    shown.finished(outcomes.values(found), outcomes.REPORT)

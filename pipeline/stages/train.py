"""Stage train: activations at the cut → models/model.keras and the learning curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeline.files import paths, records
from pipeline.identity import determinism, fingerprint
from pipeline.identity.environment import environment
from pipeline.model import assembly, training
from pipeline.model.training import Trained
from pipeline.results import history
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.schema import Params


def run(
    params: Params,
    on_start: Callable[[str], None] = lambda _: None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
) -> None:
    """Train and write the model; `params` needs images, backbone, head, train and compute.

    `on_start` is told the run's fingerprint, `on_epoch` every epoch as it ends.
    """
    determinism.prepare(params.compute)

    def report(epoch: Epoch) -> None:
        print(describe(epoch), flush=True)
        on_epoch(epoch)

    trained = training.run(params, on_start, report, paths.CHECKPOINTS)
    assembly.save(trained.assembled, paths.MODEL)
    records.write_text(paths.MODEL_SUMMARY, assembly.summary(trained.assembled.full))
    history.write(paths.HISTORY, trained.epochs)
    content = summarise(trained, params)
    records.write_json(paths.TRAINING, content)
    training.forget(paths.CHECKPOINTS, trained.fingerprint)
    parameters = content["parameters"]
    print(f"kept epoch {trained.kept_epoch}; {parameters['trainable']:,} of {parameters['total']:,} parameters trained")


def summarise(trained: Trained, params: Params) -> dict[str, Any]:
    """The content of training.json: what was trained, from what, and what its bits depend on."""
    inputs = fingerprint.training_inputs(params)
    return {
        "fingerprint": trained.fingerprint,
        "classes": records.read_json(paths.CLASSES),
        "parameters": assembly.parameter_counts(trained.assembled),
        "kept_epoch": trained.kept_epoch,
        "epochs": trained.epochs[-1].epoch,
        "unfrozen_layers": params.train.unfrozen_layers,
        "unfrozen": trained.assembled.network.unfrozen(params.train.unfrozen_layers),
        "cut": trained.assembled.cut.layer,
        "images_digest": records.digest(inputs["sources"]),
        "features_digest": records.digest(inputs),
        "code": fingerprint.training_code(),
        "environment": environment(params.compute),
    }


def describe(epoch: Epoch) -> str:
    return (
        f"epoch {epoch.epoch:3d}  train loss {epoch.train_loss:.4f} accuracy {epoch.train_accuracy:.4f}"
        f"  validation loss {epoch.validation_loss:.4f} accuracy {epoch.validation_accuracy:.4f}"
    )

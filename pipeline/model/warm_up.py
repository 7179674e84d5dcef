"""The epochs before the network's own: the head alone, on the frozen backbone's output, as deep as the cut may be.

They depend on no parameter of the epochs after them, so trainings that differ in those only share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.files import records
from pipeline.identity import fingerprint
from pipeline.model import checkpoints, prepared
from pipeline.model import fit as fitting
from pipeline.model.fit import Phase
from pipeline.model.prepared import Prepared
from pipeline.results.history import Epoch

if TYPE_CHECKING:
    from pipeline.params.schema import Params

LARGEST = 1 << 30  # bytes of a folder of warm-ups; the oldest ones go


def run(
    network: Prepared,
    params: Params,
    on_epoch: Callable[[Epoch], None],
    checkpoint: Path | None,
    shared: Path | None,
    root: Path,
) -> list[Epoch]:
    """Train the head; returns its epochs. `shared` is a folder of warm-ups to take this one from, or to leave it in."""
    head, settings = network.assembled.head, params.train
    end = shared / f"{_name(params, root)[:32]}.npz" if shared else None
    state = checkpoints.State([variable.value for variable in head.variables], [], end)
    if epochs := state.restore():
        for epoch in epochs:
            on_epoch(epoch)
        return epochs
    phase = Phase(settings.warmup_epochs, settings.warmup_learning_rate, "constant", patience=None)
    steps = network.steps(head, settings)
    epochs = fitting.fit(head, *network.at_output, settings, phase, on_epoch, checkpoint, steps)
    if shared:
        state.keep()
        state.save(epochs)
        _bound(shared)
    return epochs


def _name(params: Params, root: Path) -> str:
    """Of all trainings with these epochs. Random weights follow from how many of them are trained."""
    cut = {} if params.backbone.weights == "none" else {"unfrozen_layers": 0}
    return fingerprint.of_project(prepared.changed(params, train={**prepared.JOINT, **cut}), root)


def _bound(folder: Path) -> None:
    taken = 0
    for _, size, path in sorted(_finished(folder), reverse=True):
        taken += size
        if taken > LARGEST:
            path.unlink(missing_ok=True)


def _finished(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """(time, bytes, path) of each warm-up; none that another worker is still writing, or has removed meanwhile."""
    for path in records.finished(folder, "*.npz"):
        with suppress(FileNotFoundError):
            found = path.stat()
            yield found.st_mtime_ns, found.st_size, path

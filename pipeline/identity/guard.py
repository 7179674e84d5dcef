"""What a stage begins with is what it ends with, or it fails: DVC hashes parameters, code and data after the command.

So a stage takes stock of all that dvc.yaml declares for it, works with what is in stock, and looks again at the end:
nothing is certified as used that was put there while it ran.
"""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.files import records
from pipeline.identity import certificate, inputs, receipts, stock
from pipeline.identity.stock import Stock
from pipeline.process import importing, loaded, naming
from pipeline.process.errors import HerbariumError, MachineError

_NAMED = 5


class ChangedError(HerbariumError):
    """What the stage depends on was changed while it ran."""


@contextmanager
def guarded(stage: str, whole: bool = False) -> Iterator[Stock]:
    """Within it `stage` runs, with the parameters in stock and code that was loaded before.

    Raises ConfigError or MachineError as `stock.take`, DataError if DVC runs the stage on other files than dvc.lock has
    of the stages before it (large ones are read for that only if `whole`: for stages that have no digests of them), and
    ChangedError, in place of other errors, if something the stage depends on was changed meanwhile.
    """
    taken = stock.take(stage)
    if receipts.BY_DVC in os.environ:  # a stage that is run by hand takes what is there
        receipts.require()
        _require_certified(taken, whole)
    try:
        _load(taken)
        yield taken
    except (ChangedError, certificate.WithdrawnError):  # the change that is seen by now may be the withdrawal
        raise
    except Exception as error:
        _refuse(_all_changes(taken), error)
        raise
    _refuse(_all_changes(taken))
    receipts.leave(taken)


def look(taken: Stock) -> None:
    """Raise ChangedError if parameters, packages or code have changed: the sooner, the less work is in vain."""
    _refuse(stock.changes(taken))


def _load(taken: Stock) -> None:
    """Import all code of the stage now: what is put on the disk from here on does not run.

    Raises MachineError if the modules here are not those that run, ChangedError if one was written since the process
    began, whatever is in it by now: it may have been loaded before or after.
    """
    root = loaded.PACKAGE.parent
    with importing.uncollected():
        for file, digest in taken.code.items():
            if Path(file).is_file() and records.md5(root / file) != digest:
                raise MachineError(
                    f"{file}: another one runs, {root / file}, and dvc.lock would name this one: start the stage as"
                    f" {taken.stage} is in dvc.yaml, in the project's folder, without PYTHONSAFEPATH"
                )
            importlib.import_module(".".join(Path(file).with_suffix("").parts))
    _refuse(
        [f"{file} was written while {taken.stage} began" for file in taken.code if loaded.written_since(root / file)]
    )


def _require_certified(taken: Stock, whole: bool) -> None:
    def wanted(path: str) -> bool:
        depends = any(path == dep or path.startswith(f"{dep}/") for dep in taken.declared.data)
        return depends and (whole or (Path(path).is_file() and Path(path).stat().st_size <= inputs.SMALL_BYTES))

    certificate.require(Path(path) for path in certificate.outputs() if wanted(path))


def _all_changes(taken: Stock) -> list[str]:
    return [*stock.changes(taken), *stock.data_changes(taken)]


def _refuse(changes: list[str], cause: Exception | None = None) -> None:
    if changes:
        raise ChangedError(f"{naming.some(changes, _NAMED, '; ')}: run dvc repro again") from cause

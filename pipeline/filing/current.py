"""The results here are those of the parameters, code and images beside them: asked before others are told of them."""

from pipeline.files import paths
from pipeline.filing import locks, reading
from pipeline.identity import agreement, certificate
from pipeline.params import config
from pipeline.process.errors import DataError


def require() -> None:
    """Raise DataError, naming what differs, if a result here was changed, or was made with another params.yaml.

    Where no dvc.lock is, as in a folder that was copied without it, only the network can be asked.
    """
    certificate.require_results()
    lock = reading.read_lock(paths.LOCK)
    if lock and (stale := locks.stale_parameters(lock, config.read_yaml(paths.PARAMS))):
        raise DataError(
            f"{paths.LOCK}: the results are made with other values: {locks.stale_sentence(stale)}; run `dvc repro`"
        )
    agreement.require_trained(config.load())

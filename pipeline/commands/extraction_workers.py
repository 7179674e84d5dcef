"""Extraction by other processes, of this machine or of several: a chunk is a pure function of its rows.

Whoever computes it, in whatever order, and however many of them end, the bytes are the same: chunks are written in
their order, one that was lost is computed again.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.process.errors import MachineError

if TYPE_CHECKING:
    from pipeline.params.schema import Params

_AHEAD = 2  # chunks for each worker: it never waits, and few results are in memory


@contextmanager
def of(params: "Params", workers: int, scheduler: str | None) -> Iterator[Callable[[str], Any] | None]:
    """What `extract_features.run` calls `elsewhere`; None for one worker: this process.

    Raises ConfigError if no scheduler answers, WorkersError if it goes away, or its workers cannot do their part.
    """
    if workers == 1 and not scheduler:
        yield None
        return
    from pipeline.sweep import executors

    content = json.dumps(params.model_dump())
    with executors.connected(workers, scheduler) as client:
        count = sum(int(threads) for threads in client.nthreads().values())

        def agreed(bits: str) -> Callable[[str, Iterable[Sequence[int]]], Iterator[list[Any]]]:
            def computed(split: str, chunks: Iterable[Sequence[int]]) -> Iterator[list[Any]]:
                return _in_order(client, count * _AHEAD, (content, bits, str(Path.cwd()), split), chunks)

            return computed

        yield agreed


def _in_order(client: Any, ahead: int, work: tuple[str, ...], chunks: Iterable[Sequence[int]]) -> Iterator[list[Any]]:
    from pipeline.sweep import executors

    waiting: deque[Any] = deque()
    for rows in chunks:
        waiting.append(client.submit(_compute, *work, [int(row) for row in rows], pure=False))
        if len(waiting) > ahead:
            yield executors.result(waiting.popleft())
    while waiting:
        yield executors.result(waiting.popleft())


def _compute(content: str, bits: str, root: str, split: str, rows: list[int]) -> list[Any]:
    """On a worker: the activations of those rows, one array a file."""
    from pipeline.files import paths
    from pipeline.model import filling

    params, lower = _network(content, bits, root)
    wanted = filling.Wanted.rows_of(split, params, Path(root))
    ids = Path(root) / paths.ids(split)
    identities = _identities(split, root, ids.stat().st_mtime_ns) if wanted.views else []
    found: list[Any] = lower(wanted.chunk(rows, identities))
    return found


@lru_cache(maxsize=1)
def _network(content: str, bits: str, root: str) -> tuple["Params", Any]:
    """Built and traced once a process. Raises MachineError if it has other bits here."""
    from pipeline.identity import determinism, libraries

    libraries.start()
    from pipeline.model import backbones, extraction
    from pipeline.params import config

    params = config.check(json.loads(content), "the extraction's parameters")
    determinism.prepare(params.compute)
    network = backbones.build(params.backbone, params.images, root=Path(root))
    network.freeze_below(0)
    if extraction.bits(network, params) != bits:
        raise MachineError(
            "a worker would compute other bits: it has other code, weights or package versions, or is another machine"
        )
    return params, extraction.lower_of(network, params)


@lru_cache(maxsize=1)
def _identities(split: str, root: str, written: int) -> list[int]:
    """Of all images of a split: read once, not for each chunk; `written`: when the file was."""
    from pipeline.model import filling

    return filling.image_identities(split, Path(root))

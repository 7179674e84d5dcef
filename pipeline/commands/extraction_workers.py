"""Extraction by other processes, of this machine or of several: a chunk is a pure function of its rows.

Whoever computes it, in whatever order, and however many of them end, the bytes are the same: chunks are written in
their order, one that was lost is computed again.
"""

import json
import math
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.process.errors import MachineError

if TYPE_CHECKING:
    from pipeline.model.filling import Wanted
    from pipeline.params.schema import Params

WORKERS, SCHEDULER = "HERBARIUM_WORKERS", "HERBARIUM_SCHEDULER"  # say to a stage of `dvc repro` who computes
_AHEAD = 2  # chunks for each worker: it never waits, and few results are in memory
_ASK_SECONDS = 5.0  # workers come and go: so often it is asked how many there are


@contextmanager
def of(params: "Params", workers: int, scheduler: str | None) -> Iterator[Callable[[str], Any] | None]:
    """What `extract_features.run` calls `elsewhere`; None for one worker: this process.

    Raises ConfigError if no scheduler answers, WorkersError if it goes away, or its workers cannot do their part.
    """
    if workers == 1 and not scheduler:
        yield None
        return
    from pipeline.model import filling
    from pipeline.sweep import executors

    content = json.dumps(params.model_dump())
    with executors.connected(workers, scheduler) as client:
        at_once = _at_once(client)

        def agreed(bits: str) -> Callable[[str, Iterable[Sequence[int]]], Iterator[list[Any]]]:
            def computed(split: str, chunks: Iterable[Sequence[int]]) -> Iterator[list[Any]]:
                root = str(Path.cwd())
                identities = _identities_of(filling.Wanted.rows_of(split, params, Path(root)))
                parts = (([int(n) for n in rows], _seen(root, split, rows, identities)) for rows in chunks)
                return _in_order(client, at_once, (content, bits, root, split), parts)

            return computed

        yield agreed


def _at_once(client: Any) -> Callable[[], int]:
    """How many chunks may be under way: so many for each worker there is by now, or for one if there is none yet."""
    asked, threads = -math.inf, 1

    def at_once() -> int:
        nonlocal asked, threads
        if time.monotonic() - asked >= _ASK_SECONDS:
            asked, threads = time.monotonic(), max(1, sum(int(n) for n in client.nthreads().values()))
        return _AHEAD * threads

    return at_once


def _in_order(
    client: Any, at_once: Callable[[], int], work: tuple[str, ...], chunks: Iterable[tuple[list[int], str]]
) -> Iterator[list[Any]]:
    """Of chunks, rows and what is `_seen` of them, the activations; as many are under way as `at_once` says."""
    from pipeline.sweep import executors

    waiting: deque[Any] = deque()
    for rows, seen in chunks:
        waiting.append(client.submit(_compute, *work, rows, seen, pure=False))
        while len(waiting) > at_once():
            yield executors.result(waiting.popleft())
    while waiting:
        yield executors.result(waiting.popleft())


def _compute(content: str, bits: str, root: str, split: str, rows: list[int], seen: str) -> list[Any]:
    """On a worker: the activations of those rows, one array a file. Raises MachineError if its images are others."""
    from pipeline.model import filling

    params, lower = _network(content, bits, root)
    wanted = filling.Wanted.rows_of(split, params, Path(root))
    identities = _identities_of(wanted)
    if _seen(root, split, rows, identities) != seen:
        raise MachineError(
            f"a worker, {platform.node()}, has other images in {root}: bring data/images there (dvc pull preprocess),"
            " then run this again"
        )
    found: list[Any] = lower(wanted.chunk(rows, identities))
    return found


def _seen(root: str, split: str, rows: Sequence[int], identities: Sequence[int]) -> str:
    """What the rows follow from beside the network: the pixels of their images, and what their views are drawn from."""
    from pipeline.files import paths, records

    stored = records.read_npy(Path(root) / paths.images(split))
    images = [row % len(stored) for row in rows]
    return records.digest([records.array_digest(stored[images]), [identities[n] for n in images if identities]])


@lru_cache(maxsize=1)
def _network(content: str, bits: str, root: str) -> tuple["Params", Any]:
    """Built and traced once a process. Raises MachineError if it has other bits here."""
    from pipeline.identity import determinism, libraries
    from pipeline.params import config
    from pipeline.process import importing

    with importing.uncollected():
        libraries.start()
        from pipeline.model import backbones, extraction

    params = config.check(json.loads(content), "the extraction's parameters")
    determinism.prepare(params.compute)
    network = backbones.build(params.backbone, params.images, root=Path(root))
    network.freeze_below(0)
    if extraction.bits(network, params) != bits:
        raise MachineError(
            "a worker would compute other bits: it has other code, weights or package versions, or is another machine"
        )
    return params, extraction.lower_of(network, params)


def _identities_of(wanted: "Wanted") -> list[int]:
    """What views of the split's images are drawn from; none if it has no views."""
    from pipeline.files import paths

    if not wanted.views:
        return []
    written = (wanted.root / paths.ids(wanted.split)).stat().st_mtime_ns
    return _identities(wanted.split, str(wanted.root), written)


@lru_cache(maxsize=1)
def _identities(split: str, root: str, written: int) -> list[int]:
    """Of all images of a split: read once, not for each chunk; `written`: when the file was."""
    from pipeline.model import filling

    return filling.image_identities(split, Path(root))

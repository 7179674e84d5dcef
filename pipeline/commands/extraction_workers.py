"""Extraction by other processes, of this machine or of several: a chunk is a pure function of its rows.

Whoever computes it, in whatever order, and however many of them end, the bytes are the same: chunks are written in
their order, one that was lost is computed again.
"""

import json
import math
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.process.errors import MachineError

if TYPE_CHECKING:
    from pipeline.model.wanted import Place, Wanted
    from pipeline.params.schema import Params

WORKERS, SCHEDULER = "HERBARIUM_WORKERS", "HERBARIUM_SCHEDULER"  # say to a stage of `dvc repro` who computes
MOST = 256  # processes of one machine: a slip of the finger is not to take all its memory
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
    from pipeline.sweep import executors

    content = json.dumps(params.model_dump())
    with executors.connected(workers, scheduler) as client:
        at_once = _at_once(client)

        def agreed(bits: str) -> Callable[[Iterable[Sequence["Place"]]], Iterator[list[Any]]]:
            def computed(chunks: Iterable[Sequence["Place"]]) -> Iterator[list[Any]]:
                root = str(Path.cwd())
                splits, identities = _splits(params, root)
                parts = ((list(places), _seen(splits, identities, places)) for places in chunks)
                return _in_order(client, at_once, (content, bits, root), parts)

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
    client: Any, at_once: Callable[[], int], work: tuple[str, ...], chunks: Iterable[tuple[list["Place"], str]]
) -> Iterator[list[Any]]:
    """Of chunks, places and what is `_seen` of them, the activations; as many are under way as `at_once` says."""
    from pipeline.sweep import executors

    waiting: deque[Any] = deque()
    for places, seen in chunks:
        waiting.append(client.submit(_compute, *work, places, seen, pure=False))
        while len(waiting) > at_once():
            yield executors.result(waiting.popleft())
    while waiting:
        yield executors.result(waiting.popleft())


def _compute(content: str, bits: str, root: str, places: list["Place"], seen: str) -> list[Any]:
    """On a worker: the activations at those places, one array a file. Raises MachineError if its images are others."""
    from pipeline.model import wanted

    params, lower = _network(content, bits, root)
    splits, identities = _splits(params, root)
    if _seen(splits, identities, places) != seen:
        raise MachineError(
            f"a worker, {platform.node()}, has other images in {root}: bring data/images there (dvc pull preprocess),"
            " then run this again"
        )
    found: list[Any] = lower(wanted.chunk(splits, identities, places))
    return found


def _seen(splits: Mapping[str, "Wanted"], identities: Mapping[str, list[int]], places: Sequence["Place"]) -> str:
    """What the rows follow from beside the network: the pixels of their images, and what their views are drawn from."""
    from pipeline.files import paths, records
    from pipeline.model import wanted

    seen = []
    for split, rows in wanted.by_split(places):
        stored = records.read_npy(splits[split].root / paths.images(split))
        images = [row % len(stored) for row in rows]
        seen.append([records.array_digest(stored[images]), [identities[split][n] for n in images if identities[split]]])
    return records.digest(seen)


@lru_cache(maxsize=1)
def _network(content: str, bits: str, root: str) -> tuple["Params", Any]:
    """Built and traced once a process. Raises MachineError if it has other bits here."""
    from pipeline.identity import determinism, libraries
    from pipeline.params import config

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


def _splits(params: "Params", root: str) -> tuple[dict[str, "Wanted"], dict[str, list[int]]]:
    """What may be asked of each split, and what views of its images are drawn from; nothing if it has no views."""
    from pipeline.files import paths
    from pipeline.model.wanted import Wanted

    splits = {split: Wanted.rows_of(split, params, Path(root)) for split in paths.SPLITS}
    return splits, {split: _identities_of(of_split) if of_split.views else [] for split, of_split in splits.items()}


def _identities_of(wanted: "Wanted") -> list[int]:
    from pipeline.files import paths

    written = (wanted.root / paths.ids(wanted.split)).stat().st_mtime_ns
    return _identities(wanted.split, str(wanted.root), written)


@lru_cache(maxsize=1)
def _identities(split: str, root: str, written: int) -> list[int]:
    """Of all images of a split: read once, not for each chunk; `written`: when the file was."""
    from pipeline.model import wanted

    return wanted.image_identities(split, Path(root))

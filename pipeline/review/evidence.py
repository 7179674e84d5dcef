"""What speaks in a review: the seeds that ran here, and those on record that its lock vouches for."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipeline.files import paths
from pipeline.filing import divergence, locks, seed_runs
from pipeline.filing.locks import Lock
from pipeline.filing.record import Record
from pipeline.results.figures import Run
from pipeline.results.seeds import Measured, Seed, counted
from pipeline.review.rerun import Rerun


class Source(StrEnum):
    COMPUTED = "computed here"
    CACHED = "from the cache"
    VOUCHED = "not run here, vouched for by the record's lock"


@dataclass(frozen=True)
class Evidence:
    """One seed. `recorded`: its accuracy on record, as a lock vouches for it; `same_bits`: of all its outputs.

    `same_network`: of its weights and of all it predicts; reports may have come to say more. `measured`: what all its
    figures follow from.
    """

    seed: Seed
    source: Source
    measured: Run
    recorded: float | None = None
    same_bits: bool = False
    same_network: bool = False


def of_runs(reruns: Sequence[Rerun], record: Record | None, split: str) -> list[Evidence]:
    """The seeds that ran, in their order; then those on record, if every seed that ran has the record's network.

    Then they are what would have been computed here. On a machine that gives other bits they are another's.
    """
    ran = [_ran(rerun, record, split) for rerun in reruns]
    if record is None or record.seeds is None or not all(found.same_network for found in ran):
        return ran
    accuracies, last = record.accuracies(split), ran[-1].seed.seed
    further = [seed for seed in record.seeds.seeds if seed.seed > last]
    return [
        *ran,
        *(
            Evidence(seed, Source.VOUCHED, record.runs[seed.seed], accuracies[seed.seed], True, True)
            for seed in further
        ),
    ]


def measured(evidence: Sequence[Evidence], split: str, images: int) -> Measured:
    accuracies = tuple(getattr(found.seed, f"{split}_accuracy") for found in evidence)
    return Measured(accuracies, images, len(accuracies))


def looked_up(evidence: Sequence[Evidence]) -> str | None:
    """Why nothing is said of a claim where seeds were to be computed, if they were not."""
    seeds = [str(found.seed.seed) for found in evidence if found.source is Source.CACHED]
    return f"seeds {', '.join(seeds)} came from a cache of DVC's, and were to be computed" if seeds else None


def share(evidence: Sequence[Evidence]) -> str:
    """`1 of 10 seeds was run here, the others are the record's`; empty if all were run."""
    ran = sum(found.source is not Source.VOUCHED for found in evidence)
    if ran == len(evidence):
        return ""
    return f"{ran} of {counted(len(evidence))} {'was' if ran == 1 else 'were'} run here, the others are the record's"


def _ran(rerun: Rerun, record: Record | None, split: str) -> Evidence:
    number = rerun.seed.seed
    source = Source.COMPUTED if {"train", "evaluate"} <= {*rerun.computed} else Source.CACHED
    if record is None:
        return Evidence(rerun.seed, source, rerun.measured)
    lock = record.locks.get(number)
    same = lock is not None and divergence.exact(divergence.compare(lock, rerun.lock, {}, {}))
    network = lock is not None and _same_network(lock, rerun.lock)
    return Evidence(rerun.seed, source, rerun.measured, record.accuracies(split).get(number), same, network)


def _same_network(recorded: Lock, ran: Lock) -> bool:
    """Whether predictions have the hashes on record, which all figures follow from, and weights if they have one."""
    before, now = locks.outputs(recorded), locks.outputs(ran)
    predictions = [path.as_posix() for path in seed_runs.TABLES]
    wanted = [*predictions, *({paths.MODEL.as_posix()} & before.keys())]
    return all(path in before and before[path] == now.get(path) for path in wanted)

"""The first seed once more, with one thing changed on purpose: how much of a figure hangs on what is seldom reported.

Arithmetic and threads decide last bits only, which training may enlarge; another draw of the split is other data of
the same source, and often moves a figure further than another seed does (Bouthillier et al. 2021). None of it is part
of the claim, so it decides nothing; it stands beside the spread of the seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.identity import determinism
from pipeline.identity.accelerator import accelerator
from pipeline.identity.instruction_set import cpu_flags
from pipeline.params.data_section import Data
from pipeline.params.schema import Params
from pipeline.params.slicing import parse
from pipeline.process.errors import ConfigError, HerbariumError
from pipeline.review import rerun
from pipeline.review.elsewhere import Elsewhere
from pipeline.review.evidence import Evidence
from pipeline.review.workspace import Say, Workspace

PRECISION, THREADS = MACHINE = ("precision", "threads")
_POINTS = 100


@dataclass(frozen=True)
class Variation:
    """`what` was changed, in words; `split`: it is another draw of the split."""

    what: str
    params: Params
    split: bool = False


@dataclass(frozen=True)
class Perturbed:
    """What came of a variation. `difference`: its accuracy minus that of the first seed, fractions."""

    what: str
    split: bool
    accuracy: float
    difference: float
    images: int


def variations(params: Params, vary: Sequence[str], resplit: int) -> list[Variation]:
    """Of the parameters that are run. Raises ConfigError or MachineError for what cannot be."""
    unknown = sorted(set(vary) - set(MACHINE))
    if unknown:
        raise ConfigError(f"--vary: found {', '.join(unknown)}; allowed: {', '.join(MACHINE)}, once each")
    if resplit:
        _require_draws(params.data)
    of_machine = [_of_machine(params, what) for what in dict.fromkeys(vary)]
    return [*of_machine, *(_of_split(params, draw + 1) for draw in range(resplit))]


def _require_draws(data: Data) -> None:
    splits = (data.splits.train, data.splits.validation, data.splits.test)
    if data.splitting.method == "slices" and all(part.whole for text in splits for part in parse(text)):
        raise ConfigError(
            f"--resplit: data.splits are whole splits of the source ({', '.join(splits)}), of which there is one draw;"
            " leave it out"
        )


def run(
    copy: Workspace, wanted: Sequence[Variation], elsewhere: Elsewhere, first: Evidence, split: str, say: Say
) -> tuple[list[Perturbed], list[str]]:
    """Run each with the seed of the first; a sentence on each that cannot be run: the seeds have decided already."""
    found, failed = [], []
    before = getattr(first.seed, f"{split}_accuracy")
    for one in wanted:
        say(one.what)
        try:
            done = rerun.run(copy, one.params, first.seed.seed, say, elsewhere)
        except HerbariumError as error:
            failed.append(f"{one.what}: could not be run: {error}")
            say(f"warning: {failed[-1]}")
            continue
        accuracy = getattr(done.seed, f"{split}_accuracy")
        found.append(Perturbed(one.what, one.split, accuracy, accuracy - before, done.images[split]))
    return found, failed


def describe(found: Sequence[Perturbed], seeds: Sequence[Evidence], split: str) -> list[str]:
    """A line each, and how other draws of the split spread beside the seeds."""
    lines = [
        f"{one.what}: {split} accuracy {_POINTS * one.accuracy:.2f} %, {_POINTS * one.difference:+.2f} points"
        f" ({one.images:,} images; decides nothing)"
        for one in found
    ]
    draws = [one.accuracy for one in found if one.split]
    ran = [getattr(seed.seed, f"{split}_accuracy") for seed in seeds]
    if draws:
        lines.append(
            f"spread of {split} accuracy (standard deviation): over draws of the split {_spread([ran[0], *draws])},"
            f" over seeds {_spread(ran)}"
        )
    return lines


def _of_machine(params: Params, what: str) -> Variation:
    compute = params.compute
    if what == PRECISION:
        other = "bfloat16" if compute.precision == "float32" else "float32"
        if other == "bfloat16":
            determinism.check_bfloat16(cpu_flags(), gpus=int(accelerator() != "none"))
        changed = compute.model_copy(update={"precision": other})
    else:
        changed = compute.model_copy(update={"threads": 1 if compute.threads > 1 else 2})
    now, was = getattr(changed, what), getattr(compute, what)
    return Variation(f"with {what} {now} instead of {was}", params.model_copy(update={"compute": changed}))


def _of_split(params: Params, draw: int) -> Variation:
    """Slices as they are stored are one draw; the same slices of an order that a seed decides are others."""
    own = params.data.splitting
    method = "random" if own.method == "slices" else own.method
    splitting = own.model_copy(update={"method": method, "seed": own.seed + draw})
    data = params.data.model_copy(update={"splitting": splitting})
    what = f"with another draw of the split ({method}, seed {splitting.seed})"
    return Variation(what, params.model_copy(update={"data": data}), split=True)


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return "unknown (one)"
    return f"± {_POINTS * float(np.std(values, ddof=1)):.2f} points ({len(values)})"

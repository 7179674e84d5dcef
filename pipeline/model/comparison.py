"""Backbones compared on one sample: those a person names, or those whose weights can be had on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.model import candidates, probing, published, ranking
from pipeline.model.candidates import Candidate
from pipeline.model.probing import Probed, Sample
from pipeline.process import verbosity
from pipeline.process.errors import ConfigError, HerbariumError, in_one_line

if TYPE_CHECKING:
    from pipeline.params.schema import Params
    from pipeline.process.compat.keras_internals import Download

Makers = list[tuple[str, Callable[[], Candidate]]]  # a name, and how to make what it names
_REASON = 240  # characters


@dataclass(frozen=True)
class Compared:
    """`found`: those that were probed, the best first; `refused`: why others were not, a sentence each."""

    found: Sequence[Probed]
    refused: Sequence[str]


def compared(
    named: Sequence[str],
    params: Params,
    side: int | None,
    sample: Sample,
    advise: Callable[[str, Download], str] = lambda _, file: published.advice(file),
) -> Compared:
    """Probe the present backbone and those `named`, or all to be had. Raises ConfigError if none can be.

    `advise`: what to do for a network whose file of weights is not to be had.
    """
    makers, refused = _makers(named, params, side, advise)
    found = []
    for text, make in makers:
        verbosity.say(f"{text}: looking at {len(sample.labels):,} images")
        try:
            found.append(probing.probe(make(), sample))
        except HerbariumError as error:
            refused.append(_reason(text, error))
    if not found:
        raise ConfigError("\n".join(["no backbone could be compared", *refused]))
    return Compared(ranking.ranked(found), refused)


def _reason(text: str, error: HerbariumError) -> str:
    said = in_one_line(error)
    size = " (another size: --side)" if "cannot take these images" in said else ""
    return f"{text}: {said if len(said) <= _REASON else f'{said[:_REASON]}…'}{size}"


def _makers(
    named: Sequence[str], params: Params, side: int | None, advise: Callable[[str, Download], str]
) -> tuple[Makers, list[str]]:
    """What to compare, and what could be had on another machine, a sentence each."""
    texts, refused = (named, list[str]()) if named else _to_be_had(params, side, advise)
    makers: Makers = []
    if params.backbone.weights != "none" or not texts:  # random weights only if asked for, or for want of others
        makers.append((params.backbone.name, partial(candidates.present, params, side)))
    return [*makers, *((text, partial(candidates.of, text, params, side)) for text in texts)], refused


def _to_be_had(params: Params, side: int | None, advise: Callable[[str, Download], str]) -> tuple[list[str], list[str]]:
    """Networks whose weights are here or can be downloaded; which file to fetch for the first that has none."""
    verbosity.say("looking for networks whose weights are here or can be downloaded")
    sized = {"height": side, "width": side} if side else {}
    colour = params.images.model_copy(update={"channels": 3, **sized})
    found, refused = published.here(colour), list[str]()
    for name in published.SMALL_FIRST:
        file = None if name in found else published.weights(name, colour)
        if file and not published.downloadable(file):
            refused.append(f"{name}: {advise(name, file)}; others can be had the same way")
            break  # without network the next ones cannot be had either
        found += [name] if file else []
    present = params.backbone.name if params.backbone.weights == "imagenet" else None
    return [name for name in found if name != present], refused

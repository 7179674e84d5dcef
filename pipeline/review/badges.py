"""What a review supports of the badges that ACM gives, in the words of Artifact Review and Badging, version 1.1.

A badge is given by people, who look at more than a program can: this says what they can take from here, and what not.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from pipeline.review.verdict import Outcome

AUTHORS_UNKNOWN = "the history is cut off, so who the authors are is not known"
POLICY = "ACM Artifact Review and Badging, version 1.1"


@dataclass(frozen=True)
class Badge:
    """`standing`: supported | in part | not supported | not examined."""

    name: str
    standing: str
    why: str


def kind(signer: str, authors: Collection[str], known: bool = True) -> str:
    """What a re-run by the signer is called: who did it decides, as artifacts and setup are the authors'.

    `known`: whether `authors` are all of them.
    """
    if same_team(signer, authors):
        return "Repeatability: the same team, with its own artifacts"
    if not known:
        return f"Repeatability or Reproducibility: {AUTHORS_UNKNOWN}"
    return "Reproducibility: another team, with the authors' artifacts"


def same_team(signer: str, authors: Collection[str]) -> bool:
    return _plain(signer) in map(_plain, authors)


def _plain(name: str) -> str:
    """However it is spaced, written in capitals, or encoded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def of(outcome: Outcome, signer: str, authors: Collection[str], lessening: str) -> list[Badge]:
    """The badges, beginning with what a re-run is about. `lessening`: why it supports that in part only, or empty."""
    return [
        _reproduced(outcome, signer, authors, lessening),
        Badge("Results Replicated", "not supported", "the authors' code was used; a replication goes without it"),
        Badge(
            "Artifacts Evaluated – Functional",
            "not examined" if outcome is Outcome.INTACT else "in part",
            "exercisable: "
            + (
                "not tried, results were looked up"
                if outcome is Outcome.INTACT
                else "the commit ran to its end, outside of the authors' folder"
            )
            + "; whether it is documented and complete is for a reader",
        ),
        Badge(
            "Artifacts Available",
            "not examined",
            "asks for a public archive with a permanent identifier, which a program cannot vouch for",
        ),
    ]


def _reproduced(outcome: Outcome, signer: str, authors: Collection[str], lessening: str) -> Badge:
    name = "Results Reproduced"
    if outcome is not Outcome.REPRODUCED:
        return Badge(name, "not supported", f"the outcome is {outcome}")
    if same_team(signer, authors):
        return Badge(name, "not supported", f"{signer} is among the authors; it asks for somebody else")
    if lessening:
        return Badge(name, "in part", lessening)
    return Badge(name, "supported", "the claim was reproduced with the authors' artifacts, by none of the authors")

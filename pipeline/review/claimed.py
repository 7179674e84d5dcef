"""What a review is about: the reported accuracy, the margin, and who declared them when."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.filing.claims import Claim
from pipeline.process.errors import ConfigError
from pipeline.results import sequential
from pipeline.results.seeds import Measured, counted
from pipeline.review.subjects import Subject
from pipeline.review.verdict import Question

DEFAULT_MARGIN = 0.02  # of what has no claim.yaml: two points of accuracy
_POINTS = 100


@dataclass(frozen=True)
class Claimed:
    """`what` is claimed, in words. `reported`: None if the record has no figures, only the hashes of its outputs.

    `of_record`: the record's own figures are the claim. `same_images`: as far as that is known before anything runs.
    `declared`: where the margin comes from. `official`: split → digest of the images it is about, by what they show.
    """

    what: str
    split: str
    reported: Measured | None
    margin: float
    declared: str
    of_record: bool
    same_images: bool
    most_seeds: int = sequential.MOST_SEEDS
    official: Mapping[str, str] = field(default_factory=dict)

    def may_be_of(self, images: int) -> bool:
        """Whether a split of so many `images` can be the one the figure was measured on."""
        return self.reported is None or self.reported.images == images

    def question(self, same_images: bool) -> Question | None:
        if self.reported is None:
            return None
        return Question(self.reported, self.margin, same_images, self.most_seeds)


def describe(claim: Claimed) -> str:
    value = f": {claim.split} accuracy {shown(claim.reported)}" if claim.reported else ", by hashes alone"
    return f"claim: {claim.what}{value}; margin ± {_POINTS * claim.margin:g} points, {claim.declared}"


def shown(value: Measured) -> str:
    """`87.22 % (3 seeds, 180 images)`."""
    return f"{_POINTS * value.mean:.2f} % ({counted(value.seeds)}, {value.images:,} images)"


def of(subject: Subject, margin: float | None = None, own_images: bool = False) -> Claimed:
    """The claim of a subject; `margin`, a fraction, instead of the declared one. `own_images`: the reviewer's are run.

    A claim without a value is about the record's own figures. Raises ConfigError if there is nothing to compare with.
    """
    claim, record = subject.claim, subject.record
    split = _split(subject)
    found, declared = _margin(subject, margin)
    most = claim.most_seeds if claim else sequential.MOST_SEEDS
    if claim and claim.value is not None and claim.n:
        reported = Measured((claim.value,), claim.n, claim.seeds)
        official = _official(claim)
        same = _expected(subject, official[split]) if split in official else claim.images == "same" and not own_images
        what = "the published figure" if claim.origin == "published" else "this project's own figure"
        return Claimed(what, split, reported, found, declared, False, same, most, official)
    if record is None or (record.lock is None and record.metrics is None):
        stated = "no accuracy" if claim and claim.figures else "no figure"
        raise ConfigError(
            f"{subject.name}: {stated} is claimed and nothing is on record, so there is nothing to verify; run it"
            " (`dvc repro`) and file it (`herbarium record`)"
        )
    stated = "no accuracy" if claim and claim.figures else "none"
    what = "the figures on record" + (f" (claim.yaml states {stated})" if claim else "")
    same = record.params.data == subject.params.data
    return Claimed(what, split, record.measured(split), found, declared, True, same, most)


def of_figures(claimed: Claimed, claim: Claim | None, own_images: bool) -> Claimed:
    """By what the further figures of a `claim` are judged: published ones by its images, also where it has no accuracy
    and that of the record is looked at.
    """
    if claim is None or claim.origin != "published" or not claimed.of_record:
        return claimed
    same = claim.images == "same" and not own_images
    return replace(claimed, of_record=False, reported=None, same_images=same, official=_official(claim))


def _official(claim: Claim) -> dict[str, str]:
    return dict(claim.contents) if claim.images == "same" else {}


def _expected(subject: Subject, official: str) -> bool:
    """Whether the images to run are the official ones, as far as the record knows them or a catalogue vouches."""
    filed = subject.record.images.get(_split(subject)) if subject.record else None
    return subject.params.data.source == "tfds" or (filed is not None and filed.digest == official)


def _split(subject: Subject) -> str:
    return subject.claim.split if subject.claim else "test"


def _margin(subject: Subject, given: float | None) -> tuple[float, str]:
    claim = subject.claim
    if given is not None:
        instead = f"; the claim declares ± {_POINTS * claim.margin:g}" if claim else ""
        return given, f"given with --margin{instead}"
    return (claim.margin, subject.declared) if claim else (DEFAULT_MARGIN, "the default where no claim declares one")

"""claim.yaml: the accuracy somebody reported, and the margin within which a re-run counts as the same.

It may list further figures of the same network, each with a margin of its own; the accuracy decides the outcome.

The margin is declared here, before the re-run: a margin chosen afterwards proves nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from pipeline.params import config
from pipeline.params.section import Section
from pipeline.process.errors import ConfigError
from pipeline.results.figures import LOSS, OF_CURVES, Figure
from pipeline.results.sequential import MOST_SEEDS

MOST_IMAGES, _MOST_RUNS = 1_000_000_000, 1_000_000
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Further(Section):
    """A figure beside the accuracy; of as many runs and images, unless it says otherwise."""

    metric: Literal["accuracy", "balanced_accuracy", "macro_f1", "worst_recall", "recall", "loss"] = Field(
        description="accuracy | balanced_accuracy | macro_f1 | worst_recall (of the class found least often) | recall"
        " (of a class) | loss (cross-entropy, nats)"
    )
    split: Literal["validation", "test"] = Field(description="validation | test: the images it was measured on")
    of_class: str | None = Field(
        None, min_length=1, alias="class", description="name of the class, for recall; not given otherwise"
    )
    epoch: int | None = Field(
        None, ge=1, description="of the validation images' curve, accuracy or loss; not given = of the kept network"
    )
    value: float = Field(ge=0, description="reported value: a fraction 0 to 1, of loss 0 or more")
    n: int | None = Field(
        None,
        ge=1,
        le=MOST_IMAGES,
        description="images of the split it was measured on, all classes: 1 to"
        f" {MOST_IMAGES:,}; not given = the claim's",
    )
    seeds: int | None = Field(
        None, ge=1, le=_MOST_RUNS, description=f"runs it is the mean of: 1 to {_MOST_RUNS:,}; not given = as the claim"
    )
    margin: float = Field(gt=0, description="largest difference that counts as the same: above 0")

    @model_validator(mode="after")
    def consistent(self) -> "Further":
        if (self.metric == "recall") != (self.of_class is not None):
            raise ValueError(f"metric is {self.metric} and class is {self.of_class}: recall names a class, others none")
        if self.epoch is not None and (self.metric not in OF_CURVES or self.split != "validation"):
            raise ValueError(f"epoch is {self.epoch}: curves are of the accuracy and the loss of the validation images")
        if self.metric != LOSS and max(self.value, self.margin) > 1:
            raise ValueError(f"value is {self.value}, margin {self.margin}: fractions, unless the metric is loss")
        return self

    @property
    def figure(self) -> Figure:
        return Figure(self.metric, self.split, self.of_class, self.epoch)


class CurvePoint(Section):
    """One epoch of a published learning curve; it is shown beside ours, and decides nothing."""

    epoch: int = Field(ge=0, description="counted as in history.csv, those of a warm-up included: 0 or more")
    train_loss: float = Field(ge=0, description="mean over the training images: 0 or more")
    train_accuracy: float = Field(ge=0, le=1, description="a fraction 0 to 1")
    validation_loss: float = Field(ge=0, description="mean over the validation images: 0 or more")
    validation_accuracy: float = Field(ge=0, le=1, description="a fraction 0 to 1")


class Claim(Section):
    metric: Literal["accuracy"] = Field(description="accuracy (other figures are listed under figures)")
    split: Literal["validation", "test"] = Field(description="validation | test: the images it was measured on")
    value: float | None = Field(ge=0, le=1, description="reported value, a fraction 0 to 1; null = no figure was given")
    n: int | None = Field(
        ge=1,
        le=MOST_IMAGES,
        description=f"images it was measured on: 1 to {MOST_IMAGES:,}; null = no figure was given",
    )
    seeds: int = Field(ge=1, le=_MOST_RUNS, description=f"runs the value is the mean of: 1 to {_MOST_RUNS:,}")
    margin: float = Field(
        gt=0, lt=1, description="largest difference that counts as the same, a fraction: above 0, below 1"
    )
    most_seeds: int = Field(
        MOST_SEEDS,
        ge=3,
        le=1000,  # what a review can find out is simulated, all of them in 2,000 reviews
        description=f"seeds that reviews may run in all, 3 to 1,000; not given = {MOST_SEEDS}",
    )
    origin: Literal["published", "own"] = Field(
        description="published (elsewhere) | own (this project's, backed by its record)"
    )
    images: Literal["same", "other"] = Field(
        description="same (an official split: the very images this experiment uses) | other (unknown, or another draw)"
    )
    contents: Mapping[str, Digest] = Field(
        default_factory=dict,
        description="split: digest of its official images by what they show, as `herbarium images` prints it; where it"
        " is given, it decides whether images are those; not given = not known",
    )
    source: str = Field(min_length=1, description="text: where it was reported, and what else was")
    split_known: str = Field(min_length=1, description="text: what is known of how the images were split")

    figures: tuple[Further, ...] = Field(
        (),
        strict=False,
        description="a list of further figures, each with metric, split, value and margin, and where they apply class,"
        " epoch, n and seeds; not given = none",
    )

    curve: tuple[CurvePoint, ...] = Field(
        (),
        strict=False,
        description="a list of epochs of the published learning curve, each with epoch, train_loss, train_accuracy,"
        " validation_loss and validation_accuracy; not given = none",
    )
    best_validation_accuracy: float | None = Field(
        None,
        ge=0,
        le=1,
        description="the highest of all epochs of that curve, a fraction 0 to 1; not given = not known",
    )

    beside: str | None = Field(
        None, min_length=1, description="name of the experiment it is shown beside in docs/results.md; not given = none"
    )

    @model_validator(mode="after")
    def value_and_images(self) -> "Claim":
        if (self.value is None) != (self.n is None):
            raise ValueError(f"value is {self.value} and n is {self.n}: give both, or null for both")
        if lacking := [further for further in self.figures if self.n is None and further.n is None]:
            raise ValueError(f"figures: {lacking[0].figure} has no n, nor has the claim: give the number of images")
        if unknown := sorted(set(self.contents) - {"train", "validation", "test"}):
            raise ValueError(f"contents: found {unknown[0]!r}; allowed: train, validation, test")
        if len({further.figure for further in self.figures}) < len(self.figures):
            raise ValueError("figures: one is listed twice: give each one value")
        return self


_LISTS: Mapping[str, type[Section]] = {"figures": Further, "curve": CurvePoint}


def read(path: Path) -> Claim:
    """Raises ConfigError naming every wrong key of the file, what was found and what is allowed."""
    content = config.read_yaml(path)
    try:
        return Claim.model_validate(content)
    except ValidationError as error:
        lines = [_message(str(path), item) for item in error.errors(include_url=False)]
        raise ConfigError("\n".join(lines)) from None


def _message(where: str, item: Mapping[str, object]) -> str:
    model: type[Section] = Claim
    found_at = item["loc"]
    location = list(found_at) if isinstance(found_at, tuple) else []
    if len(location) > 1 and location[0] in _LISTS and isinstance(location[1], int):
        where, location, model = f"{where}: {location[0]}: {location[1] + 1}", location[2:], _LISTS[location[0]]
    known = {field.alias or name: field for name, field in model.model_fields.items()}
    key = str(location[0]) if location else ""
    if key and key not in known:
        return f"{where}: {key}: unknown key; allowed: {', '.join(known)}"
    found = "missing" if item["type"] == "missing" else f"found {config.shown(item['input'])}"
    return f"{where}: {key}: {found}; allowed: {known[key].description}" if key else f"{where}: {item['msg']}"

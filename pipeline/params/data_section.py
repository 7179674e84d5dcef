"""What the section `data` of params.yaml may say: where images come from and how they are split."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.params.section import Place, Section
from pipeline.params.splits import check_splits

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class Splits(Section):
    train: str = Field(description="TFDS slicing, e.g. train[:80%]")
    validation: str = Field(description="TFDS slicing, e.g. train[80%:90%]")
    test: str = Field(description="TFDS slicing, e.g. train[90%:]")

    @model_validator(mode="after")
    def disjoint(self) -> "Splits":
        check_splits({"train": self.train, "validation": self.validation, "test": self.test})
        return self


class Data(Section):
    source: Literal["digits", "tfds", "image_folder"] = Field(
        description="digits (embedded) | tfds (a TensorFlow Datasets name) | image_folder (one folder per class)"
    )
    name: str = Field(
        pattern=NAME, description="data set's name (for tfds the one in its catalogue): letters, digits, _ . -"
    )
    path: Place = Field(
        description="folder read by image_folder, or by tfds for already-downloaded originals; digits reads nothing",
    )
    splits: Splits = Field(description="three slices that do not overlap: train, validation, test")
    limit: int | None = Field(ge=1, description="at most this many images a split, for quick tries; null = all")
    on_bad_image: Literal["error", "skip"] = Field(
        description="an unreadable image: error (stop, list all) | skip (leave out, report)"
    )
    deduplicate: bool = Field(
        description="true = keep one of identical images, drop those with contradicting labels; false"
    )
    allow_leaks: bool = Field(description="true = go on when identical images are in two splits; false = stop")

"""What the section `data` of params.yaml may say: where images come from and how they are split."""

from pathlib import PurePosixPath
from typing import Literal

from pydantic import Field, model_validator

from pipeline.params.section import Place, Section
from pipeline.params.slicing import parse
from pipeline.params.splits import check_group, check_splits

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class Splits(Section):
    train: str = Field(description="TFDS slicing, e.g. train[:80%]")
    validation: str = Field(description="TFDS slicing, e.g. train[80%:90%]")
    test: str = Field(description="TFDS slicing, e.g. train[90%:]")

    @model_validator(mode="after")
    def disjoint(self) -> "Splits":
        check_splits({"train": self.train, "validation": self.validation, "test": self.test})
        return self


class Splitting(Section):
    method: Literal["slices", "stratified", "random", "stable"] = Field(
        description="which images a slice takes: slices (as they are stored) | stratified (each class in proportion)"
        " | random | stable (images that are added later move none)"
    )
    group: str | None = Field(
        description="what must not be cut: null (identical images only) | folder (each folder) | folder:2 (the first"
        " two levels) | column (of a table) | a regular expression for names, its (…) is the group"
    )
    seed: int = Field(ge=0, lt=2**31, description="seed of the draw: 0 to 2147483647")

    @model_validator(mode="after")
    def readable(self) -> "Splitting":
        if self.group is not None:
            check_group(self.group)
        return self


class Data(Section):
    source: Literal["digits", "tfds", "image_folder", "table"] = Field(
        description="digits (embedded) | tfds (a TensorFlow Datasets name) | image_folder (one folder per class)"
        " | table (labels in a file)"
    )
    name: str = Field(
        pattern=NAME, description="data set's name (for tfds the one in its catalogue): letters, digits, _ . -"
    )
    path: Place = Field(
        description="folder read by image_folder and table, or by tfds for already-downloaded originals; digits reads"
        " nothing",
    )
    table: str | None = Field(
        description="of source table: a CSV, TSV or Parquet file in the folder path with the columns file, label and,"
        " if you like, group, split, weight (in training); else null"
    )
    corrections: str | None = Field(
        description="labels corrected by a person: a CSV file in the folder path with the columns name, correction (a"
        " class, or drop); null = none"
    )
    splits: Splits = Field(description="three slices that do not overlap: train, validation, test")
    splitting: Splitting = Field(description="how images are drawn into the slices")
    limit: int | None = Field(ge=1, description="at most this many images a split, for quick tries; null = all")
    on_bad_image: Literal["error", "skip"] = Field(
        description="an unreadable image: error (stop, list all) | skip (leave out, report)"
    )
    deduplicate: bool = Field(
        description="true = keep one of identical images, drop those with contradicting labels; false"
    )
    allow_leaks: bool = Field(description="true = go on when identical images are in two splits; false = stop")
    near_duplicates: Literal["ignore", "report", "error", "together"] = Field(
        description="images that are scaled, recompressed, mirrored or cut copies: ignore | report | error (stop if"
        " they are in two splits) | together (draw them into one split)"
    )

    @model_validator(mode="after")
    def table_of_a_table(self) -> "Data":
        if (self.source == "table") != (self.table is not None):
            raise ValueError(f"source is {self.source} and table is {self.table}: source: table needs one, others null")
        for key, file in (("table", self.table), ("corrections", self.corrections)):
            if file and (PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts):
                raise ValueError(f"{key} is {file}; allowed: a file in the folder path, which is what DVC watches")
        return self

    @model_validator(mode="after")
    def together_needs_a_draw(self) -> "Data":
        if self.near_duplicates == "together" and self.splitting.method not in ("stratified", "random"):
            raise ValueError(
                f"near_duplicates is together and splitting.method is {self.splitting.method}; together goes with"
                " stratified or random: slices draw nothing, and stable splits move nothing that is there already"
            )
        return self

    @model_validator(mode="after")
    def stable_needs_percent(self) -> "Data":
        if self.splitting.method == "stable":
            for split, text in self.splits.model_dump().items():
                if any(not (part.percent or part.whole) for part in parse(text)):
                    raise ValueError(
                        f"splits.{split} is {text}, and splitting.method: stable allows slices in percent only, as in"
                        " train[:80%]: a number of images cannot stay the same when images are added"
                    )
        return self

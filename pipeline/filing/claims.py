"""claim.yaml: the accuracy somebody reported, and the margin within which a re-run counts as the same.

The margin is declared here, before the re-run: a margin chosen afterwards proves nothing.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, model_validator

from pipeline.params import config
from pipeline.params.section import Section
from pipeline.process.errors import ConfigError
from pipeline.results.sequential import MOST_SEEDS


class Claim(Section):
    metric: Literal["accuracy"] = Field(description="accuracy")
    split: Literal["validation", "test"] = Field(description="validation | test: the images it was measured on")
    value: float | None = Field(ge=0, le=1, description="reported value, a fraction 0 to 1; null = no figure was given")
    n: int | None = Field(ge=1, description="images it was measured on: 1 or more; null = no figure was given")
    seeds: int = Field(ge=1, description="runs the value is the mean of: 1 or more")
    margin: float = Field(
        gt=0, lt=1, description="largest difference that counts as the same, a fraction: above 0, below 1"
    )
    most_seeds: int = Field(
        MOST_SEEDS,
        ge=3,
        description=f"seeds that reviews may run in all, 3 or more; not given = {MOST_SEEDS}",
    )
    origin: Literal["published", "own"] = Field(
        description="published (elsewhere) | own (this project's, backed by its record)"
    )
    images: Literal["same", "other"] = Field(
        description="same (an official split: the very images this experiment uses) | other (unknown, or another draw)"
    )
    source: str = Field(min_length=1, description="text: where it was reported, and what else was")
    split_known: str = Field(min_length=1, description="text: what is known of how the images were split")

    @model_validator(mode="after")
    def value_and_images(self) -> "Claim":
        if (self.value is None) != (self.n is None):
            raise ValueError(f"value is {self.value} and n is {self.n}: give both, or null for both")
        return self


def read(path: Path) -> Claim:
    """Raises ConfigError naming every wrong key of the file, what was found and what is allowed."""
    content = config.read_yaml(path)
    try:
        return Claim.model_validate(content)
    except ValidationError as error:
        lines = [_message(str(path), item) for item in error.errors(include_url=False)]  # type: ignore[arg-type]
        raise ConfigError("\n".join(lines)) from None


def _message(where: str, item: dict[str, object]) -> str:
    location = item["loc"]
    key = str(location[0]) if isinstance(location, tuple) and location else ""
    field = Claim.model_fields.get(key)
    if key and field is None:
        return f"{where}: {key}: unknown key; allowed: {', '.join(Claim.model_fields)}"
    found = "missing" if item["type"] == "missing" else f"found {item['input']!r}"
    return f"{where}: {key}: {found}; allowed: {field.description}" if field else f"{where}: {item['msg']}"

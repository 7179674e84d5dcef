"""What the sections `backbone` and `head` of params.yaml may say: the network."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.files import paths
from pipeline.params.section import Fraction, Place, Section

# Neither an alias, nor "latest" or a stage, which MLflow takes for the latest version of it.
_STAYS = re.compile(r"models:/[^/@]+(/\d+)?")


class Backbone(Section):
    name: str = Field(
        min_length=1,
        description="a keras.applications name (VGG16, ResNet50V2, MobileNetV3Small, …) | convolutions (see layers)"
        " | saved (a .keras file at path) | models:/… or runs:/… (an MLflow model) | hub (a KerasHub preset's folder at"
        " path) | hub:PRESET (a KerasHub preset's name, downloaded)",
    )
    weights: Literal["imagenet", "preset", "file", "none"] = Field(
        description="imagenet (downloaded) | preset (of name: hub:PRESET, downloaded) | file (at path) | none (random)"
    )
    path: Place = Field(
        description="the weights or model file, or KerasHub's folder, used by weights: file and names saved and hub"
    )
    layers: list[Annotated[int, Field(ge=1, le=4096)] | Literal["pool"]] = Field(
        description="of name: convolutions: a number = filters of a 3×3 convolution with relu, pool = 2×2 maximum;"
        " [] otherwise"
    )
    max_unfrozen_layers: int = Field(
        ge=0,
        le=1000,
        description="deepest unfrozen_layers to prepare for; decides which activations are stored: 0 to 1000",
    )

    @model_validator(mode="after")
    def consistent(self) -> "Backbone":
        if self.name != "convolutions" and self.layers:
            raise ValueError(f"layers describes name: convolutions, and name is {self.name!r}: set layers: []")
        if self.name == "convolutions" and self.weights == "imagenet":
            raise ValueError("weights: imagenet exists for keras.applications only: set weights: none or weights: file")
        if paths.saved_backbone(self.name, self.path) and self.weights != "file":
            raise ValueError(f"name: {self.name} brings its own weights: set weights: file")
        if self.name.startswith("models:/") and not _STAYS.fullmatch(self.name):
            raise ValueError(
                f"name: found {self.name!r}, which is another model when a better one is registered; allowed: one that"
                " stays, models:/name/version, models:/id or runs:/id/model"
            )
        own = "file" if paths.hub_preset(self.name) is None else "preset"
        if paths.is_hub(self.name) and self.weights not in (own, "none"):
            raise ValueError(f"name: {self.name} brings its own weights: set weights: {own}, or none for random ones")
        if self.weights == "preset" and paths.hub_preset(self.name) is None:
            raise ValueError("weights: preset exists for name: hub:PRESET only: set weights: file, imagenet or none")
        return self


class Head(Section):
    pooling: Literal["average", "max", "cls", "flatten"] = Field(
        description="of the backbone's output: average | max | flatten | cls (the class token of a vision transformer)"
    )
    units: list[Annotated[int, Field(ge=1, le=65536)]] = Field(
        description="sizes of the dense relu layers, e.g. [512]; [] = none"
    )
    dropout: Fraction | list[Fraction] = Field(
        description="share of activations dropped after every dense layer, or a list, one each: 0 to below 1"
    )
    batch_norm: bool = Field(description="true = batch normalization after every dense layer; false")
    output: Literal["softmax", "sigmoid"] = Field(description="softmax | sigmoid (one logit; two classes only)")

    @model_validator(mode="after")
    def one_rate_each(self) -> "Head":
        if isinstance(self.dropout, list) and len(self.dropout) != len(self.units):
            raise ValueError(
                f"dropout lists {len(self.dropout)} rates for {len(self.units)} dense layers in units: give one each,"
                " or one number"
            )
        return self

"""What params.yaml may say: all its sections. Every key is required: an experiment has no hidden defaults.

A field's description is what the file's comment and an error's "allowed" say: meaning, unit, legal values. No stage
depends on these modules: it is handed values that were checked, so their words may change and nothing runs again.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.files import paths
from pipeline.params import upgrades
from pipeline.params.data_section import Data
from pipeline.params.images_section import Images
from pipeline.params.network_sections import Backbone, Head
from pipeline.params.section import Section
from pipeline.params.sweep_section import Sweep
from pipeline.params.train_section import Train


class Compute(Section):
    precision: Literal["float32", "bfloat16"] = Field(
        description="of the arithmetic: float32 | bfloat16 (CPUs with avx512_bf16 or amx_bf16, GPUs)"
    )
    threads: int = Field(
        ge=1, le=1024, description="size of the thread pool, not the number of cores: it decides the bits: 1 to 1024"
    )
    storage: Literal["float32", "float16"] = Field(
        description="of stored activations: float32 | float16 (half the disk)"
    )


class Tracking(Section):
    experiment: str = Field(min_length=1, max_length=250, description="MLflow experiment's name")
    uri: str | None = Field(
        description="MLflow tracking URI; null = MLFLOW_TRACKING_URI if set, else mlflow.db in the project"
    )


class Params(Section):
    version: int = Field(description="of the list of keys below")
    data: Data = Field(description="where the images come from and how they are split")
    images: Images = Field(description="what every image is turned into")
    backbone: Backbone = Field(description="the network below the head")
    head: Head = Field(description="the classifier on top of the backbone")
    train: Train = Field(description="how the network is trained")
    compute: Compute = Field(description="arithmetic: together with the versions it decides the bits")
    tracking: Tracking = Field(description="where runs are shown; never part of a result")
    sweep: Sweep = Field(description="`herbarium sweep`, the search for better parameters; never part of a result")

    @model_validator(mode="after")
    def across_sections(self) -> "Params":
        deepest, unfrozen = self.backbone.max_unfrozen_layers, self.train.unfrozen_layers
        if unfrozen > deepest:
            raise ValueError(
                f"train.unfrozen_layers is {unfrozen}, backbone.max_unfrozen_layers is {deepest}:"
                " lower the first or raise the second (which extracts the features again)"
            )
        saved = paths.saved_backbone(self.backbone.name, self.backbone.path)
        if self.images.scale == "backbone" and (saved or self.backbone.name == "convolutions"):
            raise ValueError("images.scale: backbone needs a keras.applications backbone: set unit or symmetric")
        if self.backbone.weights == "imagenet" and self.images.channels != 3:
            raise ValueError("backbone.weights: imagenet needs colour images: set images.channels: 3")
        pools, side = self.backbone.layers.count("pool"), min(self.images.height, self.images.width)
        if not side >> pools:
            raise ValueError(
                f"backbone.layers: {pools} pools, each of which halves them, leave nothing of images of"
                f" {self.images.height} × {self.images.width} pixels: take at most"
                f" {side.bit_length() - 1}, or larger images"
            )
        if self.images.augmentation.saturation and self.images.channels == 1:
            raise ValueError("images.augmentation.saturation: grey images have none: set 0, or images.channels: 3")
        return self

    def hashed(self, **parts: Any) -> dict[str, Any]:
        """What a name of a result is made of: the values, without those that say what files before a key existed meant.

        `parts`: `include` and `exclude` as in `model_dump`. The version is no part: it says how, not what.
        """
        content = self.model_dump(**parts)
        content.pop("version", None)
        return upgrades.without_unchanged(content)

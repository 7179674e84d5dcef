"""What params.yaml may say. Every key is required: an experiment has no hidden defaults.

A field's description is what the file's comment and an error's "allowed" say: meaning, unit, legal values.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.files import paths
from pipeline.params import upgrades
from pipeline.params.section import Section
from pipeline.params.splits import check_splits
from pipeline.params.sweep_section import Sweep

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Fraction = Annotated[float, Field(ge=0, lt=1)]


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
    path: str = Field(
        min_length=1,
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


class Augmentation(Section):
    views: int = Field(
        ge=0, le=64, description="augmented copies of each training image, computed once: 0 to 64; 0 = none"
    )
    on_the_fly: bool = Field(
        description="true = a new augmented copy every epoch, through the whole network (slow); false"
    )
    rotation: float = Field(ge=0, le=180, description="largest turn either way, degrees: 0 to 180")
    shift: Fraction = Field(description="largest move along each axis, fraction of the side: 0 to below 1")
    shear: Fraction = Field(description="largest shear angle, radians: 0 to below 1")
    zoom: Fraction = Field(description="largest change of scale, fraction: 0 to below 1")
    flip: bool = Field(description="true = mirror half of the copies left to right; false")
    seed: int = Field(ge=0, lt=2**31, description="seed of the random views: 0 to 2147483647")

    @model_validator(mode="after")
    def one_way(self) -> "Augmentation":
        if self.views and self.on_the_fly:
            raise ValueError("views and on_the_fly exclude each other: set views: 0 or on_the_fly: false")
        return self

    @property
    def active(self) -> bool:
        return self.on_the_fly or self.views > 0


class Images(Section):
    height: int = Field(ge=1, le=4096, description="pixels: 1 to 4096")
    width: int = Field(ge=1, le=4096, description="pixels: 1 to 4096")
    channels: Literal[1, 3] = Field(description="1 (grey) | 3 (RGB)")
    scale: Literal["unit", "symmetric", "backbone"] = Field(
        description="unit ([0, 1]) | symmetric ([-1, 1]) | backbone (the preprocessing it was trained with)"
    )
    augmentation: Augmentation = Field(
        description="random changes of training images; validation and test images never change"
    )


class Backbone(Section):
    name: str = Field(
        min_length=1,
        description="a keras.applications name (VGG16, ResNet50V2, MobileNetV3Small, …) | convolutions (see layers)"
        " | saved (a .keras file at path) | models:/… or runs:/… (an MLflow model)",
    )
    weights: Literal["imagenet", "file", "none"] = Field(
        description="imagenet (downloaded) | file (at path) | none (random)"
    )
    path: str = Field(min_length=1, description="the weights or model file, used by weights: file and name: saved")
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
        if self.saved_at is not None and self.weights != "file":
            raise ValueError(f"name: {self.name} brings its own weights: set weights: file")
        return self

    @property
    def saved_at(self) -> Path | None:
        """The .keras file of a backbone that is a whole saved model; None for networks built by name."""
        if self.name == "saved":
            return Path(self.path)
        return paths.mlflow_model(self.name) if ":/" in self.name else None


class Head(Section):
    pooling: Literal["average", "max", "flatten"] = Field(
        description="of the backbone's output: average | max | flatten"
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

    @property
    def dropout_rates(self) -> list[float]:
        """One rate per dense layer; with no dense layer one rate, applied to the pooled features."""
        if isinstance(self.dropout, list):
            return self.dropout or [0.0]
        return [self.dropout] * max(1, len(self.units))


class Train(Section):
    unfrozen_layers: int = Field(
        ge=0,
        le=1000,
        description="weight-bearing backbone layers trained, counted from the top: 0 to backbone.max_unfrozen_layers",
    )
    optimizer: Literal["sgd", "momentum", "rmsprop", "adam", "adamw", "nadam"] = Field(
        description="sgd | momentum | rmsprop | adam | adamw | nadam"
    )
    learning_rate: float = Field(gt=0, le=10, description="step size at the start: above 0, at most 10")
    schedule: Literal["constant", "cosine", "exponential"] = Field(
        description="of the learning rate: constant | cosine (to 0 at the last epoch) | exponential (to 1 % at the last"
        " epoch)"
    )
    weight_decay: float = Field(ge=0, le=1, description="decoupled weight decay of adamw: 0 to 1")
    label_smoothing: Fraction = Field(description="probability mass spread over all classes: 0 to below 1")
    l2: float = Field(ge=0, le=1, description="L2 penalty on the head's dense kernels: 0 to 1")
    batch_size: int = Field(ge=1, le=65536, description="images a step: 1 to 65536")
    epochs: int = Field(ge=1, le=100_000, description="passes over the training images: 1 to 100000")
    warmup_epochs: int = Field(
        ge=0,
        le=100_000,
        description="epochs before those, of the head alone on the frozen backbone: 0 to 100000; 0 = none",
    )
    warmup_learning_rate: float = Field(gt=0, le=10, description="step size of the warm-up: above 0, at most 10")
    early_stopping_patience: int | None = Field(
        ge=1,
        description="stop after this many epochs without a lower validation loss and keep the best epoch;"
        " null = keep the last epoch",
    )
    seed: int = Field(ge=0, lt=2**31, description="seed of weights, order and dropout: 0 to 2147483647")


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
    backbone: Backbone = Field(description="the pretrained network")
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
        if self.images.scale == "backbone" and (self.backbone.name == "convolutions" or self.backbone.saved_at):
            raise ValueError("images.scale: backbone needs a keras.applications backbone: set unit or symmetric")
        if self.backbone.weights == "imagenet" and self.images.channels != 3:
            raise ValueError("backbone.weights: imagenet needs colour images: set images.channels: 3")
        return self

    def hashed(self, **parts: Any) -> dict[str, Any]:
        """What a name of a result is made of: the values, without those that say what files before a key existed meant.

        `parts`: `include` and `exclude` as in `model_dump`. The version is no part: it says how, not what.
        """
        content = self.model_dump(**parts)
        content.pop("version", None)
        return upgrades.without_unchanged(content)

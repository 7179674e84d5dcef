"""What the section `train` of params.yaml may say: how the network is trained."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import Fraction, Section


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
    schedule: Literal["constant", "cosine", "warmup_cosine", "exponential"] = Field(
        description="of the learning rate: constant | cosine (falls towards 0) | warmup_cosine (rises for a tenth of"
        " the epochs, then so) | exponential (to 1 % at the last epoch)"
    )
    layer_decay: float = Field(
        gt=0,
        le=1,
        description="factor of the learning rate for every unfrozen layer further down from the head: above 0 to 1;"
        " 1 = the same for all",
    )
    clip_norm: float | None = Field(
        gt=0, le=1e6, description="largest norm of a step's gradients together: above 0 to 1e6; null = any"
    )
    ema: Fraction = Field(
        description="decay of the moving average of the weights that is evaluated and kept, e.g. 0.99: 0 to below 1;"
        " 0 = the weights themselves"
    )
    weight_decay: float = Field(ge=0, le=1, description="decoupled weight decay of adamw: 0 to 1")
    label_smoothing: Fraction = Field(description="probability mass spread over all classes: 0 to below 1")
    class_weights: Literal["none", "balanced"] | dict[str, Annotated[float, Field(gt=0)]] = Field(
        description="how much an image counts: none (all the same) | balanced (every class as much as any other)"
        " | {class: weight} (above 0; others 1)"
    )
    mixup: float = Field(
        ge=0,
        le=100,
        description="mixes images of a batch two by two, with their labels: alpha of the shares, e.g. 0.2: 0 to 100;"
        " 0 = none",
    )
    cutmix: float = Field(
        ge=0,
        le=100,
        description="puts a box of another image of the batch in each, with its share of the label: alpha of the areas,"
        " e.g. 1: 0 to 100; 0 = none",
    )
    feature_noise: float = Field(
        ge=0,
        le=10,
        description="noise on what is trained on, in standard deviations of each feature: 0 to 10; 0 = none",
    )
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

"""What the section `images` of params.yaml may say: what every image is turned into, and its random views."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.params.section import Fraction, Section


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
    crop: float = Field(
        gt=0,
        le=1,
        description="smallest part of the area that a copy may show, in full size: above 0 to 1; 1 = all of it",
    )
    flip: bool = Field(description="true = mirror half of the copies left to right; false")
    brightness: Fraction = Field(description="largest change of brightness, fraction: 0 to below 1")
    contrast: Fraction = Field(description="largest change of contrast, fraction: 0 to below 1")
    saturation: Fraction = Field(description="largest change of saturation, fraction: 0 to below 1; grey images have 0")
    randaugment: int = Field(
        ge=0, le=16, description="operations a copy goes through, drawn from all of RandAugment: 0 to 16; 0 = none"
    )
    magnitude: float = Field(ge=0, le=30, description="how strong those are: 0 to 30")
    erasing: float = Field(ge=0, le=1, description="share of the copies with a box of one colour in them: 0 to 1")
    seed: int = Field(ge=0, lt=2**31, description="seed of the random views: 0 to 2147483647")

    @model_validator(mode="after")
    def one_way(self) -> "Augmentation":
        if self.views and self.on_the_fly:
            raise ValueError("views and on_the_fly exclude each other: set views: 0 or on_the_fly: false")
        return self


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

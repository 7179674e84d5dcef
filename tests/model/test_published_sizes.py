"""The published experiments' networks have the parameters their authors' model.summary() counts."""

import pytest

from pipeline.model import assembly

from .conftest import changed

CONVOLUTIONS = {"name": "convolutions", "weights": "none"}
VGG16 = {"name": "VGG16", "weights": "none", "layers": []}
SIMPLE = {"pooling": "flatten", "dropout": 0.0, "output": "softmax"}
PUBLISHED = {
    "flowers, three convolutions": (
        *(160, 3, 5, CONVOLUTIONS | {"layers": [16, "pool", 32, "pool", 64, "pool"]}, SIMPLE | {"units": [512]}, 3),
        *(13_133_861, 13_133_861),
    ),
    "flowers, VGG16": (160, 3, 5, VGG16, SIMPLE | {"pooling": "average", "units": [512]}, 0, 14_979_909, 265_221),
    "cats and dogs, VGG16": (
        *(150, 3, 2, VGG16, SIMPLE | {"units": [256], "output": "sigmoid"}, 0),
        *(16_812_353, 2_097_665),
    ),
    "fashion, two convolutions": (
        *(28, 1, 10, CONVOLUTIONS | {"layers": [32, "pool", 64, "pool"]}, SIMPLE | {"units": [100], "dropout": 0.4}),
        *(2, 333_526, 333_526),
    ),
    "digits, no convolution": (
        28,
        1,
        10,
        CONVOLUTIONS | {"layers": []},
        SIMPLE | {"units": [512]},
        0,
        407_050,
        407_050,
    ),
    "fashion, one convolution": (
        *(28, 1, 10, CONVOLUTIONS | {"layers": [32, "pool"]}, SIMPLE | {"units": [128], "dropout": 0.3}, 1),
        *(804_554, 804_554),
    ),
    "cifar10": (
        *(32, 3, 10, CONVOLUTIONS | {"layers": [32, 64, "pool"]}),
        *(SIMPLE | {"units": [128, 64], "dropout": [0.3, 0.2]}, 2, 2_125_578, 2_125_578),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_counts_are_the_published_ones(params, name):
    size, channels, classes, backbone, head, unfrozen, total, trainable = PUBLISHED[name]
    params = changed(
        params,
        images={"height": size, "width": size, "channels": channels},
        backbone=backbone | {"max_unfrozen_layers": unfrozen},
        head=head,
        train={"unfrozen_layers": unfrozen},
    )
    counts = assembly.parameter_counts(assembly.assemble(params, classes))
    assert counts == {"total": total, "trainable": trainable}

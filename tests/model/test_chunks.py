"""Memory is bounded by bytes, not by a number of images; what was recorded was extracted in chunks of 64."""

import keras
import pytest

from pipeline.model import chunks, graph


def of_side(side: int, **options) -> int:
    images = keras.Input((side, side, 3), dtype="uint8")
    first = keras.layers.Conv2D(64, 3, padding="same")(keras.layers.Rescaling(1 / 255)(images))
    output = keras.layers.MaxPooling2D()(keras.layers.Conv2D(64, 3, padding="same")(first))
    return chunks.images_at_once(graph.nodes(output), **options)


@pytest.mark.parametrize("side", [28, 160, 224])
def test_usual_sizes_have_whole_chunks(side):
    assert of_side(side) == chunks.MOST_IMAGES


def test_large_photographs_have_few_images():
    """What a convolution of 1,024² × 64 reads and writes is 512 MiB an image."""
    assert of_side(1024) == 4
    assert of_side(1024, most=3) == 3
    assert of_side(4096) == 1

"""Stage extract-features: data/images → activations at the cut in data/features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.files import features_index
from pipeline.identity import determinism
from pipeline.model import extraction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.model.lower import Elsewhere
    from pipeline.params.schema import Params


def run(params: Params, elsewhere: Callable[[str], Elsewhere] | None = None) -> None:
    """Compute the frozen part once per image; `params` needs images, backbone, head.pooling and compute.

    `elsewhere` is who computes, see `extraction.extract`.
    """
    determinism.prepare(params.compute)
    index = extraction.extract(params, elsewhere)
    features_index.write(index)
    for cut in index["cuts"]:
        size = " × ".join(str(side) for side in cut["shape"])
        kept = (
            f"stored as {cut['file']}, {index['dtype']}" if cut["file"] else "the images themselves, nothing to store"
        )
        print(f"cut at {cut['layer']}: {size} numbers an image, {kept}")

"""An experiment's images, or its weights, in places of one's own: what its params.yaml then has to say.

Splits that the folder has are kept; what it lacks is drawn from its training images in the published proportions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.data import beginning, layout, survey, tree
from pipeline.files import paths
from pipeline.params import own_places, slicing
from pipeline.params.schema import Params
from pipeline.process.errors import DataError

_LACKING = 9  # a split that nothing is known of is a tenth: one part to nine of the others


def values(params: Params, data: Path | None, weights: Path | None, project: Path) -> dict[str, Any]:
    """Dotted key → value of what changes in an experiment's `params`; paths below `project` are relative to it.

    Raises ConfigError or DataError: the experiment reads no such thing, it is not there, or the folder is none of
    images by class.
    """
    found: dict[str, Any] = {}
    if data:
        found |= _of_images(params, data, project)
    if weights:
        own_places.require_weights(params, weights)
        changed = own_places.with_weights(params.backbone, own_places.written(weights, project))
        found |= {f"backbone.{key}": value for key, value in changed.items()}
    return found


def cut(published: Mapping[str, str], counts: Mapping[str, int]) -> dict[str, str]:
    """Split → slice of a folder that has `counts` images in the splits it has, train among them.

    `published`: the experiment's slices. A number of images in them is kept where the folder has so many.
    """
    drawn = [split for split in paths.SPLITS if split == "train" or split not in counts]
    parts = {split: _part(text, counts["train"]) for split, text in published.items()}
    own = {split: _whole(split, parts[split], counts[split]) for split in counts if split not in drawn}
    if len(drawn) == 1:
        return {"train": _whole("train", parts["train"], counts["train"]), **own}
    sizes = {split: parts[split][0] for split in drawn if not parts[split][1]}
    if len(sizes) == len(drawn) and all(sizes.values()) and sum(map(int, sizes.values())) <= counts["train"]:
        return {**_numbered(sizes), **own}
    return {**_in_proportion({split: parts[split][0] for split in drawn}), **own}


def _of_images(params: Params, folder: Path, project: Path) -> dict[str, Any]:
    own_places.require_images(params, folder)
    where = own_places.written(folder, project)
    if params.data.source == "tfds" and not tree.folders(folder) and tree.loose_files(folder):
        return {"data.path": where}  # originals, as TensorFlow Datasets would download them
    roots = layout.of(folder)
    beginning.require_train(roots)
    counts = {split: _images(root) for split, root in roots.items()}
    if without := [split for split, count in counts.items() if not count]:
        raise DataError(
            f"--data: {folder}: found no images for {' and '.join(without)}; needed: one folder of images per class"
        )
    texts = cut(params.data.splits.model_dump(), counts)
    return {
        "data.source": "image_folder",
        "data.name": beginning.name_of(folder),
        "data.path": where,
        "data.table": None,
        "data.corrections": None,
        **{f"data.splits.{split}": text for split, text in texts.items()},
    }


def _images(root: Path) -> int:
    """How many files class folders have; 0 if none of them is called like an image, or begins like one."""
    files = [file for folder in tree.folders(root) for file in tree.visible(folder, "--data")]
    return len(files) if any(survey.is_image(file) for file in files) else 0


def _part(text: str, count: int) -> tuple[int, bool]:
    """How much of `count` training images a published slice takes, and whether in percent; 0: it takes others."""
    first, *more = slicing.parse(text)
    if more or first.name != "train":
        return 0, False
    if first.percent or first.whole:
        start, stop = first.fractions
        return round(100 * (stop - start)), True
    start, stop = (bound + count if bound < 0 else bound for bound in (first.start or 0, first.stop or 0))
    return max(0, (count if first.stop is None else stop) - max(0, start)), False


def _whole(split: str, part: tuple[int, bool], count: int) -> str:
    size, percent = part
    return f"{split}[:{size}]" if size and not percent and size < count else split


def _numbered(sizes: Mapping[str, int]) -> dict[str, str]:
    found, start = {}, 0
    for split, size in sizes.items():
        found[split] = f"train[{start or ''}:{start + size}]"
        start += size
    return found


def _in_proportion(parts: Mapping[str, int]) -> dict[str, str]:
    """What is lacking is a tenth; so is all but train, if it is not known how much that takes."""
    shares = parts if parts["train"] else {split: int(split == "train") for split in parts}
    known = sum(int(part) for part in shares.values())
    weights = {split: part * _LACKING or known for split, part in shares.items()}
    found, start, taken, total = {}, 0, 0, sum(int(weight) for weight in weights.values())
    for left, (split, weight) in zip(reversed(range(len(weights))), weights.items(), strict=True):
        taken += weight
        end = min(max(round(100 * taken / total), start + 1), 100 - left)  # one percent at least, of each
        found[split] = f"train[{f'{start}%' if start else ''}:{'' if end == 100 else f'{end}%'}]"
        start = end
    return found

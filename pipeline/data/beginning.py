"""From a folder of photographs to params.yaml: what `herbarium start` writes, and what it says about that."""

import re
import shlex
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pipeline.data import depths, names
from pipeline.data.survey import Survey
from pipeline.files import paths
from pipeline.params import config, editing, keys, own_places
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError

_SIDES = (224, 192, 160, 128, 96)  # sizes that small networks are published for
_LARGEST_SIDE = 160  # of these first: twice as quick as 224 and nearly as good on a CPU
_OWN_SIDE = 64  # of images for a network that begins from nothing
_OWN_LAYERS = [32, "pool", 64, "pool", 128, "pool"]
_OWN_DEPTH = 3  # layers with weights of those: nothing to freeze
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_SPLITS = ("train", "validation", "test")
_SHARES = (10, 15, 20, 30, 40)  # percent of the training images for a split that the folder lacks
_LEFT_TO_TRAIN = 60  # percent, at least
_LEVEL_NEEDS = 19  # validation images, for a level of 5 %
_VALIDATION = _LEVEL_NEEDS + 1  # images: one may be left out


@dataclass(frozen=True)
class Start:
    """A new params.yaml: its `text`, how it differs from the present one, and the parameters in it."""

    text: str
    diff: str
    params: Params


def of(present: str, folder: str, survey: Survey, backbone: str | None) -> Start:
    """The present params.yaml with what the surveyed `folder` needs; `backbone` None = convolutions from scratch.

    Raises ConfigError if that is not legal, or the file is written in a way that only its author can change.
    """
    old = editing.upgraded(present, str(paths.PARAMS))
    content = config.parse_yaml(old, str(paths.PARAMS))
    network = _own(survey) if backbone is None else _published(backbone, survey)
    sweep = content["sweep"]
    depth = depths.of_scratch(sweep, _OWN_DEPTH) if backbone is None else depths.of_published(sweep)
    left = {**_of_classes(content, survey), **_of_network(content, backbone), **_of_colours(content, network)}
    values = {**_data(folder, survey), **network, **depth, **left}
    text = editing.with_values(old, values, str(paths.PARAMS))
    params = config.check(config.parse_yaml(text, str(paths.PARAMS)), str(paths.PARAMS))
    return Start(text, difference(present, text), params)


def command(folder: str, backbone: str | None) -> str:
    """What a person types to have params.yaml written for `folder`, whatever is in it."""
    network = ["--backbone", backbone] if backbone else []
    return shlex.join(["herbarium", "start", folder, *network, "--force"])


def difference(old: str, new: str) -> str:
    """The lines that differ, without the comments behind them: what a key allows is in the file."""
    before, after = ([re.sub(r"\s+#.*", "", line) for line in text.splitlines()] for text in (old, new))
    lines = unified_diff(before, after, "params.yaml", "params.yaml", n=0, lineterm="")
    return "\n".join(line for line in lines if not line.startswith("@@"))


def size(survey: Survey) -> str:
    """Why a network that begins from nothing is given smaller images than a published one."""
    edge = _own_side(survey)
    return (
        f"images.height and width are {edge}, quick and enough for a small network that begins from nothing; with a"
        f" published one they would be {side(survey.side)}"
    )


def side(pixels: int) -> int:
    """Height and width for a published network, of images whose shorter sides have a median of `pixels`: the largest
    size it knows that no more than few images are below."""
    return next((size for size in _SIDES if size <= min(pixels, _LARGEST_SIDE)), _SIDES[-1])


def ending(changed: bool, to_fetch: bool, to_mend: bool = False) -> str:
    """The last line: whether params.yaml changed, and what is next; by hand, as was said: `to_fetch` its weights,
    `to_mend` what lies in the folder."""
    done = "written, nothing is committed" if changed else f"{paths.PARAMS} says so already"
    by_hand = {"see to what was said of the folder": to_mend, "fetch that file and put it at that place": to_fetch}
    first = " and ".join(step for step, needed in by_hand.items() if needed)
    return f"{done}; {f'first {first}, then' if first else 'now'}: make repro (make run sweeps, too)"


def name_of(folder: Path) -> str:
    """A data set's name after its folder's: letters without their accents; what a name cannot hold is a hyphen."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", folder.resolve().name) if _is_letter(letter))
    return _NOT_IN_A_NAME.sub("-", plain).strip("-._") or "photographs"


def _is_letter(character: str) -> bool:
    """Whether it is more than the accent of the one before it."""
    return not unicodedata.combining(character)


def _data(folder: str, survey: Survey) -> dict[str, Any]:
    name = name_of(Path(folder))
    splits = {f"data.splits.{split}": text for split, text in _splits(survey.splits).items()}
    own = {"data.source": "image_folder", "data.name": name, "data.path": folder, "tracking.experiment": name}
    drawn = {"data.splitting.method": "stratified", "data.splitting.group": None}
    # Published experiments allow leaks, for theirs have some.
    found = {"data.allow_leaks": False, **dict.fromkeys(("data.limit", "data.table", "data.corrections"))}
    return {**own, **splits, **drawn, **found}


def require_train(splits: Collection[str]) -> None:
    """Raise ConfigError if `splits`, those a folder has, are without one to train on."""
    if "train" not in splits:
        raise ConfigError(f"data.path: found folders for {' and '.join(splits)}; there must be one for train")


def drawn(survey: Survey) -> str:
    """What is to be said of the splits that are drawn; nothing where a tenth each will do."""
    images, share = survey.splits["train"], _share(survey.splits)
    if "validation" in survey.splits or images * _SHARES[0] // 100 >= _VALIDATION:
        return ""
    count = _cut_out(images, _begins(survey.splits, share), share)
    shown = f"few images, so {share} % of them are for validation, {count} of {images}"
    reason = f"{_LEVEL_NEEDS} `predict` cannot say which images are like none it has learned from"
    if count >= _LEVEL_NEEDS:
        return f"{shown}: with fewer than {reason}"
    return f"{shown}; with fewer than {reason}, and accuracies are rough"


def _begins(found: Mapping[str, int], share: int) -> int:
    """After how many percent of the training images those for the splits that the folder lacks begin."""
    return 100 - share * sum(split not in found for split in _SPLITS)


def _cut_out(images: int, begins: int, share: int) -> int:
    """How many `share` percent of `images` are after the first `begins`: TFDS rounds both ends, and the draw keeps to
    that."""
    return round(images * (begins + share) / 100) - round(images * begins / 100)


def _share(found: Mapping[str, int]) -> int:
    """Percent of the training images for each split the folder lacks: a tenth, or what validation needs, as far as
    most of the images are left to train on."""
    if "validation" in found:
        return _SHARES[0]
    lacking = sum(split not in found for split in _SPLITS)
    possible = [share for share in _SHARES if 100 - share * lacking >= _LEFT_TO_TRAIN]
    return next((share for share in possible if found["train"] * share // 100 >= _VALIDATION), possible[-1])


def _splits(found: Mapping[str, int]) -> Mapping[str, str]:
    """Folders that are splits, as they are; the ones that are missing are taken from the training images."""
    require_train(found)
    missing, share = [split for split in _SPLITS if split not in found], _share(found)
    begins = _begins(found, share)
    taken = {"train": f"train[:{begins}%]" if missing else "train"}
    for number, split in enumerate(missing):
        start, end = begins + share * number, begins + share * (number + 1)
        taken[split] = f"train[{start}%:{'' if end == 100 else f'{end}%'}]"
    return {split: taken.get(split, split) for split in _SPLITS}


def _published(backbone: str, survey: Survey) -> dict[str, Any]:
    edge = side(survey.side)
    images = {"height": edge, "width": edge, "channels": 3, "scale": "backbone"}
    network = {"name": backbone, "weights": "imagenet", "layers": []}
    return {**_section("images", images), **_section("backbone", network)}


def _own(survey: Survey) -> dict[str, Any]:
    edge = _own_side(survey)
    images = {"height": edge, "width": edge, "channels": 1 if survey.grey else 3, "scale": "unit"}
    network = {"name": "convolutions", "weights": "none", "layers": _OWN_LAYERS}
    return {**_section("images", images), **_section("backbone", network)}


def _own_side(survey: Survey) -> int:
    return min(_OWN_SIDE, max(survey.side, 8))


def _of_classes(present: Any, survey: Survey) -> dict[str, Any]:
    """What the present parameters have for other classes, and would stop the training of these."""
    weights, output = keys.at(present, "train.class_weights"), keys.at(present, "head.output")
    others = isinstance(weights, Mapping) and not set(weights) <= {names.nfc(name) for name in survey.classes}
    one_logit = output == "sigmoid" and len(survey.classes) != 2
    return {
        **({"train.class_weights": "none"} if others else {}),
        **({"head.output": "softmax"} if one_logit else {}),
    }


def _of_network(present: Any, backbone: str | None) -> dict[str, Any]:
    """What they have for other networks: stored copies need frozen layers, and a class token few have."""
    copies = {"images.augmentation.views": 0, "images.augmentation.on_the_fly": True}
    return {
        **(copies if backbone is None and keys.at(present, "images.augmentation.views") else {}),
        **({"head.pooling": "average"} if keys.at(present, "head.pooling") == "cls" else {}),
        **own_places.without_weights(str(keys.at(present, "backbone.path"))),
    }


def _of_colours(present: Any, network: Mapping[str, Any]) -> dict[str, Any]:
    """Grey images have no saturation to change."""
    key = "images.augmentation.saturation"
    return {key: 0.0} if network["images.channels"] == 1 and keys.at(present, key) else {}


def _section(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name}.{key}": value for key, value in values.items()}

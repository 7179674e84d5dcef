"""params.yaml from version to version: a file on record is never edited, it is read as today's files would say it.

A new key is one entry of AS_BEFORE, beside its field in its section. Whatever is at its "as before" value is left out
of every hash, so an experiment that does not use a key has the name it had before there was such a key.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.params.keys import at, flat, replaced

CURRENT = 4
FIRST = 1  # files that do not say their version

# Version → the keys that came with it, each with what older files meant by its absence; of a new section, all its keys
# as one mapping. An entry that was released never changes: names of results rest on it.
AS_BEFORE: dict[int, dict[str, Any]] = {
    2: {},
    3: {
        "data.table": None,
        "data.corrections": None,
        "data.near_duplicates": "ignore",
        "data.splitting": {"method": "slices", "group": None, "seed": 1},
        "sweep.patience": None,
        "sweep.start": [],
        "train.class_weights": "none",
    },
    4: {
        "images.augmentation.brightness": 0.0,
        "images.augmentation.contrast": 0.0,
        "images.augmentation.crop": 1.0,
        "images.augmentation.erasing": 0.0,
        "images.augmentation.magnitude": 9.0,
        "images.augmentation.randaugment": 0,
        "images.augmentation.saturation": 0.0,
        "sweep.folds": 0,
        "sweep.objective": "accuracy",
        "train.clip_norm": None,
        "train.cutmix": 0.0,
        "train.ema": 0.0,
        "train.feature_noise": 0.0,
        "train.layer_decay": 1.0,
        "train.mixup": 0.0,
    },
}


def _to_2(content: dict[str, Any]) -> dict[str, Any]:
    """Version 2: files say their version."""
    return completed(content, AS_BEFORE[2])


def _to_3(content: dict[str, Any]) -> dict[str, Any]:
    """Version 3: tables of labels, draws of splits; weights of classes; where a sweep begins and ends."""
    return completed(content, AS_BEFORE[3])


def _to_4(content: dict[str, Any]) -> dict[str, Any]:
    """Version 4: ways of training and augmentation of today."""
    return completed(content, AS_BEFORE[4])


# Version → how content of the version before becomes content of it. What is in the new form already, a step leaves.
STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _to_2, 3: _to_3, 4: _to_4}


def version(content: Mapping[str, Any]) -> Any:
    """The version a file says it has."""
    return content.get("version", FIRST)


def upgraded(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a file of the current version says that means the same.

    The version of `content` must be one from FIRST to CURRENT; no other value is looked at.
    """
    new = dict(content)
    for step in range(version(content) + 1, CURRENT + 1):
        new = {**STEPS[step](new), "version": step}
    return new


def without_unchanged(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`content`, any sections of a params.yaml, without the keys at their "as before" value: what is hashed.

    `prefix`: where `content` is, as in "train.".
    """
    left: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            inner = without_unchanged(value, f"{prefix}{name}.")
            left |= {name: inner} if inner else {}
        elif not unchanged(f"{prefix}{name}", value):
            left[name] = value
    return left


def unchanged(key: str, value: Any) -> bool:
    """True if the dotted `key` came with a later version than the first, and `value` is what its absence had meant."""
    later = [flat(keys) for keys in AS_BEFORE.values()]
    return any(key in keys and _is(value, keys[key]) for keys in later)


def completed(content: dict[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """`content` with those of the dotted `keys` that it lacks. A section that is missing, or is none, stays that."""
    for key, value in keys.items():
        section = key.rpartition(".")[0]
        found = at(content, key)
        if isinstance(value, Mapping) and isinstance(found, Mapping):
            content = completed(content, {f"{key}.{name}": inner for name, inner in value.items()})
        elif found is ... and (not section or isinstance(at(content, section), Mapping)):
            content = replaced(content, key, value)
    return content


def _is(found: Any, value: Any) -> bool:
    """Equal, and not merely as 1 equals true."""
    return bool(found == value) and isinstance(found, bool) == isinstance(value, bool)

"""What is drawn for a view beside rotation, shift, shear, zoom and flip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.model.colours import OPERATIONS

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation

_ATTEMPTS = 10  # at a box that lies within the picture
_CROP_RATIOS = (3 / 4, 4 / 3)
_ERASED_AREAS, _ERASED_RATIOS = (0.02, 0.33), (0.3, 3.3)
_LARGEST_MAGNITUDE = 30

# Of RandAugment, what each operation does at the largest magnitude.
_SHEAR, _TRANSLATION, _ROTATION, _CHANGE, _BITS = 0.3, 150 / 331, 30.0, 0.9, 4
_MOVES = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
_POLICY = (*_MOVES, *OPERATIONS)

Colour = tuple[int, float]  # the number of an operation, and its strength
Box = tuple[int, int, int, int]  # see boxes
NO_CHANGE: Colour = (0, 0.0)
NO_BOX: Box = (0, 0, 0, 0)


def crop(random: np.random.Generator, smallest: float, height: int, width: int) -> np.ndarray:
    """A random resized crop as a map (3, 3) from output to input pixel coordinates (Szegedy et al. 2015).

    Its area is `smallest` to 1 of the picture's, its width 3/4 to 4/3 of its height, before it is brought to full size.
    In a picture too long for that, or if most of it is to be seen, these are of the picture's own shape.
    """
    for _ in range(_ATTEMPTS):
        area = random.uniform(smallest, 1) * height * width
        ratio = np.exp(random.uniform(*np.log(_CROP_RATIOS)))
        across, down = np.sqrt(area * ratio), np.sqrt(area / ratio)
        if across <= width and down <= height:
            break
    else:
        across, down = _of_own_shape(random, smallest, height, width)
    left, top = random.uniform(0, width - across), random.uniform(0, height - down)
    x, y = across / width, down / height
    return np.array([[x, 0, left + (x - 1) / 2], [0, y, top + (y - 1) / 2], [0, 0, 1]])


def _of_own_shape(random: np.random.Generator, smallest: float, height: int, width: int) -> tuple[float, float]:
    """Width and height of a box that always lies within: of a part p of the area, p to 1/p times its ratio."""
    part = random.uniform(smallest, 1)
    least, most = max(_CROP_RATIOS[0], part), min(_CROP_RATIOS[1], 1 / part)
    ratio = np.exp(random.uniform(*np.log((least, most))))
    return min(1.0, np.sqrt(part * ratio)) * width, min(1.0, np.sqrt(part / ratio)) * height


def jittered(settings: Augmentation) -> dict[str, float]:
    """The changes of colour that are asked for, each with the largest share it changes by, in their order."""
    shares = {name: getattr(settings, name) for name in ("brightness", "contrast", "saturation")}
    return {name: share for name, share in shares.items() if share}


def jitter(random: np.random.Generator, settings: Augmentation) -> list[Colour]:
    """Each of those, times 1 ± as much as is drawn."""
    return [(OPERATIONS.index(name), 1 + share * random.uniform(-1, 1)) for name, share in jittered(settings).items()]


def erased(random: np.random.Generator, chance: float, height: int, width: int) -> Box:
    """The box that is erased, with that chance (Zhong et al. 2020): 2 to 33 % of the area; else an empty one."""
    if random.random() < chance:
        for _ in range(_ATTEMPTS):
            area = random.uniform(*_ERASED_AREAS) * height * width
            ratio = np.exp(random.uniform(*np.log(_ERASED_RATIOS)))
            down, across = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
            if down < height and across < width:
                top, left = (int(random.integers(length)) for length in (height - down + 1, width - across + 1))
                return top, top + down, left, left + across
    return NO_BOX


def policy(
    random: np.random.Generator, settings: Augmentation, shape: tuple[int, ...]
) -> tuple[np.ndarray, list[Colour]]:
    """RandAugment (Cubuk et al. 2020): so many of its operations, each drawn from all, of the magnitude set.

    Returns the moves among them as one map (3, 3) about the centre, and the others, which come after it, in their
    order: an image is interpolated once. Grey images have no saturation.
    """
    height, width, channels = shape
    known = [name for name in _POLICY if channels > 1 or name != "saturation"]
    part = settings.magnitude / _LARGEST_MAGNITUDE
    moved, colours = np.eye(3), []
    for _ in range(settings.randaugment):
        name, sign = known[random.integers(len(known))], 1 if random.random() < 0.5 else -1
        if name in _MOVES:
            moved = moved @ _move(name, sign * part, height, width)
            colours.append(NO_CHANGE)
        else:
            colours.append((OPERATIONS.index(name), _strength(name, part, sign)))
    return moved, colours


def _move(name: str, part: float, height: int, width: int) -> np.ndarray:
    turn = np.deg2rad(_ROTATION * part)
    moved = np.eye(3)
    if name == "rotate":
        moved[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    elif name.startswith("shear"):
        moved[(0, 1) if name == "shear_x" else (1, 0)] = _SHEAR * part
    else:
        axis = 0 if name == "translate_x" else 1
        moved[axis, 2] = _TRANSLATION * part * (width, height)[axis]
    return moved


def _strength(name: str, part: float, sign: int) -> float:
    if name == "posterize":
        return float(2 ** round(_BITS * part))
    if name == "solarize":
        return 256.0 - 256.0 * part
    return 1 + sign * _CHANGE * part

"""`herbarium predict`: what the network says about image files, a line each; an unreadable file stops no other."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import images, tree
from pipeline.data.thumbnails import thumbnail
from pipeline.plots import answers as drawing
from pipeline.plots import heat, style
from pipeline.process import naming, verbosity
from pipeline.process.errors import DataError
from pipeline.serving.familiarity import FALSE_ALARMS, tempered

Classify = Callable[[list[bytes]], list[dict[str, Any]]]
Look = Callable[[bytes], np.ndarray]  # an encoded image → where its class was seen, float (h, w), 0 to 1
_BATCH = 32
_BAR = 20  # characters
_SHOWN_CLASSES = 5
_SHOWN_FILES = 5
_SMALLEST_SHOWN = 0.005


@dataclass(frozen=True)
class Answer:
    """Of one file: `said` as `classifier.Classifier.predict` gives it, or `error`, the reason why there is none."""

    path: Path
    said: dict[str, Any] | None = None
    error: str = ""

    @property
    def unknown(self) -> bool:
        """Whether the image is said to be of no class; never by a network that cannot tell."""
        return self.said is not None and not self.said.get("known", True)

    @property
    def shares(self) -> dict[str, float]:
        """Class → probability, the surest first, calibrated if it is known how."""
        assert self.said is not None
        names, given = zip(*self.said["probabilities"].items(), strict=True)
        return dict(zip(names, tempered(np.array([given]), self.said.get("temperature", 1.0))[0].tolist(), strict=True))


def files(given: Sequence[str], standard_input: Iterable[str]) -> list[Path]:
    """The files meant: those named, all files below folders, `-` for paths on standard input.

    Of folders, hidden files and what systems leave there are none. Raises DataError, naming all, if one is not there or
    there is nothing at all.
    """
    named = [Path(name) for name in _expanded(given, standard_input)]
    absent = [str(path) for path in named if not os.path.exists(path)]  # Path's fails for what is too long
    if absent:
        raise DataError(f"not found: {', '.join(absent)}; allowed: image files, folders, - for paths on standard input")
    meant = [file for path in named for file in (_below(path) if path.is_dir() else [path])]
    if not meant:
        raise DataError(f"no file in {', '.join(map(str, named)) or 'the standard input'}")
    return list(dict.fromkeys(meant))


def _expanded(given: Sequence[str], standard_input: Iterable[str]) -> Iterator[str]:
    for name in given:
        yield from (line.rstrip("\r\n") for line in standard_input if line.strip()) if name == "-" else [name]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in tree.visible(folder, "images") if path.is_file())


def answers(paths: Sequence[Path], classify: Classify) -> Iterator[Answer]:
    """What `classify` says about each file, in their order; a few files are in memory at a time."""
    waiting = iter(paths)
    while batch := list(islice(waiting, _BATCH)):
        read = [_read(path) for path in batch]
        said = iter(classify(good) if (good := [r for r in read if isinstance(r, bytes)]) else [])
        for path, content in zip(batch, read, strict=True):
            yield Answer(path, next(said)) if isinstance(content, bytes) else Answer(path, error=content)


def _read(path: Path) -> bytes | str:
    """The bytes of an image file, or why they are none."""
    try:
        content = path.read_bytes()
        images.decode(content, channels=1)
    except OSError as error:
        return error.strerror or str(error)
    except DataError as error:
        return str(error)
    return content


def show(
    paths: Sequence[Path],
    classify: Classify,
    as_json: bool,
    picture: Path | None,
    look: Look | None = None,
    false_alarms: float = FALSE_ALARMS,
) -> int:
    """Print every answer as it comes, errors on standard error; draw the first ones, with what `look` says laid over.

    `false_alarms` is what `classify` was told of them. Returns how many files failed.
    """
    width = max(len(_plain(str(path))) for path in paths)
    failed: list[Path] = []
    unknown = 0
    drawn: list[drawing.Example] = []
    for answer in answers(paths, classify):
        failed += [] if answer.said else [answer.path]
        unknown += answer.unknown
        line = _json(answer) if as_json else _line(answer, width)
        print(line, file=sys.stdout if as_json or answer.said else sys.stderr, flush=True)
        if picture and answer.said and len(drawn) < drawing.MOST_SHOWN:
            drawn.append(_example(answer, look))
    if picture and drawn:
        style.save(drawing.answers(drawn), picture)
        print(f"drew {len(drawn)} of {len(paths) - len(failed)} images into {picture}", file=sys.stderr)
    if unknown:
        verbosity.note(
            f"{unknown} of {len(paths) - len(failed)} images are unlike those learned from; so are said to be"
            f" {100 * false_alarms:g} % of images that are like them (--false-alarms)"
        )
    if failed and len(paths) > 1:  # the lines about them may have gone by long ago
        verbosity.note(f"{len(failed)} of {len(paths)} files could not be read as images: {_named(failed)}")
    return len(failed)


def _named(paths: Sequence[Path]) -> str:
    return naming.some([_plain(str(path)) for path in paths], _SHOWN_FILES)


def _example(answer: Answer, look: Look | None) -> drawing.Example:
    assert answer.said is not None
    content = answer.path.read_bytes()
    shown = thumbnail(images.decode(content, channels=3))
    if look:
        shown = heat.over(shown, look(content))
    return drawing.Example(answer.path.name, shown, answer.shares, not answer.unknown)


def _json(answer: Answer) -> str:
    content = answer.said if answer.said else {"error": answer.error}
    return json.dumps({"image": str(answer.path), **content}, ensure_ascii=not _unicode())


def _line(answer: Answer, width: int) -> str:
    name = _plain(str(answer.path))
    if not answer.said:
        return f"{name}: {_plain(answer.error)}"
    shown = list(answer.shares.items())[:_SHOWN_CLASSES]
    if answer.unknown:
        return f"{name:{width}}  {_bar(0)}  none of these (nearest: {_plain(shown[0][0])})"
    likely = [(label, p) for label, p in shown if p >= _SMALLEST_SHOWN] or shown[:1]
    percentages = [f"{_percent(p)} {_plain(label)}" for label, p in likely]
    said = f"seems {', and '.join(percentages)}" if len(answer.shares) == 2 else ", ".join(percentages)
    return f"{name:{width}}  {_bar(shown[0][1])}  {said}"


def _percent(probability: float) -> str:
    """Rounded, but 100% is said of nothing less."""
    return f"{99 if 0.99 <= probability < 1 else round(100 * probability)}%"


def _bar(share: float) -> str:
    full, empty = "█░" if _unicode() else "#."
    length = round(_BAR * share)
    return full * length + empty * (_BAR - length)


def _unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()


def _plain(text: str) -> str:
    """Without control characters: a file's name may hold commands to the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)

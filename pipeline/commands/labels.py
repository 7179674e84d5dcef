"""The command that asks, of every label, whether the other images agree with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.setup import in_project

if TYPE_CHECKING:
    import numpy as np

    from pipeline.results.label_noise import Suspicion

app = typer.Typer()
_SHOWN = 24  # in the picture
_CHUNK = 256  # images
_HARDLY = 0.3  # share of labels that features must disagree with to be called too weak to judge them


@dataclass(frozen=True)
class _Stored:
    """What is stored of N images: names, splits, groups, labels (N,), features (N, D), and where the pixels are."""

    names: list[str]
    splits: list[str]
    groups: list[str]
    labels: "np.ndarray"
    features: "np.ndarray"
    places: list[tuple[str, int]]


@app.command("labels", rich_help_panel="Project")
@in_project()
def labels(
    folds: Annotated[int, typer.Option(min=2, max=20, help="How many parts are held out, one after another.")] = 5,
) -> None:
    """Which labels are probably wrong: what a linear head, trained on the other images' features, says of each image.

    Writes reports/data/suspected.csv, to be edited and named by data.corrections, and a picture of the surest.

    Example: herbarium labels
    """
    from pipeline.files import paths, records
    from pipeline.process import verbosity
    from pipeline.process.errors import DataError
    from pipeline.results import label_noise

    verbosity.begin("training a head on the features of all images but a part, part after part")
    stored = _read()
    if len(set(stored.groups)) < folds:
        raise DataError(
            f"--folds: found {folds}, and there are {len(set(stored.groups))} groups of images; allowed: less"
        )
    classes = records.read_json(paths.CLASSES)
    said = label_noise.out_of_fold(stored.features, stored.labels, stored.groups, folds)
    found = label_noise.suspected(stored.labels, said)
    rows = [_row(stored, one, classes) for one in found]
    records.write_csv(paths.SUSPECTED, ["name", "split", "label", "suggested", "probability", "correction"], rows)
    _draw(stored, found, classes)
    print(_told(stored, said, len(found)))


def _row(stored: _Stored, one: "Suspicion", classes: Sequence[str]) -> tuple[str, ...]:
    i = one.index
    label = classes[stored.labels[i]]
    return stored.names[i], stored.splits[i], label, classes[one.suggested], f"{one.probability:.4f}", ""


def _told(stored: _Stored, said: "np.ndarray", found: int) -> str:
    import numpy as np

    from pipeline.files import paths
    from pipeline.results import label_noise

    of_test = np.array([split == "test" for split in stored.splits])
    everywhere, there = (label_noise.share(stored.labels[of], said[of]) for of in (of_test | True, of_test))
    right = float(np.mean(said.argmax(axis=1) == stored.labels))
    weak = ["the features hardly tell the classes apart, so little follows: take a network that has seen photographs"]
    bound = 100 * there
    return "\n".join(
        [
            *(weak if everywhere > _HARDLY else []),
            f"{found} of {len(stored.labels):,} labels are suspected; a held-out head agrees with {100 * right:.1f} %",
            f"estimated share of wrong labels: {100 * everywhere:.1f} %, of test images {bound:.1f} % (an upper"
            " estimate: what the features cannot tell apart counts as wrong)",
            f"what that means for a test accuracy: a network that is always right could score {100 - bound:.1f} %, and"
            f" differences below {bound:.1f} points may be differences between wrong labels",
            f"the list: {paths.SUSPECTED}; the surest: {paths.SUSPECTED_PICTURE}",
            "look at them, write the right class, or drop, into the column correction, put the file into data.path, and"
            " set data.corrections to its name",
        ]
    )


def _read() -> _Stored:
    """Raises DataError if nothing has been extracted."""
    import numpy as np

    from pipeline.files import features_index, paths, records
    from pipeline.process.errors import DataError

    if missing := features_index.missing(paths.SPLITS, Path()):
        raise DataError(f"{missing}: not found; nothing has been extracted here yet: run `dvc repro extract-features`")
    group_of = {row["name"]: row["group"] for row in records.read_csv(paths.SPLIT_TABLE)}
    file = features_index.read(paths.SPLITS, Path())["cuts"][-1]["file"]  # the highest: its activations tell most
    ids = {split: records.read_csv(paths.ids(split)) for split in paths.SPLITS}
    rows = [(split, n, row) for split in paths.SPLITS for n, row in enumerate(ids[split])]
    return _Stored(
        names=[row["name"] for *_, row in rows],
        splits=[split for split, *_ in rows],
        groups=[group_of.get(row["name"]) or row["sha256"] for *_, row in rows],
        labels=np.concatenate([records.read_npy(paths.labels(split)) for split in paths.SPLITS]),
        features=np.concatenate(
            [_pooled(paths.FEATURES / split / file if file else paths.images(split)) for split in paths.SPLITS]
        ),
        places=[(split, n) for split, n, _ in rows],
    )


def _pooled(path: Path) -> "np.ndarray":
    """Activations (N, …, D), averaged over places, float32 (N, D), read in parts; images as a few mean colours."""
    import numpy as np

    from pipeline.files import records

    stored = records.read_npy(path)
    inner = tuple(range(1, stored.ndim - 1))
    parts = [np.asarray(stored[n : n + _CHUNK], np.float32).mean(axis=inner) for n in range(0, len(stored), _CHUNK)]
    return np.concatenate(parts)


def _draw(stored: _Stored, found: "Sequence[Suspicion]", classes: Sequence[str]) -> None:
    from pipeline.files import paths, records
    from pipeline.plots import style, suspected

    shown = found[:_SHOWN]
    pixels = {split: records.read_npy(paths.images(split)) for split in paths.SPLITS}
    images = [pixels[split][n] for split, n in (stored.places[one.index] for one in shown)]
    titles = [(classes[stored.labels[one.index]], classes[one.suggested]) for one in shown]
    style.save(suspected.draw(images, titles, [stored.names[one.index] for one in shown]), paths.SUSPECTED_PICTURE)

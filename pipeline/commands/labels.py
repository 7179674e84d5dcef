"""The command that asks, of every label, whether the other images agree with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands.setup import in_project

if TYPE_CHECKING:
    import numpy as np

    from pipeline.results.label_noise import Suspicion
    from pipeline.results.labelled_features import Stored

app = typer.Typer()
_SHOWN = 24  # in the picture
_HARDLY = 0.3  # share of labels that features must disagree with to be called too weak to judge them


@app.command("labels", rich_help_panel="Project")
@in_project()
def labels(
    folds: Annotated[int, typer.Option(min=2, max=20, help="How many parts are held out, one after another.")] = 5,
) -> None:
    """Which labels are probably wrong: what a linear head, trained on the other images' features, says of each image.

    Writes reports/data/suspected.csv, to be edited and named by data.corrections, a page with pictures of them, and a
    picture of the surest.

    Example: herbarium labels
    """
    from pipeline.files import paths, records
    from pipeline.process import verbosity
    from pipeline.process.errors import DataError
    from pipeline.results import label_noise, labelled_features

    verbosity.begin("training a head on the features of all images but a part, part after part")
    stored = labelled_features.read()
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
    told = _told(stored, said, len(found))
    records.write_text(paths.SUSPECTED_PAGE, _page(stored, rows, found, told))
    print("\n".join([*told, *_next()]))


def _row(stored: "Stored", one: "Suspicion", classes: Sequence[str]) -> tuple[str, str, str, str, str, str]:
    i = one.index
    label = classes[stored.labels[i]]
    return stored.names[i], stored.splits[i], label, classes[one.suggested], f"{one.probability:.4f}", ""


def _told(stored: "Stored", said: "np.ndarray", found: int) -> list[str]:
    import numpy as np

    from pipeline.results import label_noise

    of_test = np.array([split == "test" for split in stored.splits])
    everywhere, there = (label_noise.share(stored.labels[of], said[of]) for of in (of_test | True, of_test))
    right = float(np.mean(said.argmax(axis=1) == stored.labels))
    weak = ["the features hardly tell the classes apart, so little follows: take a network that has seen photographs"]
    bound = 100 * there
    return [
        *(weak if everywhere > _HARDLY else []),
        f"{found} of {len(stored.labels):,} labels are suspected; a held-out head agrees with {100 * right:.1f} %",
        f"estimated share of wrong labels: {100 * everywhere:.1f} %, of test images {bound:.1f} % (an upper"
        " estimate: what the features cannot tell apart counts as wrong)",
        f"what that means for a test accuracy: a network that is always right could score {100 - bound:.1f} %, and"
        f" differences below {bound:.1f} points may be differences between wrong labels",
    ]


def _next() -> list[str]:
    from pipeline.files import paths

    return [
        f"the list: {paths.SUSPECTED}; with pictures: {paths.SUSPECTED_PAGE}; the surest: {paths.SUSPECTED_PICTURE}",
        "look at them, write the right class, or drop, into the column correction, put the file into data.path, and"
        " set data.corrections to its name",
    ]


def _page(
    stored: "Stored",
    rows: Sequence[tuple[str, str, str, str, str, str]],
    found: "Sequence[Suspicion]",
    told: Sequence[str],
) -> str:
    from pipeline.commands.setup import configured
    from pipeline.report import suspected

    images = _images(stored, found[: suspected.SHOWN])
    shown = [suspected.Row(image, *row) for row, image in zip(rows, images, strict=False)]
    return suspected.render(configured().data.name, told, shown, len(rows))


def _images(stored: "Stored", found: "Sequence[Suspicion]") -> list["np.ndarray"]:
    from pipeline.files import paths, records

    pixels = {split: records.read_npy(paths.images(split)) for split in paths.SPLITS}
    return [pixels[split][n] for split, n in (stored.places[one.index] for one in found)]


def _draw(stored: "Stored", found: "Sequence[Suspicion]", classes: Sequence[str]) -> None:
    from pipeline.files import paths
    from pipeline.plots import style, suspected

    shown = found[:_SHOWN]
    images = _images(stored, shown)
    titles = [(classes[stored.labels[one.index]], classes[one.suggested]) for one in shown]
    style.save(suspected.draw(images, titles, [stored.names[one.index] for one in shown]), paths.SUSPECTED_PICTURE)

"""The command that looks at images before anything is trained."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from pipeline.commands.setup import configured, in_project, require_dvc

if TYPE_CHECKING:
    from pipeline.data.first_look import Seen
    from pipeline.data.near_duplicates import Pair
    from pipeline.data.reading import Example

app = typer.Typer()
_FEW = 30  # images of a class, below which a tenth of it says next to nothing


@app.command("data", rich_help_panel="Project")
@in_project()
def data() -> None:
    """A first look at the images of params.yaml, before anything is trained, on one page: reports/data/page.html.

    Counts, sizes, copies, near-duplicates, the smallest and the oddest images of each class, what images.* might say.

    Example: herbarium data
    """
    from pipeline.process import progress, verbosity

    require_dvc()
    verbosity.begin("bringing the images in")
    _fetch()
    name = configured().data.name
    from pipeline.data import first_look, reading
    from pipeline.files import paths, records
    from pipeline.report import first_look as page

    builder = reading.open_raw(paths.RAW, name)
    classes = reading.classes(builder.info)
    total = sum(int(part.num_examples) for part in builder.info.splits.values())
    with progress.images("looking", total) as advance:
        seen = first_look.see(_examples(builder, advance))
    verbosity.begin("looking for near-duplicates, then drawing")
    pairs = _near_duplicates(seen)
    values = _values(seen, classes, pairs)
    pictures = _pictures(seen, classes, pairs or [])
    records.write_text(paths.DATA_PAGE, page.render(pictures, name=name, classes=classes, **values))
    shown = values["suggested"]
    print(
        f"{len(seen):,} images of {len(classes)} classes, {values['duplicates']} groups of identical ones,"
        f" {'uncounted' if pairs is None else len(pairs)} pairs of near-duplicates\n"
        f"suggested: images.height {shown['height']}, width {shown['width']}, channels {shown['channels']}\n"
        f"all on one page: {paths.DATA_PAGE}"
    )


def _fetch() -> None:
    """`dvc repro fetch`: nothing, if data/raw is what params.yaml asks for."""
    from pipeline.process import dvc
    from pipeline.process.errors import DataError

    if subprocess.run(dvc.command("repro", "-q", "fetch"), env=dvc.environment(), check=False).returncode:
        raise DataError("data: the images could not be fetched; see above")


def _examples(builder: Any, advance: Any) -> Iterator[tuple[str, "Example"]]:
    from pipeline.data import reading

    for split in builder.info.splits:
        for example in reading.examples(builder, split, None):
            advance(1)
            yield split, example


def _near_duplicates(seen: Sequence["Seen"]) -> "list[Pair] | None":
    """None if so many images are alike, scans of one kind, that nothing follows."""
    from pipeline.data import near_duplicates

    try:
        return near_duplicates.pairs([one.item for one in seen])
    except near_duplicates.TooManyAlikeError:
        return None


def _values(seen: Sequence["Seen"], classes: list[str], pairs: "list[Pair] | None") -> dict[str, Any]:
    """What the page says in words."""
    import numpy as np

    from pipeline.data import first_look, integrity
    from pipeline.report import first_look as page

    sizes = np.array([(one.height, one.width) for one in seen])
    area = sizes.prod(axis=1)
    counts = first_look.counts(seen, classes)
    return {
        "images": len(seen),
        "counts": counts,
        "splits": list(dict.fromkeys(one.item.split for one in seen)),
        "few": [name for name, row in counts.items() if sum(int(n) for n in row.values()) < _FEW],
        "imbalance": page.imbalance(counts),
        "sizes": {
            "smallest": sizes[area.argmin()].tolist(),
            "largest": sizes[area.argmax()].tolist(),
            "median": np.median(sizes, axis=0).astype(int).tolist(),
        },
        "grey": sum(int(one.grey) for one in seen),
        "suggested": first_look.suggested(seen),
        "duplicates": len(integrity.same([one.item for one in seen])),
        "pairs": pairs,
        "contradicting": sum(int(pair.first.label != pair.second.label) for pair in pairs or []),
    }


def _pictures(seen: Sequence["Seen"], classes: list[str], pairs: "Sequence[Pair]") -> list[tuple[str, Path]]:
    from pipeline.data import first_look_picture
    from pipeline.files import paths
    from pipeline.plots import style

    drawn = [
        ("How many images each class has, and how large they are.", first_look_picture.overview(seen, classes)),
        (
            "Of each class the smallest image, and those whose colours are least like the others': look for wrong"
            " labels, drawings and screenshots among them.",
            first_look_picture.odd_ones(seen, classes),
        ),
    ]
    if pairs:
        told = "Near-duplicates; those in two splits of the source, or with two labels, first."
        drawn.append((told, first_look_picture.closest(pairs, seen, classes)))
    files = [path for path, _ in zip(paths.DATA_PICTURES, drawn, strict=False)]
    for path, (_, picture) in zip(files, drawn, strict=True):
        style.save(picture, path)
    return [(caption, path) for (caption, _), path in zip(drawn, files, strict=True)]

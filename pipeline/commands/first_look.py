"""The command that looks at images before anything is trained."""

from typing import TYPE_CHECKING

import typer

from pipeline.commands.setup import configured, in_project, require_dvc, require_places

if TYPE_CHECKING:
    from pipeline.params.data_section import Data

app = typer.Typer()


@app.command("data", rich_help_panel="Project")
@in_project()
def data() -> None:
    """A first look at the images of params.yaml, before anything is trained, on one page: reports/data/page.html.

    Counts, sizes, copies, near-duplicates, the smallest and the oddest images of each class, what images.* might say.

    Example: herbarium data
    """
    from pipeline.process import folder_lock, verbosity

    require_dvc()
    section = configured().data
    require_places({"data.path": section.path})
    with folder_lock.command_alone("herbarium data", wait=True):
        verbosity.begin("bringing the images in")
        _fetch()
        print(_look(section))


def _look(section: "Data") -> str:
    """Write the page of the images that were brought in; returns what there is to say."""
    from pipeline.data import beginning, first_look, first_look_figures, first_look_picture, reading
    from pipeline.files import paths, records
    from pipeline.process import progress, verbosity
    from pipeline.report import first_look as page

    builder = reading.open_raw(paths.RAW, section.name)
    classes = reading.classes(builder.info)
    total = sum(int(part.num_examples) for part in builder.info.splits.values())
    with progress.images("looking", total) as advance:
        seen = first_look.of_source(builder, advance)
    verbosity.begin("looking for near-duplicates, then drawing")
    pairs = first_look_figures.pairs(seen)
    found = first_look_figures.of(seen, classes, pairs)
    pictures = first_look_picture.write(seen, classes, pairs or [])
    drawn, started = section.splitting.method == "stratified", beginning.side(found["sizes"]["side"])
    values = {"name": section.name, "classes": classes, "stratified": drawn, "started": started, **found}
    records.write_text(paths.DATA_PAGE, page.render(pictures, **values))
    shown = found["suggested"]
    disputed = f" ({len(found['disputed'])} of them with two labels)" if found["disputed"] else ""
    return (
        f"{len(seen):,} images of {len(classes)} classes, {found['duplicates']} groups of identical ones"
        f"{disputed},"
        f" {'uncounted' if pairs is None else len(pairs)} pairs of near-duplicates\n"
        f"suggested: images.height {shown['height']}, width {shown['width']}, channels {shown['channels']},"
        f" for a published network (`herbarium start` writes {started}, quicker and nearly as good on a CPU); one that"
        " begins from nothing is quicker at 64 or less\n"
        f"all on one page: {paths.DATA_PAGE}"
    )


def _fetch() -> None:
    """`dvc repro fetch`: nothing, if data/raw is what params.yaml asks for."""
    from pipeline.process import dvc, folder_lock, verbosity
    from pipeline.process.errors import DataError

    if failure := dvc.repro("fetch", verbosity.quiet(), folder_lock.lent()):
        raise DataError(f"the images could not be brought in: {failure}")

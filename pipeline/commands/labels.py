"""The command that asks, of every label, whether the other images agree with it."""

from typing import Annotated

import typer

from pipeline.commands import finished
from pipeline.commands.setup import configured, in_project, require_dvc, require_inputs

app = typer.Typer()


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
    from pipeline.data import earlier_corrections
    from pipeline.files import features_index, paths, records
    from pipeline.process import folder_lock, verbosity
    from pipeline.report import suspected
    from pipeline.results import labelled_features, suspected_labels
    from pipeline.sweep import command

    verbosity.begin("bringing the features up to date")
    params = configured()
    require_dvc()
    require_inputs(params)
    with folder_lock.command_alone("herbarium labels", wait=True):
        command.bring_features_up_to_date(verbosity.quiet(), folder_lock.lent())
    prepared = [path for split in paths.SPLITS for path in (paths.ids(split), paths.labels(split), paths.images(split))]
    if not features_index.missing():
        finished.require(paths.CLASSES, paths.SPLIT_TABLE, *prepared)
    verbosity.begin("training a head on the features of all images but a part, part after part")
    stored, classes = labelled_features.read(), records.read_json(paths.CLASSES)
    asked = suspected_labels.ask(stored, classes, folds, earlier_corrections.kept(stored.names, classes))
    suspected.write(params.data.name, asked)
    print("\n".join(suspected_labels.told(asked)))
    print(f"the list: {paths.SUSPECTED}; with pictures: {paths.SUSPECTED_PAGE}; the surest: {paths.SUSPECTED_PICTURE}")
    print(
        "look at them, write the right class, or drop, into the column correction, put the file into data.path, and"
        " set data.corrections to its name"
    )

"""`herbarium runs`: what was changed, and what came of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import targets
from pipeline.commands.setup import in_project, require_dvc
from pipeline.process.errors import HerbariumError

if TYPE_CHECKING:
    from pipeline.review.side_by_side import Run

app = typer.Typer()


@app.command(rich_help_panel="Review")
def runs(
    commits: Annotated[int, typer.Option(min=1, help="Of how many commits, from the newest.")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="Runs on other images, too.")] = False,
    page: Annotated[
        Path | None, typer.Option(help="Write their curves into this HTML file; it needs no network.")
    ] = None,
) -> None:
    """The runs DVC knows, side by side: accuracies, and what each has otherwise than what is here.

    Example: herbarium runs --page reports/runs.html
    """
    target = page and page.absolute()
    with in_project():
        if target:
            targets.require_file(target, "--page", ".html")
        require_dvc()
        shown = _listed(commits, everything)
        if target:
            from pipeline.review import side_by_side

            print(f"curves of {side_by_side.page(shown, target)} of them: {page}")


def _listed(commits: int, everything: bool) -> "list[Run]":
    """Print the table of runs; those that are in it."""
    from pipeline.process import verbosity

    verbosity.begin("asking DVC for its runs")
    from pipeline.identity import certificate
    from pipeline.review import side_by_side

    found = side_by_side.known(commits)
    if not found:
        raise HerbariumError("no run with results in the last commits or here: run `dvc repro`")
    shown = [run for run in found if everything or side_by_side.like(run, found[0])]
    print(side_by_side.table(shown))
    if changed := certificate.stale_stages():
        verbosity.note(
            f"what is {side_by_side.HERE} was measured before a change ({'; '.join(changed)}): run dvc repro"
        )
    if len(shown) == 1:
        verbosity.note("a result is a row of its own once it is committed, before the next run: git commit --all")
    if others := len(found) - len(shown):
        print(f"{others} more on other images: herbarium runs --all")
    return shown

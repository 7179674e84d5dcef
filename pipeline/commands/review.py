"""Experiments reviewed. Everything heavy is imported inside the command that needs it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands import finished
from pipeline.commands.experiments import names
from pipeline.commands.setup import absolute, in_project, require_dvc

if TYPE_CHECKING:
    from pipeline.review.verify import Asked


app = typer.Typer()
_REVIEW = "Review"
_POINTS = 100


@app.command(rich_help_panel=_REVIEW)
@in_project()
def replicate(
    seeds: Annotated[
        int | None,
        typer.Option(min=1, help="How many seeds: the experiment's own and those after it.", show_default="3"),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(min=2, help="Cross-validate instead: folds of the training and validation images."),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="How often the images are divided into folds.", show_default="1")
    ] = None,
) -> None:
    """Run the experiment of params.yaml with several seeds, or cross-validate it; mean, spread and interval.

    They are in reports/replicate.json, of folds in reports/folds.json. Folds extract nothing and see no test image.

    Example: herbarium replicate --folds 5 --repeats 2
    """
    if folds is None:
        if repeats is not None:
            raise typer.BadParameter("--repeats is for --folds: how often the images are divided")
        require_dvc()
        _over_seeds(seeds or 3)
        return
    if seeds is not None:
        raise typer.BadParameter("give --seeds or --folds: the folds of the second repeat have the second seed")
    require_dvc()
    from pipeline.commands import cross_validation

    cross_validation.run(folds, repeats or 1)


def _over_seeds(count: int) -> None:
    from pipeline.filing import seeds as filed
    from pipeline.params import config
    from pipeline.process import verbosity
    from pipeline.results import seeds as outcomes
    from pipeline.review import replicates

    params = config.load()
    curves = []
    found = replicates.replicate(count, verbosity.say, lambda seed, epochs: curves.append((seed, epochs)))
    verbosity.say("")
    print(f"{outcomes.describe(found)}\ndetails: {filed.REPORT}")

    def show() -> None:
        from pipeline.tracking.reviews import Replication

        shown = Replication(found.experiment, params)
        for seed, epochs in curves:
            shown.seed(config.with_seed(params, seed.seed), seed.fingerprint, epochs, outcomes.accuracies(seed))
        shown.finished(outcomes.values(found), filed.REPORT)

    _in_mlflow(show)


@app.command(rich_help_panel=_REVIEW)
def verify(
    what: Annotated[
        str, typer.Argument(help="An experiment, an MLflow run id or a git revision.", autocompletion=names)
    ],
    seeds: Annotated[
        int | None, typer.Option(min=1, help="How many seeds at most, 1, 3, 5 or 10: it stops when one look decides.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help="Points of accuracy that count as the same, instead of the claim's margin.")
    ] = None,
    cached: Annotated[
        bool, typer.Option("--cached", help="Only look whether what DVC's cache has is the record; no verdict.")
    ] = False,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Run the record's parameters: its images may be others.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Your folder of the images: what they contain is compared, and reported.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Your file of the backbone's weights, or folder of a KerasHub preset.")
    ] = None,
    vary: Annotated[
        list[str] | None, typer.Option(help="Run the first seed once more with another: precision, threads.")
    ] = None,
    resplit: Annotated[int, typer.Option(min=0, help="Run the first seed on so many other draws of the split.")] = 0,
    sign: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write a certificate to hand in, signed with this name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON, and nothing else.")] = False,
) -> None:
    """Compute a reported experiment again, in a copy, and say whether the claim holds and where bits first differ.

    Exit code 0: REPRODUCED; 10: NOT REPRODUCED; 11: INCONCLUSIVE; 12: RECORD INTACT (--cached). An error is 1 or 2.

    Example: herbarium verify digits --seeds 3
    """
    from pipeline.review import signed
    from pipeline.review import verify as reviews
    from pipeline.review.elsewhere import Elsewhere

    signer = None if sign is None else signed.checked_name(sign)
    elsewhere = Elsewhere(data and absolute(data), weights and absolute(weights))
    asked = reviews.Asked(
        seeds, None if margin is None else margin / _POINTS, cached, recorded, elsewhere, tuple(vary or ()), resplit
    )
    with in_project():
        raise typer.Exit(_verified(what, asked, signer, as_json))


def _verified(what: str, asked: "Asked", signer: str | None, as_json: bool) -> int:
    """Review, report, and show it; the exit code."""
    import datetime

    from pipeline.files import records
    from pipeline.params import config
    from pipeline.process import hardware, verbosity
    from pipeline.review import report, signed
    from pipeline.review import verify as reviews

    verbosity.begin(f"looking {what} up")
    review = reviews.review(what, asked, (lambda _: None) if as_json else verbosity.say)
    files = [*report.write(review)]
    if signer:
        files += signed.write(review, signer, datetime.datetime.now(datetime.UTC), hardware.describe())
    if as_json:
        print(records.canonical(report.as_json(review)), end="")
    else:
        verbosity.say("")
        print(f"{report.as_text(review)}\nreport: {', '.join(map(str, files))}")

    def show() -> None:
        from pipeline.tracking.reviews import log_review

        log_review(review.subject.name, report.as_json(review), files[0], config.load().tracking)

    _in_mlflow(show)
    return review.outcome.exit_code


@app.command(rich_help_panel=_REVIEW)
@in_project()
def compare(
    first: Annotated[
        str,
        typer.Argument(
            help="An experiment, an MLflow run id, a git revision, or . (results here).", autocompletion=names
        ),
    ],
    second: Annotated[str, typer.Argument(help="Another one.")],
) -> None:
    """Two measured networks: parameters that differ, accuracies, and whether the difference is more than chance.

    Example: herbarium compare digits .
    """
    from pipeline.process import verbosity

    verbosity.begin(f"reading what {first} and {second} say")
    from pipeline.filing import reading
    from pipeline.review import compare as comparison
    from pipeline.review import subjects

    if subjects.HERE in (first, second):
        finished.require(*reading.NEEDED)
    print(comparison.report(first, second))


def _in_mlflow(show: Callable[[], None]) -> None:
    from pipeline.process import notices

    notices.or_warn(show)

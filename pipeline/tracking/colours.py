"""A colour for each run. MLflow draws them by lot, and two curves that are to be compared may get the same."""

from pipeline.plots import style
from pipeline.tracking.store import Store

TAG = "mlflow.runColor"
# Okabe & Ito (2008) without yellow and black, which a white page and its text hide; neighbours differ most.
PALETTE = (style.BLUE, style.ORANGE, "#009E73", "#CC79A7", style.RED, "#56B4E9")


def of_number(number: int) -> dict[str, str]:
    """The tag of the run with that number, 0 …, among its like."""
    return {TAG: PALETTE[number % len(PALETTE)].lower()}


def of_next(store: Store) -> dict[str, str]:
    """The tag of a run that is about to be created: another colour than the newest run's."""
    newest = store.client.search_runs([store.experiment_id], max_results=1)
    colours = [of_number(number)[TAG] for number in range(len(PALETTE))]
    last = newest[0].data.tags.get(TAG) if newest else None
    return of_number(colours.index(last) + 1 if last in colours else 0)

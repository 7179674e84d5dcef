from collections.abc import Callable

from pipeline.params.schema import Params
from pipeline.plots import palette
from pipeline.tracking import address, colours, runs, tags
from pipeline.tracking.store import connect, conversation


def test_no_two_plain_runs_share_a_colour_whatever_is_between_them(
    at: Callable[[str | None], Params], params: Params
) -> None:
    """Trials, which are newer than the run before them, do not count."""
    with conversation(address.tracking_uri(at(None).tracking)):
        store = connect(at(None).tracking)
        made = []
        for number in range(1, 9):
            made.append(runs.create(store, str(number), params, start_time=number))
            labels = {tags.PARENT: made[0].info.run_id, **colours.of_number(number)}
            store.client.create_run(store.experiment_id, number + 1, labels)
        found = [store.client.get_run(run.info.run_id).data.tags[colours.TAG] for run in made]
    assert found[:6] == [colour.lower() for colour in palette.CURVES]
    assert len(set(found)) == len(found)


def test_numbered_runs_differ() -> None:
    assert len({colours.of_number(number)[colours.TAG] for number in range(500)}) == 500

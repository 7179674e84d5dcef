from collections.abc import Callable

from pipeline.params.schema import Params
from pipeline.tracking import address, colours, runs
from pipeline.tracking.store import connect, conversation


def test_a_run_has_another_colour_than_the_one_before(at: Callable[[str | None], Params], params: Params) -> None:
    with conversation(address.tracking_uri(at(None).tracking)):
        store = connect(at(None).tracking)
        made = [runs.create(store, str(number), params, start_time=number) for number in range(1, 9)]
    found = [store.client.get_run(run.info.run_id).data.tags[colours.TAG] for run in made]
    assert found[:6] == [colour.lower() for colour in colours.PALETTE]
    assert found[6:] == found[:2]


def test_numbered_runs_come_round() -> None:
    assert colours.of_number(0) == colours.of_number(len(colours.PALETTE)) != colours.of_number(1)

"""The table of networks is that of results.json, names all there are, and each does what it says: slow, one by one."""

import pytest

from pipeline.files import records
from pipeline.identity import determinism
from pipeline.model import published
from pipeline.params import config
from tests import shipped

from . import report
from .measure import measure, scaling

RESULTS = records.read_json(report.RESULTS)


def row(name: str) -> dict:
    params = config.check(shipped.content(), "params.yaml")
    determinism.prepare(params.compute)
    return measure(params, name)


def test_the_table_is_the_last_measurement_and_names_every_network() -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    assert report.with_table(text, RESULTS) == text
    assert RESULTS.keys() <= set(published.names())
    rows, _, others = report.markdown(RESULTS).partition("Not measured yet: ")
    assert not [name for name in published.names() if f"| {name} |" not in rows and name not in others]


def test_a_small_network_is_as_the_table_says() -> None:
    assert row("MobileNet") == RESULTS["MobileNet"]


def test_what_is_done_to_a_pixel_is_told() -> None:
    said = {name: scaling(name) for name in ("VGG16", "DenseNet121", "MobileNetV2", "EfficientNetB0")}
    assert said == {name: RESULTS[name]["scaling"] for name in said}
    assert len(set(said.values())) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", published.names())
def test_every_network_builds_is_cut_trains_a_step_and_is_saved(name: str) -> None:
    found = row(name)
    assert name not in RESULTS or found == RESULTS[name]

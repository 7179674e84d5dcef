"""Parameter files written from values: with every comment, and read back as the same values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.params import config, rendering
from pipeline.params.schema import Params
from tests import shipped
from tests.conftest import ROOT
from tests.legal import legal_params
from tests.rendered import render


@pytest.mark.parametrize("name", shipped.NAMES)
def test_every_experiment_is_laid_out_and_commented_as_the_default_is(name):
    """In the words of its time: what is reworded today is edited in one file."""
    path = ROOT / "experiments" / name / "params.yaml"
    rendered, written = (text.splitlines() for text in (render(config.read_yaml(path)), path.read_text("utf-8")))
    for expected, line in zip(rendered, written, strict=True):
        assert line.partition("  # ")[:2] == expected.partition("  # ")[:2]


@given(
    st.recursive(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(10**9), 10**9),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(st.characters(codec="utf-8"), max_size=12),
        ),
        lambda inner: st.lists(inner, max_size=3),
    )
)
def test_any_value_is_read_back_as_it_was(value):
    text = f"key: {rendering.flow(value)}\n"
    assert YAML(typ="safe", pure=True).load(text)["key"] == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-3, "1.0e-3"), (1e-2, "1.0e-2"), (2e-5, "2.0e-5"), (3.2e-4, "3.2e-4"), (0.3, "0.3"), (0.0, "0.0")],
)
def test_small_numbers_show_their_power_of_ten(value, text):
    assert rendering.flow(value) == text


@settings(max_examples=20)
@given(legal_params())
def test_any_legal_params_are_read_back_as_they_were(params: Params) -> None:
    text = render(params.model_dump())
    assert config.check(config.parse_yaml(text, "params.yaml"), "params.yaml") == params
    assert render(config.parse_yaml(text, "params.yaml")) == text

"""The schema itself: every key described, nothing converted, nothing changed afterwards."""

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.params.network_sections import Head
from pipeline.params.schema import Params
from pipeline.params.section import section_of

HEAD = {"pooling": "average", "units": [4, 2], "dropout": 0.5, "batch_norm": False, "output": "softmax"}


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [section_of(field.annotation) for field in model.model_fields.values()]
    return [model, *(found for section in inner if section for found in sections(section))]


@pytest.mark.parametrize("section", sections(Params), ids=lambda section: section.__name__)
def test_every_key_is_described_and_required(section):
    for name, field in section.model_fields.items():
        assert field.description, name
        assert field.is_required(), name


@pytest.mark.parametrize("section", sections(Params), ids=lambda section: section.__name__)
def test_legal_ranges_are_said_where_they_are_checked(section):
    """A lower or upper bound appears in the description, so in params.yaml and in errors."""
    for name, field in section.model_fields.items():
        for bound in field.metadata:
            for kind in ("ge", "le", "lt"):
                limit = getattr(bound, kind, None)
                if (
                    limit in (None, 2**31, 100_000)
                    or (kind, limit) == ("lt", 1)
                    or field.description.startswith("at most this")
                ):
                    continue
                said = f"{limit:g}" in field.description or str(limit) in field.description
                of_another_key = "backbone.max_unfrozen_layers" in field.description
                assert said or of_another_key or "null" in field.description, f"{section.__name__}.{name}: {limit}"


def test_values_are_not_converted():
    for change in ({"batch_norm": "false"}, {"units": (4, 2)}, {"units": ["4", 2]}, {"batch_norm": 0}):
        with pytest.raises(ValidationError):
            Head.model_validate(HEAD | change)


def test_parameters_do_not_change_afterwards(params):
    with pytest.raises(ValidationError, match="frozen"):
        params.train.seed = 2


@pytest.mark.parametrize("section", sections(Params), ids=lambda section: section.__name__)
def test_sections_hold_values_and_no_code_that_a_stage_would_run(section):
    """No stage depends on the schema's modules, so nothing in them may decide what a stage computes."""
    own = {name for name, value in vars(section).items() if callable(value) or isinstance(value, property)}
    checks = set(section.__pydantic_decorators__.model_validators)
    assert {name for name in own - checks if not name.startswith("_")} <= {"hashed", "model_post_init"}
    assert not section.__pydantic_decorators__.field_validators
    assert not section.model_computed_fields

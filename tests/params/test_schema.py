"""The schema itself: every key described, nothing converted, nothing changed afterwards, derived values."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from pipeline.files import paths
from pipeline.params import config
from pipeline.params.schema import Augmentation, Backbone, Head, Params

HEAD = {"pooling": "average", "units": [4, 2], "dropout": 0.5, "batch_norm": False, "output": "softmax"}
BACKBONE = {"name": "VGG16", "weights": "none", "path": "x", "layers": [], "max_unfrozen_layers": 0}
STILL = {
    "views": 0,
    "on_the_fly": False,
    "rotation": 0.0,
    "shift": 0.0,
    "shear": 0.0,
    "zoom": 0.0,
    "flip": False,
    "seed": 1,
}


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [config._section(field.annotation) for field in model.model_fields.values()]
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


@pytest.mark.parametrize(
    ("changes", "rates"),
    [
        ({}, [0.5, 0.5]),
        ({"dropout": [0.1, 0.2]}, [0.1, 0.2]),
        ({"units": []}, [0.5]),
        ({"units": [], "dropout": []}, [0.0]),
    ],
)
def test_dropout_rates(changes, rates):
    assert Head.model_validate(HEAD | changes).dropout_rates == rates


def test_where_a_saved_backbone_is():
    assert Backbone.model_validate(BACKBONE).saved_at is None
    saved = Backbone.model_validate(BACKBONE | {"name": "saved", "weights": "file", "path": "base.keras"})
    assert saved.saved_at == Path("base.keras")
    for uri in ("models:/base/1", "runs:/abc/model"):
        registered = Backbone.model_validate(BACKBONE | {"name": uri, "weights": "file"})
        assert registered.saved_at == paths.mlflow_model(uri)


def test_augmentation_is_active_with_views_or_on_the_fly():
    assert not Augmentation.model_validate(STILL).active
    assert Augmentation.model_validate(STILL | {"views": 1}).active
    assert Augmentation.model_validate(STILL | {"on_the_fly": True}).active

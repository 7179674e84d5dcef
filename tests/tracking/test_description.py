from dataclasses import replace

import numpy as np
import pytest

from pipeline.params.schema import Params
from pipeline.tracking import description, results
from pipeline.tracking.results import Results

from .example import CLASSES, EPOCHS, METRICS, SCORES, TRAINING

CODE = {"mlflow.source.git.commit": "0123abcd", "git_dirty": "false"}


@pytest.fixture
def found() -> Results:
    return results.Results(TRAINING, EPOCHS, METRICS, CLASSES, np.zeros((6, 3)), SCORES)


def test_outcome_data_training_and_commands_are_told(params: Params, found: Results) -> None:
    text = description.markdown(params, found, CODE)
    assert "**Test accuracy 0.5000** (95 % interval 0.3000–0.7000, 6 images)" in text
    assert "digits, 3 classes" in text
    assert "train\\[90" not in text  # code spans show their content as it is
    assert "567 of 1,234 parameters" in text
    assert "epoch 2 of 2 kept" in text
    assert "git checkout 0123abcd\ndvc repro" in text
    assert "uncommitted" not in text


def test_uncommitted_changes_are_told(params: Params, found: Results) -> None:
    assert "uncommitted changes" in description.markdown(params, found, {**CODE, "git_dirty": "true"})


def test_unknown_changes_are_told(params: Params, found: Results) -> None:
    assert "Whether there were uncommitted changes is unknown" in description.markdown(
        params, found, {**CODE, "git_dirty": "unknown"}
    )


def test_without_git_the_parameters_are_named(params: Params, found: Results) -> None:
    text = description.markdown(params, found, {})
    assert "git checkout" not in text
    assert "`params.yaml` among the artifacts" in text


def test_class_names_cannot_format_the_page(params: Params, found: Results) -> None:
    assert description.weakest_class(found) == ("a*b|<i>", 0.0)
    assert "Weakest class: a\\*b\\|&lt;i&gt;, recall 0.0000" in description.markdown(params, found, CODE)
    assert description.escaped("# a\n[b](c)") == "\\# a \\[b\\](c)"


def test_no_class_in_the_test_split_has_no_weakest(found: Results) -> None:
    assert description.weakest_class(replace(found, scores={"c/d": SCORES["c/d"]})) is None

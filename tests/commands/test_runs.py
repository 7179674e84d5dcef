"""`herbarium runs` from where the user stands; and that no command takes a path for one of the project's."""

import ast
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import paths, records
from pipeline.params import config
from pipeline.results import history
from pipeline.review import side_by_side
from pipeline.review.side_by_side import Run
from tests.faults.bad_input import write_params
from tests.root import ROOT
from tests.tracking.example import EPOCHS


@pytest.mark.parametrize("absolute", [False, True])
def test_the_page_is_written_where_it_is_said(project: Path, monkeypatch: pytest.MonkeyPatch, absolute: bool) -> None:
    history.write(paths.HISTORY, EPOCHS)
    monkeypatch.setattr(side_by_side, "known", lambda _: [Run(side_by_side.HERE, {}, {"test_accuracy": 0.9}, None)])
    for folder in (".dvc", ".git"):
        (project / folder).mkdir()
    below = project / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    page = str(project / "elsewhere/runs.html") if absolute else "mine.html"
    said = CliRunner().invoke(app, ["runs", "--page", page], catch_exceptions=False).output
    assert said.endswith(f"of them: {page}\n")
    assert "note: a result is a row of its own once it is committed, before the next run: git commit --all\n" in said
    assert (below / page).is_file()
    assert not (project / "mine.html").exists()


def test_a_figure_from_before_a_change_of_any_stage_is_said_to_be(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was edited: images are of other stages than the training."""
    monkeypatch.setattr(side_by_side, "known", lambda _: [Run(side_by_side.HERE, {}, {"test_accuracy": 0.9}, None)])
    for folder in (".dvc", ".git"):
        (project / folder).mkdir()
    write_params({})
    read = {key: config.read_yaml(paths.PARAMS)[key] for key in ("data", "train")}
    lock = {"fetch": ["data"], "preprocess": ["data"], "train": ["train"]}
    stages = {name: {"params": {"params.yaml": {key: read[key] for key in keys}}} for name, keys in lock.items()}
    records.write_text(paths.LOCK, json.dumps({"stages": stages}))
    assert "was measured before" not in CliRunner().invoke(app, ["runs"], catch_exceptions=False).output
    write_params({"data.limit": 500})
    said = CliRunner().invoke(app, ["runs"], catch_exceptions=False).output
    assert "what is here was measured before a change (data.limit was 40, is 500): run dvc repro" in said


def test_a_command_that_takes_a_path_resolves_it_before_it_enters_the_project() -> None:
    """As a decorator `in_project` enters first: what the user named from where he stands would be looked for there."""
    commands = [
        node
        for file in sorted((ROOT / "pipeline/commands").glob("*.py"))
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
        and any("in_project" in ast.unparse(decorator) for decorator in node.decorator_list)
    ]
    assert len(commands) > 10
    assert not [node.name for node in commands if "Path" in ast.unparse(node.args)]

"""A shell variable that is not set is no path: the folder the user stands in is not what was meant."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.process.errors import ConfigError

EMPTY = {
    "predict ''": "images",
    "predict image.png '' --json": "images",
    "predict image.png --picture=": "--picture",
    "start ''": "folder",
    "use digits --data ''": "--data",
    "use digits --weights=": "--weights",
    "verify digits --data ''": "--data",
    "export --format onnx --to ''": "--to",
    "export-backbone ''": "path",
    "compare digits ''": "second",
    "record ''": "name",
    "runs --page ''": "--page",
    "backbones --candidate VGG16 --candidate ''": "--candidate",
    "backbones --use ''": "--use",
    "promote --storage ''": "--storage",
}


@pytest.mark.parametrize("line", EMPTY)
def test_an_empty_value_is_refused_by_its_name(project: Path, line: str) -> None:
    Path("image.png").touch()
    before = sorted(project.iterdir())
    done = CliRunner().invoke(app, shlex.split(line), env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert f"Invalid value for '{EMPTY[line]}" in done.output
    assert "found '', as of a shell variable that is not set; give it a value: " in done.output
    assert sorted(project.iterdir()) == before


@pytest.mark.parametrize("option", ["--candidate", "--use"])
def test_a_candidate_without_its_file_is_refused(project: Path, option: str) -> None:
    with pytest.raises(ConfigError, match=r"found 'saved=', and nothing after =; allowed: NAME=FILE"):
        CliRunner().invoke(app, ["backbones", option, "saved="], catch_exceptions=False)

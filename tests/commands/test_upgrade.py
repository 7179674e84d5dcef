"""`herbarium upgrade` shows what it writes, `check` names it, and no stage starts on a file that lacks a key."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.files import paths, records
from pipeline.identity import stock
from pipeline.params import config, upgrades
from pipeline.process.errors import ConfigError
from tests.conftest import ROOT

OLD = (ROOT / "experiments/digits/params.yaml").read_text(encoding="utf-8").replace("# letters", "# my letters")


@pytest.fixture
def old(project: Path) -> Path:
    """A project whose params.yaml is of the first version, with a comment of the user's."""
    text = OLD.replace("train:  #", "# not more than an hour\ntrain:  #")
    assert text != OLD
    paths.PARAMS.write_text(text, encoding="utf-8")
    for path in ("data/originals/file", config.load().backbone.path):
        records.write_text(Path(path), "what `dvc repro` needs")
    return project


def herbarium(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_the_difference_is_shown_and_written(old):
    before, meant = paths.PARAMS.read_text(encoding="utf-8"), config.load()
    done = herbarium("upgrade")
    assert done.exit_code == 0, done.output
    after = paths.PARAMS.read_text(encoding="utf-8")
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert added[0].startswith(f"version: {upgrades.CURRENT} ")
    assert [line for line in done.output.splitlines() if line.startswith("+") and line[1:] in added] == [
        f"+{line}" for line in added
    ]
    assert "# not more than an hour\ntrain:" in after
    assert all(line in after.splitlines() for line in before.splitlines())
    assert config.load() == meant
    assert herbarium("upgrade").output == f"params.yaml is of version {upgrades.CURRENT}, as this Herbarium's are\n"
    assert paths.PARAMS.read_text(encoding="utf-8") == after


def test_only_a_look_changes_nothing(old):
    before = paths.PARAMS.read_bytes()
    done = herbarium("upgrade", "--check")
    assert done.exit_code == 1
    assert f"+version: {upgrades.CURRENT}" in done.output
    assert paths.PARAMS.read_bytes() == before
    herbarium("upgrade")
    assert herbarium("upgrade", "--check").exit_code == 0


def test_check_names_the_command(old, monkeypatch):
    monkeypatch.setattr("pipeline.commands.project.require_dvc", lambda: None)
    done = herbarium("check")
    assert done.exit_code == 0, done.output
    assert "it is of version 1; `herbarium upgrade` adds" in done.output
    herbarium("upgrade")
    assert "upgrade" not in herbarium("check").output


def test_what_a_newer_one_wrote_is_refused_with_one_message(project):
    text = paths.PARAMS.read_text(encoding="utf-8")
    paths.PARAMS.write_text(text.replace(f"version: {upgrades.CURRENT} ", "version: 99 "), encoding="utf-8")
    for command in ("check", "upgrade"):
        done = herbarium(command)
        assert done.exit_code == 1
        assert isinstance(done.exception, ConfigError)
        assert str(done.exception).startswith("params.yaml: version: found 99; this Herbarium knows 1 to")


def test_no_stage_begins_on_a_file_that_dvc_could_not_hash(old, monkeypatch):
    """It would find the missing key when the work is done."""
    pipeline = paths.PIPELINE.read_text(encoding="utf-8").replace("      - data.limit\n", "      - data.brand_new\n", 1)
    paths.PIPELINE.write_text(pipeline, encoding="utf-8")
    records.write_text(Path("pipeline/versions.json"), (ROOT / "pipeline/versions.json").read_text())
    with pytest.raises(ConfigError, match=r"^params\.yaml: .*data\.brand_new") as caught:
        stock.take("preprocess")
    assert str(caught.value).endswith(
        ": not there, and preprocess reads it; the file is of version 1:"
        f" `herbarium upgrade` brings it to {upgrades.CURRENT}"
    )

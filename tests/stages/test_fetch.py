"""The stage fetch in a project folder of its own."""

import pytest
from PIL import Image

from pipeline.files import paths, records
from pipeline.params import config
from pipeline.process.errors import DataError
from pipeline.stages import fetch
from tests import trees

KEYS = ["data.source", "data.name", "data.path", "data.table", "data.corrections", "data.on_bad_image"]


def narrowed(params, **data):
    changed = params.model_copy(update={"data": params.data.model_copy(update=data)})
    return config.narrow(changed, KEYS)


def test_digits_are_the_same_bytes_every_time_and_everywhere(project, params, monkeypatch, capsys):
    digests = []
    for place in ("one", "one", "two"):
        (project / place).mkdir(exist_ok=True)
        monkeypatch.chdir(project / place)
        fetch.run(narrowed(params))
        digests.append(trees.digest(paths.RAW))
    assert len(set(digests)) == 1
    assert capsys.readouterr().out.splitlines()[0] == "digits/1.0.0: 10 classes; images: train 1,797"
    assert records.read_json(paths.SKIPPED) == []


def test_a_failing_fetch_leaves_nothing_half_done(project, params):
    paths.RAW.mkdir(parents=True)
    (paths.RAW / "earlier").write_text("kept")
    leftover = paths.RAW.with_name(".raw.new") / "incomplete.killed"
    leftover.mkdir(parents=True)
    with pytest.raises(DataError):
        fetch.run(narrowed(params, source="image_folder", path="nowhere"))
    assert [p.name for p in paths.RAW.iterdir()] == ["earlier"]
    assert [p.name for p in paths.RAW.parent.iterdir()] == ["raw"]


def test_an_earlier_data_set_and_leftovers_are_gone_after_a_fetch(project, params):
    for stale in ("raw/other/1.0.0", ".raw.new/incomplete.killed", ".raw.old/other/0.9.0"):
        (paths.RAW.parent / stale).mkdir(parents=True)
    fetch.run(narrowed(params))
    assert sorted(p.name for p in paths.RAW.iterdir()) == ["digits", "skipped.json"]
    assert [p.name for p in paths.RAW.parent.iterdir()] == ["raw"]


def test_a_data_set_that_a_kill_had_put_aside_is_back_if_the_next_fetch_fails(project, params):
    (paths.RAW.parent / ".raw.old/digits").mkdir(parents=True)
    with pytest.raises(DataError):
        fetch.run(narrowed(params, source="image_folder", path="nowhere"))
    assert [p.name for p in paths.RAW.iterdir()] == ["digits"]


def test_skipped_files_are_recorded(project, params, capsys):
    for label in ("a", "b"):
        (project / "source" / label).mkdir(parents=True)
        Image.new("L", (2, 2), ord(label)).save(project / "source" / label / "good.png")
    (project / "source/b/bad.png").write_text("")
    fetch.run(narrowed(params, source="image_folder", name="ab", path="source", on_bad_image="skip"))
    assert records.read_json(paths.SKIPPED) == [{"name": "b/bad.png", "reason": "the file is empty"}]
    assert "1 unreadable image left out" in capsys.readouterr().out

"""`herbarium check` takes what has rotten out of DVC's cache, and cuts the links through which it rots."""

from pathlib import Path

import pytest

from pipeline.files import paths, records
from pipeline.identity import cache, certificate, mending

from .certified import CACHE, in_cache, run, write_in_place

FILES = {"reports/metrics.json": "0.9", "data/features": {"features.json": "{}", "train/pooled.npy": "numbers"}}


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nowhere"))


def test_a_sound_project_needs_nothing(project):
    run(FILES)
    assert list(mending.mend()) == []


@pytest.mark.parametrize(
    ("path", "text"), [("reports/metrics.json", "0.9"), ("data/features/train/pooled.npy", "numbers")]
)
def test_a_damaged_object_is_named_and_removed(project, path, text):
    run(FILES)
    write_in_place(in_cache(text), "other")
    assert list(mending.mend()) == [
        f"{path}: DVC's cache had it damaged and was cleared of it; dvc repro makes it again"
    ]
    assert not in_cache(text).exists()
    assert Path(path).read_text() == text  # the output itself is as it was


def test_what_was_read_once_is_read_again_only_when_it_was_written(project, monkeypatch):
    run(FILES)
    list(mending.mend())
    with monkeypatch.context() as patch:
        patch.setattr(cache, "remove_damaged", lambda *_: pytest.fail("it was read again"))
        assert list(mending.mend()) == []
    write_in_place(in_cache("{}"), "[]")
    assert "features.json: DVC's cache had it damaged" in next(mending.mend())


def test_a_torn_note_of_what_was_read_is_no_obstacle(project):
    run(FILES)
    list(mending.mend())
    mending._VERIFIED.write_text('{"a')
    assert list(mending.mend()) == []


def test_hard_links_become_files_of_their_own(project):
    run(FILES, link=True)
    (said,) = mending.mend()
    assert said.startswith("3 outputs were one file with DVC's cache (reports/metrics.json, ")
    write_in_place(paths.METRICS, "0.99")
    assert in_cache("0.9").read_text() == "0.9"
    assert paths.FEATURES_INDEX.stat().st_mode & 0o200


def test_links_that_dvc_is_told_to_make_stay(project):
    Path(".dvc").mkdir(exist_ok=True)
    Path(".dvc/config.local").write_text("[cache]\n    type = hardlink\n")
    run(FILES, link=True)
    assert list(mending.mend()) == []
    assert paths.METRICS.samefile(in_cache("0.9"))


def test_a_link_that_was_written_through_is_first_found_damaged(project):
    run(FILES, link=True)
    write_in_place(paths.METRICS, "0.99")
    damaged, cut = mending.mend()
    assert damaged.startswith("reports/metrics.json: DVC's cache had it damaged")
    assert cut.startswith("2 outputs were one file")
    assert paths.METRICS.read_text() == "0.99"  # dvc repro replaces it


def test_objects_are_looked_for_by_their_names_only(project):
    run(FILES)
    paths.LOCK.write_text(paths.LOCK.read_text().replace("md5: ", "md5: ../"))
    assert list(mending.mend()) == []
    assert certificate.outputs() == {}
    assert records.read_json(mending._VERIFIED) == {}
    assert CACHE.exists()

"""Files that are not those dvc.lock names are found by who reads them, with advice that works."""

import os
from pathlib import Path

import pytest

from pipeline.files import paths
from pipeline.identity import cache, certificate
from pipeline.process.errors import DataError

from .certified import CACHE, in_cache, run, write_in_place

METRICS = paths.METRICS
FEATURES = {"features.json": "{}", "train/pooled.npy": "numbers"}


def test_what_is_as_certified_is_not_spoken_of(project):
    certificate.require((METRICS,))  # nothing is certified yet
    run({"reports/metrics.json": "0.9", "data/features": FEATURES})
    certificate.require((METRICS, paths.FEATURES_INDEX, Path("data/features/train/pooled.npy"), Path("unknown")))
    METRICS.unlink()
    certificate.require((METRICS,))  # who reads it says that it is not there


def test_a_file_written_after_the_run_is_refused_by_name(project):
    run({"reports/metrics.json": "0.9", "data/features": FEATURES})
    METRICS.write_text("0.99")
    with pytest.raises(DataError) as caught:
        certificate.require((METRICS, paths.FEATURES_INDEX))
    assert str(caught.value) == (
        "reports/metrics.json (of train): not what dvc.lock has, changed after it was made: run dvc repro"
    )
    assert in_cache("0.9").exists()
    paths.FEATURES_INDEX.write_text("[]")
    with pytest.raises(DataError, match=r"data/features/features\.json \(of train\): not what dvc\.lock has"):
        certificate.require((paths.FEATURES_INDEX,))


def test_a_hard_link_is_written_into_the_cache_which_is_cleared_of_it(project):
    """Left there, DVC would put it back for ever."""
    run({"reports/metrics.json": "0.9"}, link=True)
    write_in_place(METRICS, "0.99")
    assert in_cache("0.9").read_text() == "0.99"
    before = METRICS.stat().st_mtime_ns
    os.utime(METRICS, ns=(0, 0))
    with pytest.raises(DataError, match=r"DVC's cache had the same damage and was cleared of it: run dvc repro"):
        certificate.require((METRICS,))
    assert not in_cache("0.9").exists()
    assert METRICS.stat().st_mtime_ns >= before  # so DVC looks at it again


def test_results_are_all_that_is_shown(project):
    files = {"models/model.keras": "m", "reports/samples.png": "p", "data/images/classes.json": "[]", "data/x.npy": "x"}
    for name in files:
        run(files)
        Path(name).write_text("other")
        if name == "data/x.npy":
            certificate.require_results()
        else:
            with pytest.raises(DataError, match=name):
                certificate.require_results()


def test_a_copy_of_the_project_has_its_own(project, monkeypatch):
    run({"reports/metrics.json": "0.9"})
    METRICS.write_text("1")
    monkeypatch.chdir("/")
    with pytest.raises(DataError, match=str(project / METRICS)):
        certificate.require((METRICS,), project)


def test_a_damaged_list_of_a_folder_says_nothing_and_is_taken_out_by_name(project):
    run({"data/features": FEATURES})
    (name,) = [item["md5"] for item in certificate.stages()["train"]["outs"]]
    cache.place(CACHE, name).write_text("[]")
    assert certificate.outputs() == {}
    assert cache.remove_damaged(CACHE, name)
    assert not cache.place(CACHE, name).exists()


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "stages: 3",
        "stages: {train: {outs: [1]}}",
        "stages: {train: {outs: null}}",
        "stages: {train: {outs: [{path: a, md5: ../../x}]}}",
    ],
)
def test_a_lock_from_elsewhere_names_no_file_outside_the_cache(project, text):
    paths.LOCK.write_text(text)
    assert certificate.outputs() == {}


def test_the_cache_is_where_dvc_has_it(project, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project / "home"))
    assert cache.folder(Path()) == Path(".dvc/cache")
    assert cache.links(Path()) == {"reflink", "copy"}
    for file, text in {
        "home/dvc/config": "[cache]\n    dir = /everyones\n    type = symlink\n",
        ".dvc/config": '[core]\n    analytics = false\n[cache]\n    type = "reflink,hardlink"\n',
    }.items():
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text)
    assert cache.folder(Path()) == Path("/everyones")
    assert cache.links(Path()) == {"reflink", "hardlink"}
    Path(".dvc/config.local").write_text("[cache]\n    dir = ../elsewhere\n['remote \"a\"']\n    url = b\n")
    assert cache.folder(Path()) == Path(".dvc/../elsewhere")


# What DVC would not notice


def test_inputs_that_changed_since_are_named_as_dvc_sees_them(project):
    Path("code.py").write_text("1")
    dep = {"path": "code.py", "md5": "c4ca4238a0b923820dcc509a6f75849b"}
    params = {"params.yaml": {"train": {"epochs": 7, "seed": 1}, "data.name": "digits"}}
    run({}, params=params, deps=[dep])
    said = certificate.stale("train")
    assert "train.epochs was 7, is 20" in said
    assert not [text for text in said if "seed" in text or "data.name" in text or "code.py" in text]
    Path("code.py").write_text("2")
    assert "code.py was another" in certificate.stale("train")
    assert certificate.stale("unknown") == []


def test_a_wrong_certificate_is_withdrawn_with_what_it_is_about(project):
    run({"models/training.json": "{}"})
    with pytest.raises(certificate.WithdrawnError, match="another training"):
        certificate.withdraw([paths.TRAINING], "another training")
    assert not paths.TRAINING.exists()
    assert not in_cache("{}").exists()

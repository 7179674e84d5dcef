"""Which modules a stage runs is read off the sources, however they are imported."""

from pathlib import Path

import pytest

from pipeline.identity import modules


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of this test's own in the place of ours."""
    monkeypatch.setattr(modules, "PACKAGE", tmp_path / "pipeline")
    for room in ("stages", "model"):
        (tmp_path / "pipeline" / room).mkdir(parents=True)
    return tmp_path / "pipeline"


def test_imports_are_found_wherever_and_however_they_stand(package):
    (package / "stages/train.py").write_text(
        "import json\nimport pipeline.model.a\nfrom pipeline.model import b\n\n"
        "def run():\n    from ..model.c import d\n    from . import other\n"
    )
    for name in "abc":
        (package / f"model/{name}.py").write_text("from pipeline.model.deep import thing\n" if name == "c" else "")
    (package / "model/deep.py").write_text("")
    (package / "model/unused.py").write_text("")
    (package / "stages/other.py").write_text("")
    names = [path.as_posix().removeprefix("pipeline/") for path in modules.of_stage("train")]
    assert names == ["model/a.py", "model/b.py", "model/c.py", "model/deep.py", "stages/other.py", "stages/train.py"]


def test_modules_that_import_each_other_end_the_search(package):
    (package / "model/a.py").write_text("from pipeline.model import b\n")
    (package / "model/b.py").write_text("from pipeline.model import a\n")
    assert modules.closure(Path("pipeline/model/a.py")) == {Path("pipeline/model/a.py"), Path("pipeline/model/b.py")}


def test_what_only_a_type_checker_reads_does_not_run(package):
    (package / "model/a.py").write_text(
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from pipeline.model import b\nelse:\n"
        "    from pipeline.model import c\n"
    )
    for name in "bc":
        (package / f"model/{name}.py").write_text("")
    first = Path("pipeline/model/a.py")
    assert {path.stem for path in modules.closure(first)} == {"a", "c"}
    assert modules.imported(first) >= {"pipeline.model.b", "pipeline.model.c"}

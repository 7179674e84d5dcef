"""Where things are: whose project a path belongs to, where a model from MLflow is kept."""

from pathlib import Path

from pipeline.files import paths


def test_a_folder_is_its_own_project(tmp_path):
    assert paths.project_root(tmp_path) == tmp_path.resolve()


def test_copies_that_dvc_runs_experiments_in_belong_to_the_project_they_were_made_from():
    assert paths.project_root(Path("/home/x/flowers/.dvc/tmp/exps/tmpabc/sub")) == Path("/home/x/flowers")
    assert paths.project_root(Path("/home/x/.dvc/tmp/flowers")) == Path("/home/x/.dvc/tmp/flowers")


def test_the_working_directory_is_the_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert paths.project_root() == tmp_path.resolve()


def test_a_model_from_mlflow_has_a_file_of_its_own():
    first, second = paths.mlflow_model("models:/flowers/1"), paths.mlflow_model("models:/flowers/2")
    assert first != second
    assert first == paths.mlflow_model("models:/flowers/1")
    assert first.parent == paths.STATE / "models"
    assert first.suffix == ".keras"


def test_all_artifacts_are_below_the_project():
    for value in vars(paths).values():
        if isinstance(value, Path) and value != paths.VERSIONS:
            assert not value.is_absolute()
            assert ".." not in value.parts

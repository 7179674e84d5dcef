"""URLs of SQLite files and back: whatever a folder is called, SQLAlchemy opens that very file and no other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from pipeline.process import databases
from tests.hostile_names import HOSTILE_NAMES

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/")).map(lambda text: f"_{text}")


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_file_is_found_again_from_its_url(parts):
    file = Path("/", *parts)
    assert databases.sqlite_file(databases.sqlite_url(file)) == file


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_sqlalchemy_opens_the_file_in_its_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    with create_engine(databases.sqlite_url(tmp_path / name / "a.db")).connect() as connection:
        connection.exec_driver_sql("create table a (b)")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db")] == [f"{name}/a.db"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:a.db?uri=true",
        "sqlite:",
        "postgresql://h/d",
        "http://h",
        "",
        "/a",
    ],
)
def test_what_is_no_sqlite_file_has_none(url):
    assert databases.sqlite_file(url) is None


def test_options_stay_when_the_file_changes():
    url = databases.with_file("sqlite+pysqlite:///mlflow.db?timeout=30", Path("/100% sure/mlflow.db"))
    assert url == "sqlite+pysqlite:////100%25 sure/mlflow.db?timeout=30"

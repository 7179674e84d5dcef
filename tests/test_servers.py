"""The servers that other tests rely on are real, and leave nothing behind."""

from pathlib import Path

import pytest
import sqlalchemy
from mlflow import MlflowClient

from tests.servers import mlflow_server, postgresql

pytestmark = pytest.mark.slow


def test_postgresql_keeps_what_it_has_over_a_restart(tmp_path: Path) -> None:
    with postgresql() as server:
        urls = [server.create("things"), server.socket_url("things")]
        with sqlalchemy.create_engine(urls[0]).begin() as connection:
            connection.execute(sqlalchemy.text("create table sheets as select 7 as number"))
        server.stop()
        with pytest.raises(sqlalchemy.exc.OperationalError):
            sqlalchemy.create_engine(urls[0]).connect()
        server.start()
        for url in urls:
            with sqlalchemy.create_engine(url).connect() as connection:
                assert connection.execute(sqlalchemy.text("select number from sheets")).scalar() == 7
    assert not server.folder.exists()


def test_mlflow_on_postgresql(tmp_path: Path) -> None:
    with postgresql() as database, mlflow_server(tmp_path, database.create("runs")) as url:
        client = MlflowClient(url)
        run = client.create_run(client.create_experiment("flowers"))
        client.log_text(run.info.run_id, "a label", "label.txt")
        assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["label.txt"]
    assert next((tmp_path / "artifacts").rglob("label.txt")).read_text() == "a label"

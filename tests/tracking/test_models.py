"""What `--model` may name: everything else is refused in a sentence, before anything is loaded or asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.params.schema import Params
from pipeline.process.errors import DataError
from pipeline.tracking import address, models
from pipeline.tracking.store import connect, conversation

PLACES = Callable[[str | None], Params]
ADDRESSES = [
    *("http://127.0.0.1:9/x", "https://me:hunter2@127.0.0.1:9/x", "http://", "http://[", "ftp://me:hunter2@host/x"),
    *("s3://bucket/x", "gs://b/x", "dbfs:/x", "hdfs://h/x", "abfss://a@b.c/x", "sftp://me:hunter2@127.0.0.1:9/x"),
    *("mlflow-artifacts:/x", "mlflow-artifacts://h/x", "hf://a/b", "uc:/x", "file:///nowhere", "models://x", "m-abc"),
    *("", "://", "models:/", "runs:/", "nowhere", "params.yaml", "a" * 5000),
]
ABSENT = ["models:/x", "models:/x/1", "models:/x@champion", "models:/a/b/c/d", "models:/m-123", "runs:/abc/model"]


@pytest.mark.parametrize("uri", ADDRESSES)
def test_other_addresses_and_what_is_no_folder_are_refused(uri: str, at: PLACES) -> None:
    with pytest.raises(DataError, match=r"^--model: .*: found (an address|no folder).*; allowed: models:/") as raised:
        models.opened(uri, at(None).tracking)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("uri", ABSENT)
def test_where_nothing_was_published_no_database_is_made_to_find_that_out(uri: str, at: PLACES, project: Path) -> None:
    with pytest.raises(DataError, match=rf"^--model: {uri} is not in sqlite.*nothing has been published there"):
        models.opened(uri, at(None).tracking)
    assert not (project / "mlflow.db").exists()


def test_a_model_that_is_not_there_is_said_to_be_missing(at: PLACES) -> None:
    params = at(None)
    with conversation(address.tracking_uri(params.tracking)):
        connect(params.tracking)
    for uri in ABSENT:
        with pytest.raises(DataError, match=rf"^--model: {uri} is not in sqlite"):
            models.opened(uri, params.tracking)


def test_a_folder_without_a_model_is_named(at: PLACES, project: Path) -> None:
    (project / "folder").mkdir()
    with pytest.raises(DataError, match=r"--model: folder cannot be used: .*found no model.keras"):
        models.opened("folder", at(None).tracking)

"""MLflow makes its tables by some fifty migrations, the same in every empty database: made once, then copied."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def mlflow_tables_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For the stores that tests open themselves; the programs they start make their own."""
    from mlflow.store.db import utils

    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("mlflow") / "tables.db"
        patch.setattr(utils, "_initialize_tables", _copied(made, utils._initialize_tables))
        yield


def _copied(made: Path, make: Callable[[Any], None]) -> Callable[[Any], None]:
    def initialize(engine: Any) -> None:
        place = engine.url.database if engine.dialect.name == "sqlite" else None
        if not _is_plain(place):
            make(engine)
        elif made.exists():
            _copy(made, place)
        else:
            make(engine)
            _copy(place, made)

    return initialize


def _is_plain(place: str | None) -> bool:
    """Whether the migrations have no quoting to do: an odd path is for them, as users have it."""
    return bool(place and re.fullmatch(r"[\w/.\[\]-]+", place))


def _copy(source: Path | str, target: Path | str) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)

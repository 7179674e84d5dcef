"""MLflow's own tables, where it keeps absolute places of artifacts and has no call to change them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.process import databases
from pipeline.process.compat.replacing import require

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

# table → columns that hold a place, as a URI or as a path
PLACES = {
    "experiments": ("artifact_location",),
    "runs": ("artifact_uri",),
    "logged_models": ("artifact_location",),
    "model_versions": ("source", "storage_location"),
}


def experiments_places(file: Path) -> list[str]:
    """Where the experiments of the SQLite database `file` have their artifacts; nothing if there are none yet.

    Raises SQLAlchemyError if it is no database. Seen in mlflow 3.17.2; mlflow/mlflow#3144.
    """
    if not file.exists():
        return []
    with _tables(file, ["experiments"]) as (connection, tables):
        if "experiments" not in tables.tables:
            return []
        places = tables.tables["experiments"].c.artifact_location
        return [place for (place,) in connection.execute(_distinct(places)) if place]


def rewrite_places(file: Path, rewritten: Callable[[str], str]) -> None:
    """Put `rewritten(place)` for every place in the SQLite database `file`: for all or, after an error, for none.

    Raises MachineError if the tables are others, SQLAlchemyError if the database cannot be used.
    Seen in mlflow 3.17.2; mlflow/mlflow#3144.
    """
    with _tables(file, list(PLACES)) as (connection, tables):
        for table, names in PLACES.items():
            for column in (require(tables.tables[table].c, name) for name in names):
                for place in [place for (place,) in connection.execute(_distinct(column)) if place]:
                    change = column.table.update().where(column == place).values({column.name: rewritten(place)})
                    if rewritten(place) != place:
                        connection.execute(change)


@contextmanager
def _tables(file: Path, names: list[str]) -> Iterator[tuple["Connection", "MetaData"]]:
    """Within it a transaction is open, and those of the tables `names` that there are are known."""
    from sqlalchemy import MetaData, create_engine

    engine, tables = create_engine(databases.sqlite_url(file)), MetaData()
    try:
        with engine.begin() as connection:
            tables.reflect(connection, only=lambda name, _: name in names, resolve_fks=False)
            yield connection, tables
    finally:
        engine.dispose()


def _distinct(column: Any) -> Any:
    return column.table.select().with_only_columns(column).distinct()

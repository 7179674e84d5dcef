"""The images a run read, as MLflow's data sets: one a split, for it shows one purpose of each."""

from collections.abc import Iterable

from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset
from mlflow.entities import Dataset, DatasetInput, InputTag

from pipeline.files import paths, records
from pipeline.params.schema import Params

_DIGEST_LENGTH = 12  # of the SHA-256 of a split's images


def inputs(params: Params, splits: Iterable[str]) -> list[DatasetInput]:
    """Those of `splits` whose images are here, read and hashed now."""
    present = [split for split in splits if paths.images(split).exists() and paths.labels(split).exists()]
    return [DatasetInput(_dataset(params, split), [InputTag("mlflow.data.context", split)]) for split in present]


def digest(split: str) -> str | None:
    """Of the images of a split, as MLflow shows it; None if they are not here."""
    file = paths.images(split)
    return records.file_digest(file)[:_DIGEST_LENGTH] if file.exists() else None


def _dataset(params: Params, split: str) -> Dataset:
    source = {"source": params.data.source, "name": params.data.name, "split": getattr(params.data.splits, split)}
    described = NumpyDataset(
        features=records.read_npy(paths.images(split)),
        targets=records.read_npy(paths.labels(split)),
        source=CodeDatasetSource(source),
        name=f"{params.data.name} {split}",
        digest=digest(split),
    )
    return Dataset.from_dictionary(described.to_dict())

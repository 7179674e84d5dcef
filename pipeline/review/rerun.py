"""One seed of a reviewed experiment, run in a copy: what it measured, and what was computed for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.files import paths, records
from pipeline.filing import contents, environment, image_sets, measurements, reading
from pipeline.filing.image_sets import ImageSet
from pipeline.filing.locks import Lock
from pipeline.params.config import with_seed
from pipeline.params.schema import Params
from pipeline.results.figures import Run
from pipeline.results.predictions import Predictions
from pipeline.results.seeds import Seed
from pipeline.review import replicates, workspace
from pipeline.review.elsewhere import HERE, Elsewhere
from pipeline.review.workspace import Say, Workspace


@dataclass(frozen=True)
class Rerun:
    """`images`: split → how many. `computed`: the stages that ran; the others' results were there already.

    `environment`: processor, Python and packages. `measured`: all figures follow from it. `predictions`: of the test
    images, whose names and contents have the digest `test_images`. `shown`: split → its images, by what they show.
    """

    seed: Seed
    images: dict[str, int]
    computed: tuple[str, ...]
    lock: Lock
    environment: dict[str, str]
    predictions: Predictions
    measured: Run
    test_images: str = ""
    shown: Mapping[str, ImageSet] = field(default_factory=dict)


def run(copy: Workspace, params: Params, seed: int, say: Say, elsewhere: Elsewhere = HERE) -> Rerun:
    """Run `params` with `seed` in the copy, on images and weights that may lie `elsewhere`.

    Raises RerunError if a stage fails.
    """
    say(f"seed {seed}")
    computed = workspace.repro(copy, with_seed(params, seed), say, elsewhere.links(params))
    outcome = replicates.outcome(copy.folder, seed)  # refuses files that are not those the lock names
    metrics, training = (records.read_json(copy.folder / path) for path in (paths.METRICS, paths.TRAINING))
    lock = reading.read_lock(copy.folder / paths.LOCK)
    table = contents.read_predictions(copy.folder / paths.PREDICTIONS)
    assert lock is not None
    assert table is not None
    return Rerun(
        outcome,
        {split: metrics[f"{split}_images"] for split in ("validation", "test")},
        computed,
        lock,
        environment.of_run(copy.folder / "pipeline" / paths.VERSIONS.name, training["environment"]),
        table,
        measurements.of_project(copy.folder, metrics),
        records.file_digest(copy.folder / paths.ids("test")),
        image_sets.of_project(copy.folder),
    )

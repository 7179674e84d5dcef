"""Every artifact path, once. All are relative to the project root, which is the working directory of every stage."""

import hashlib
from pathlib import Path

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")
LOCK = Path("dvc.lock")
VERSIONS = Path(__file__).parents[1] / "versions.json"

SPLITS = ("train", "validation", "test")

RAW = Path("data/raw")
SKIPPED = RAW / "skipped.json"
CORRECTIONS = RAW / "corrections.json"  # only if there are any
WEIGHTS_OF_IMAGES = RAW / "weights.json"  # only if the source has them
IMAGES = Path("data/images")
CLASSES = IMAGES / "classes.json"
SPLIT_TABLE = IMAGES / "splits.csv"
FEATURES = Path("data/features")
FEATURES_INDEX = FEATURES / "features.json"

MODEL = Path("models/model.keras")
TRAINING = Path("models/training.json")
MODEL_SUMMARY = Path("models/model_summary.txt")

REPORTS = Path("reports")
DATASET = REPORTS / "dataset.json"
SAMPLES_PICTURE = REPORTS / "samples.png"
DATA_PAGE = REPORTS / "data/page.html"
DATA_PICTURES = tuple(REPORTS / f"data/{name}.png" for name in ("overview", "odd", "near_duplicates"))
SUSPECTED = REPORTS / "data/suspected.csv"
SUSPECTED_PICTURE = REPORTS / "data/suspected.png"
SUSPECTED_PAGE = REPORTS / "data/suspected.html"
HISTORY = REPORTS / "history.csv"
METRICS = REPORTS / "metrics.json"
PREDICTIONS = REPORTS / "predictions.csv"
VALIDATION_PREDICTIONS = REPORTS / "validation_predictions.csv"
# The same with types; of many classes only these have the probabilities.
TYPED_PREDICTIONS = REPORTS / "predictions.parquet"
TYPED_VALIDATION_PREDICTIONS = REPORTS / "validation_predictions.parquet"
CONFUSION = REPORTS / "confusion.csv"
CALIBRATION = REPORTS / "calibration.csv"
SCORES = REPORTS / "scores.csv"
FEATURE_MAP = REPORTS / "feature_map.csv"
REPORT = REPORTS / "report.html"
CURVES_PICTURE = REPORTS / "curves.png"
CONFUSION_PICTURE = REPORTS / "confusion.png"
PREDICTIONS_PICTURE = REPORTS / "predictions.png"
CALIBRATION_PICTURE = REPORTS / "calibration.png"
SCORES_PICTURE = REPORTS / "scores.png"
FEATURE_MAP_PICTURE = REPORTS / "feature_map.png"
WHY_PICTURE = REPORTS / "why.png"
EVALUATION_PICTURES = (
    CURVES_PICTURE,
    CONFUSION_PICTURE,
    PREDICTIONS_PICTURE,
    CALIBRATION_PICTURE,
    SCORES_PICTURE,
    FEATURE_MAP_PICTURE,
    WHY_PICTURE,
)
PICTURES = (SAMPLES_PICTURE, *EVALUATION_PICTURES)

TRIALS = REPORTS / "sweep/trials.csv"
SWEEP_SETTINGS = REPORTS / "sweep/settings.json"
AUDIT = REPORTS / "sweep/audit.json"
SWEEP_FIGURES = REPORTS / "sweep/figures"

STATE = Path(".herbarium")  # git-ignored working state that no stage reads as input: checkpoints, locks
CHECKPOINTS = STATE / "checkpoints"
REVIEW_COPY = "review-"  # what the folders in it are called in which a review's copy of the project lies
SWEEPS = STATE / "sweeps"
WARM_UPS = STATE / "warm-ups"  # of a sweep that is under way


def mlflow_model(uri: str) -> Path:
    """Where the Keras file of an MLflow model used as a backbone is kept; a version or a run never changes."""
    return STATE / "models" / f"{hashlib.sha256(uri.encode()).hexdigest()[:16]}.keras"


def saved_backbone(name: str, path: str) -> Path | None:
    """The .keras file of a backbone that is a whole saved model, by `backbone.name` and `path`; None for others."""
    if name == "saved":
        return Path(path)
    return mlflow_model(name) if ":/" in name and not is_hub(name) else None


def is_hub(name: str) -> bool:
    """Whether `backbone.name` is a network of KerasHub: "hub" (a folder at backbone.path) or "hub:PRESET"."""
    return name.partition(":")[0] == "hub"


def hub_preset(name: str) -> str | None:
    """The KerasHub preset that is to be downloaded, by `backbone.name`; None for others."""
    return name.partition(":")[2] if is_hub(name) and ":" in name else None


def images(split: str) -> Path:
    """uint8 (N, H, W, C), values 0–255, C-contiguous."""
    return IMAGES / split / "images.npy"


def labels(split: str) -> Path:
    """int64 (N,), class indices 0 … K-1 into `CLASSES`."""
    return IMAGES / split / "labels.npy"


def weights(split: str) -> Path:
    """float32 (N,), how much each image counts in training; only of training and validation, if the source says so."""
    return IMAGES / split / "weights.npy"


def ids(split: str) -> Path:
    """CSV, N rows: `name` (source name, unique within the data set) and `sha256` (of the decoded pixels)."""
    return IMAGES / split / "ids.csv"


def split_index(split: str) -> Path:
    """JSON: what a split's activations were computed from, and digests of them and of its labels."""
    return FEATURES / split / "split.json"


def project_root(start: Path | None = None) -> Path:
    """The project a path belongs to, also from inside a copy of it.

    `dvc exp run --temp` and the queue work in copies under `.dvc/tmp/exps`, reviews in `.herbarium/review-…`. What is
    kept of their runs belongs to the project that started them.
    """
    here = (start or Path.cwd()).resolve()
    parts = here.parts
    for i in range(len(parts) - 1):
        of_dvc = parts[i : i + 3] == (".dvc", "tmp", "exps")
        of_review = parts[i] == STATE.name and parts[i + 1].startswith(REVIEW_COPY)
        if of_dvc or of_review:
            return Path(*parts[:i])
    return here

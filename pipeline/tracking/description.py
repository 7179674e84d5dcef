"""The run's description in MLflow: what came out, of what, and the commands that give it again."""

import html
import re
from collections.abc import Mapping

from pipeline.params.schema import Params
from pipeline.results import history
from pipeline.tracking import tags
from pipeline.tracking.results import Results

_HOW = "commit them, then `herbarium publish` names the commit."
_ON_CHANGES = {
    tags.CHANGED: f"\n\nThere were uncommitted changes: {_HOW}",
    tags.UNKNOWN: f"\n\nWhether there were uncommitted changes is unknown, for git did not say in time; if so: {_HOW}",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]#|~!])")


def markdown(params: Params, results: Results, code: Mapping[str, str]) -> str:
    """Three sentences and the commands. `code` is `tags.of_code()`; names the user chose are escaped."""
    parts = [_outcome(results), _data(params, results), _network(params, results), _reproduction(code)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """`text` with no meaning in Markdown or HTML, on one line."""
    return _MARKDOWN.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))


def weakest_class(results: Results) -> tuple[str, float] | None:
    """The class found least often and its recall, 0–1; None if no class was in the test split."""
    recalls = {name: score.recall for name, score in results.scores.items() if score.recall is not None}
    return min(recalls.items(), key=lambda item: (item[1], item[0])) if recalls else None


def _outcome(results: Results) -> str:
    metrics = results.metrics
    interval = f"{metrics['test_accuracy_low']:.4f}–{metrics['test_accuracy_high']:.4f}"
    line = (
        f"**Test accuracy {metrics['test_accuracy']:.4f}** (95 % interval {interval}, {metrics['test_images']} images)"
    )
    weakest = weakest_class(results)
    also = f" Weakest class: {escaped(weakest[0])}, recall {weakest[1]:.4f}." if weakest else ""
    balanced = metrics.get("test_balanced_accuracy")
    mean = "" if balanced is None else f"; balanced {balanced:.4f}"
    return f"{line}{mean}; validation {metrics['validation_accuracy']:.4f}.{also}"


def _data(params: Params, results: Results) -> str:
    splits = " · ".join(f"{name} `{text}`" for name, text in params.data.splits.model_dump().items())
    drawn = params.data.splitting
    how = (
        "" if drawn.method == "slices" else f" ({drawn.method}{', grouped' if drawn.group else ''}, seed {drawn.seed})"
    )
    digest = str(results.training["images_digest"])[:12]
    return f"Data: {escaped(params.data.name)}, {len(results.classes)} classes; {splits}{how}; digest `{digest}`."


def _network(params: Params, results: Results) -> str:
    training, train = results.training, params.train
    count = training["parameters"]
    return (
        f"Trained: {count['trainable']:,} of {count['total']:,} parameters of {escaped(params.backbone.name)}"
        f" (unfrozen backbone layers: {training['unfrozen_layers']}, trained above {escaped(training['cut'])}),"
        f" {train.optimizer} at {train.learning_rate:g}, seed {train.seed};"
        f" epoch {history.kept_epoch(training)} of {training['epochs']} kept."
    )


def _reproduction(code: Mapping[str, str]) -> str:
    commit = code.get(tags.COMMIT)
    if not commit:
        return "Run it again: `dvc repro` with the `params.yaml` among the artifacts."
    return f"Run it again:\n\n```\ngit checkout {commit}\ndvc repro\n```{_ON_CHANGES.get(code.get(tags.DIRTY, ''), '')}"

"""The runs DVC knows, side by side: what was changed, and what came of it; like compared with like.

`dvc exp show` has a column for each of a hundred keys and hashes, and puts digits beside flowers.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.identity import cache
from pipeline.params.keys import flat
from pipeline.params.upgrades import unchanged
from pipeline.plots.palette import CURVES
from pipeline.process import dvc, naming, tables
from pipeline.process.errors import HerbariumError
from pipeline.results import history
from pipeline.review import cached

HERE = "here"
_IRRELEVANT = ("version", "tracking.", "sweep.")  # no part of a result
_OF_NO_TEST_IMAGE = ("data.splits.train", "data.splits.validation", "data.on_bad_image", "data.allow_leaks")
_DRAWN_TOGETHER = {"data.splits.train", "data.splits.validation"}  # with the test images, unless each has its place
_CHANGES_SHOWN = 4
_SHORT = 7  # letters of a commit


class RunsError(HerbariumError):
    """DVC cannot say what runs there are."""


@dataclass(frozen=True)
class Run:
    """`params` by dotted key; `metrics` as in metrics.json; `history`: the hash of its curves in the cache, or None."""

    name: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    history: str | None


def known(commits: int) -> list[Run]:
    """What is in the working directory, then the last `commits` commits and the experiments on them, the newest first.

    Only those that have results, each once. Raises RunsError.
    """
    command = dvc.command("exp", "show", "--json", "--num", str(commits))
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=dvc.environment(), check=False)
    if done.returncode:
        raise RunsError(f"`dvc exp show` failed:\n{done.stderr.strip()}")
    return distinct(read(json.loads(done.stdout)))


def read(content: Sequence[Mapping[str, Any]]) -> Iterator[Run]:
    """The runs with results in what `dvc exp show --json` prints."""
    for commit in content:
        here = commit["rev"] == "workspace"
        name = HERE if here else " ".join(filter(None, (commit["rev"][:_SHORT], commit.get("name"))))
        yield from _run(name, commit.get("data"))
        for experiment in commit.get("experiments") or []:
            for revision in experiment.get("revs") or []:
                yield from _run(str(revision.get("name") or revision["rev"][:_SHORT]), revision.get("data"))


def distinct(found: Iterator[Run]) -> list[Run]:
    """Each result once: a commit that changed no result is none of a run."""
    first: dict[str, Run] = {}
    for run in found:
        first.setdefault(records.digest([relevant(run), dict(run.metrics), run.history]), run)
    return list(first.values())


def relevant(run: Run) -> dict[str, Any]:
    return {key: value for key, value in run.params.items() if not key.startswith(_IRRELEVANT)}


def changes(run: Run, other: Run) -> dict[str, Any]:
    """What `run` has otherwise than `other`: key → its value; None where it has none.

    A value that says what its absence means, in a run from before the key came, is no difference.
    """
    own, others = relevant(run), relevant(other)
    return {key: own.get(key) for key in {**others, **own} if _meant(own, key) != _meant(others, key)}


def _meant(params: Mapping[str, Any], key: str) -> Any:
    value = params.get(key)
    return None if unchanged(key, value) else value


def like(run: Run, first: Run) -> bool:
    """Whether the two are about the same test images, so that their figures can be compared."""
    from_catalogue = run.params.get("data.source") == "tfds"  # which checks what it reads, wherever that lies
    method = run.params.get("data.splitting.method", "slices")
    free = {*_OF_NO_TEST_IMAGE, *(["data.path"] if from_catalogue else [])}
    free -= set() if method in ("slices", "stable") else _DRAWN_TOGETHER
    by_pixels = set() if method == "slices" else {"images.channels"}  # images are drawn by a hash of their pixels
    return not any((key.startswith("data.") and key not in free) or key in by_pixels for key in changes(run, first))


def table(shown: Sequence[Run]) -> str:
    """A line a run: name, accuracies in percent, and what it has otherwise than the first."""
    rows: list[tuple[str, ...]] = [("run", "test", "validation", f"otherwise than {shown[0].name}")]
    for run in shown:
        figures = [_percent(run.metrics.get(f"{split}_accuracy")) for split in ("test", "validation")]
        rows.append((run.name, *figures, "–" if run is shown[0] else _changed(changes(run, shown[0]))))
    return "\n".join(tables.aligned(rows, right=(1, 2)))


def page(shown: Sequence[Run], path: Path) -> int:
    """Write the runs' curves as one interactive page that needs no network; returns how many have curves."""
    from plotly import graph_objects  # type: ignore[import-untyped]
    from plotly.subplots import make_subplots  # type: ignore[import-untyped]

    figure = make_subplots(rows=1, cols=2, subplot_titles=("accuracy", "loss (cross-entropy, nats)"))
    curves = {run.name: history.read(file) for run in shown if (file := _history(run))}
    for number, (name, epochs) in enumerate(curves.items()):
        for column, kind in enumerate(("accuracy", "loss"), start=1):
            for split, dash in (("validation", "solid"), ("train", "dot")):
                line = graph_objects.Scatter(
                    x=[epoch.epoch for epoch in epochs],
                    y=[getattr(epoch, f"{split}_{kind}") for epoch in epochs],
                    name=f"{name}, {split}",
                    legendgroup=name,
                    showlegend=column == 1,
                    line={"dash": dash, "color": CURVES[number % len(CURVES)]},
                )
                figure.add_trace(line, row=1, col=column)
    figure.update_xaxes(title_text="epoch")
    figure.update_layout(template="plotly_white", height=560)
    records.write_text(path, figure.to_html(include_plotlyjs=True, full_html=True, div_id="curves"))
    return len(curves)


def _run(name: str, data: Mapping[str, Any] | None) -> Iterator[Run]:
    metrics = _data(data, "metrics", str(paths.METRICS))
    if data and metrics:
        outs = data.get("outs") or {}
        digest = (outs.get(paths.HISTORY.as_posix()) or {}).get("hash")
        yield Run(name, flat(_data(data, "params", str(paths.PARAMS)) or {}), metrics, digest)


def _data(data: Mapping[str, Any] | None, kind: str, file: str) -> Any:
    return (((data or {}).get(kind) or {}).get(file) or {}).get("data")


def _history(run: Run) -> Path | None:
    if run.name == HERE:
        return paths.HISTORY if paths.HISTORY.exists() else None
    if not cache.is_name(run.history):
        return None
    file = cache.place(cached.folder(), str(run.history))
    return file if file.is_file() else None


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.2f} %"


def _changed(found: Mapping[str, Any]) -> str:
    words = [f"{key} {_short(value)}" for key, value in found.items()]
    return naming.some(words, _CHANGES_SHOWN) or "the same parameters"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

"""The same bytes, whoever computes them, and whatever happens to them meanwhile."""

import dataclasses
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import extraction_workers, sweep
from pipeline.files import paths, records
from pipeline.identity import determinism
from pipeline.model import chunks, extraction
from pipeline.params import config
from pipeline.params.schema import Compute, Params
from pipeline.process import folder_lock
from pipeline.process.errors import ConfigError, MachineError
from pipeline.stages import extract_features
from pipeline.sweep import command, executors
from pipeline.sweep.study import SweepError
from tests import shipped
from tests.small_data import write_images

ROOT = Path(__file__).parents[2]

# While tests are collected, so before any of them can start TensorFlow with other threads.
determinism.prepare(Compute(precision="float32", threads=2, storage="float32"))


@dataclasses.dataclass
class Late:
    """A future that computes when it is asked, as if all others had been faster."""

    compute: Callable[[], Any]

    def result(self) -> Any:
        return self.compute()


class Client:
    """Of two workers, which are this process."""

    def __init__(self) -> None:
        self.submitted = 0

    def nthreads(self) -> dict[str, int]:
        return {"a": 1, "b": 1}

    def submit(self, function: Callable[..., Any], *arguments: Any, pure: bool) -> Late:
        self.submitted += 1
        return Late(lambda: function(*arguments))


@pytest.fixture
def params(project: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    content = shipped.runnable()
    content["images"]["augmentation"] |= {"views": 1, "rotation": 20.0}
    content["images"] |= {"height": 16, "width": 16}
    content["backbone"]["max_unfrozen_layers"] = content["train"]["unfrozen_layers"] = 1
    write_images()
    monkeypatch.setattr(chunks, "MOST_IMAGES", 8)
    return config.check(content, "test")


def extracted(params: Params, workers: Any) -> dict[str, bytes]:
    with workers as elsewhere:
        extract_features.run(params, elsewhere)
    found = {path.as_posix(): path.read_bytes() for path in paths.FEATURES.rglob("*.*")}
    for path in found:
        Path(path).unlink()
    return found


@contextmanager
def connected_to(client: Client) -> Iterator[Client]:
    yield client


def test_chunks_that_others_compute_are_the_same_bytes(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = extracted(params, extraction_workers.of(params, 1, None))
    client = Client()
    monkeypatch.setattr(executors, "connected", lambda *_: connected_to(client))
    assert extracted(params, extraction_workers.of(params, 2, None)) == alone
    assert client.submitted == 10 + 3 + 2


def test_workers_that_come_later_are_given_chunks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a cluster's queue grants them: none when the work begins, more and more while it goes on."""
    monkeypatch.setattr(extraction_workers, "_ASK_SECONDS", 0.0)
    taken: list[int] = []

    class Growing(Client):
        def nthreads(self) -> dict[str, int]:
            return {str(worker): 1 for worker in range(len(taken) // 5)}

    def chunks_of() -> Iterator[tuple[list[tuple[str, int]], str]]:
        for number in range(40):
            taken.append(number)
            yield [("train", number)], "seen"

    monkeypatch.setattr(extraction_workers, "_compute", lambda *arguments: [arguments[-2]])
    client = Growing()
    under_way = []
    for number, rows in enumerate(
        extraction_workers._in_order(client, extraction_workers._at_once(client), ("work",), chunks_of())
    ):
        assert rows == [[("train", number)]]
        under_way.append(len(taken) - number)
    assert under_way[0] == 1 * extraction_workers._AHEAD + 1
    assert max(under_way) >= 6 * extraction_workers._AHEAD


def test_a_worker_that_has_other_bits_computes_nothing(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "connected", lambda *_: connected_to(Client()))
    bits, extraction_workers_see = extraction.bits, iter(["agreed", "other"])
    monkeypatch.setattr(extraction, "bits", lambda *a: f"{bits(*a)} {next(extraction_workers_see)}")
    with pytest.raises(MachineError, match="a worker would compute other bits"):
        extracted(params, extraction_workers.of(params, 2, None))


@pytest.mark.parametrize("changed", [paths.images("validation"), paths.ids("train")])
def test_a_worker_whose_images_are_others_computes_nothing(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: Path
) -> None:
    """With a copy of its own, as `dvc pull` brings it, of an earlier state; one pixel, or what a view is drawn from."""
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(paths.IMAGES, elsewhere / paths.IMAGES)
    if changed.suffix == ".npy":
        content = (elsewhere / changed).read_bytes()
        (elsewhere / changed).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        first, second, *others = (row.values() for row in records.read_csv(elsewhere / changed))
        records.write_csv(elsewhere / changed, ["name", "sha256"], [second, first, *others])

    class Far(Client):
        def submit(self, function: Callable[..., Any], *arguments: Any, pure: bool) -> Late:
            given = [str(elsewhere) if argument == str(Path.cwd()) else argument for argument in arguments]
            return super().submit(function, *given, pure=pure)

    monkeypatch.setattr(executors, "connected", lambda *_: connected_to(Far()))
    with pytest.raises(MachineError, match=rf"a worker, .*, has other images in {elsewhere}: .*dvc pull preprocess"):
        extracted(params, extraction_workers.of(params, 2, None))


def test_workers_that_cannot_work_are_named(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "connected", lambda *_: connected_to(Client()))
    monkeypatch.setattr(extraction_workers, "_network", lambda *_: {}["nothing"])
    with pytest.raises(executors.WorkersError, match=r"the workers cannot go on: .*same path; what was computed stays"):
        extracted(params, extraction_workers.of(params, 2, None))


def test_no_scheduler_is_said_before_any_work(params: Params) -> None:
    with (
        pytest.raises(ConfigError, match=r"--scheduler: no Dask scheduler answers at nothing://here"),
        extraction_workers.of(params, 1, "nothing://here"),
    ):
        pass


@pytest.mark.parametrize(
    ("scheduler", "said"), [("tcp://h:8786", {extraction_workers.SCHEDULER: "tcp://h:8786"}), (None, {})]
)
def test_a_sweep_has_missing_activations_computed_where_its_trials_are(
    project: Path, monkeypatch: pytest.MonkeyPatch, scheduler: str | None, said: dict[str, str]
) -> None:
    params = config.load()
    for path in (Path(params.data.path), Path(params.backbone.path)):
        path.mkdir(parents=True)
    seen: dict[str, str] = {}

    def brought(quiet: bool, variables: dict[str, str]) -> None:
        seen.update(variables)
        raise SweepError("far enough")

    monkeypatch.setattr(sweep, "require_dvc", lambda: None)
    monkeypatch.setattr(command, "bring_features_up_to_date", brought)
    with pytest.raises(SweepError, match="far enough"):
        sweep.sweep(None, 1, None, scheduler, True)
    assert {name: value for name, value in seen.items() if name not in folder_lock.lent()} == said


@pytest.mark.slow
def test_a_killed_worker_changes_no_byte(params: Params) -> None:
    alone = extracted(params, extraction_workers.of(params, 1, None))
    with extraction_workers.of(params, 2, None) as elsewhere:
        killed: list[int] = []

        def killing(bits: str) -> Any:
            computed = elsewhere(bits)

            def chunks_of(chunks: Any) -> Iterator[Any]:
                for number, activations in enumerate(computed(chunks)):
                    if not killed and number == 2:
                        killed.append(kill_a_child())
                    yield activations

            return chunks_of

        extract_features.run(params, killing)
    assert killed
    assert {path.as_posix(): path.read_bytes() for path in paths.FEATURES.rglob("*.*")} == alone


def kill_a_child() -> int:
    import psutil

    children = psutil.Process().children(recursive=True)
    worker = max(children, key=lambda child: child.memory_info().rss)
    os.kill(worker.pid, signal.SIGKILL)
    return int(worker.pid)

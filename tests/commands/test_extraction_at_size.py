"""Extraction by many: 256 workers that only sleep show what handing out costs; three computers lose two of them."""

import contextlib
import hashlib
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pytest

from pipeline.commands import extraction_workers
from pipeline.files import paths
from tests.servers import running, wait_until
from tests.sweep import cluster
from tests.test_pipeline import ENVIRONMENT, call, clone

WORKERS, CHUNKS, CHUNK_SECONDS = 256, 1024, 2.0
ROWS = 64  # a chunk: with VGG16 that many photographs take two threads longer than CHUNK_SECONDS
SECONDS = 900

pytestmark = pytest.mark.slow


def asleep(content: str, bits: str, root: str, split: str, rows: list[int], seen: str) -> list[Any]:
    """A chunk's activations, as large as real ones."""
    time.sleep(CHUNK_SECONDS)
    return [np.full((len(rows), 512), rows[0], np.float32)]


def test_handing_out_to_256_workers_takes_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """All processor time of client, scheduler and connections, beside the time of the work they hand out."""
    monkeypatch.setattr(extraction_workers, "_compute", asleep)
    options = {"processes": False, "n_workers": 1, "threads_per_worker": WORKERS, "dashboard_address": None}
    most = 0
    with distributed.LocalCluster(**options) as machines, distributed.Client(machines) as client:
        chunks = [list(range(start * ROWS, (start + 1) * ROWS)) for start in range(CHUNKS)]
        taken: list[list[int]] = []

        def counted() -> Any:
            for rows in chunks:
                taken.append(rows)
                yield rows, "seen"

        began, worked = time.monotonic(), time.process_time()
        work = ("content", "bits", "root", "train")
        at_once = extraction_workers._at_once(client)
        for number, (activations,) in enumerate(extraction_workers._in_order(client, at_once, work, counted())):
            assert activations[0, 0] == number * ROWS
            most = max(most, len(taken) - number)
        elapsed, worked = time.monotonic() - began, time.process_time() - worked
    assert number == CHUNKS - 1
    assert most <= WORKERS * extraction_workers._AHEAD + 1  # results are not gathered in memory
    print(
        f"{CHUNKS} chunks in {elapsed:.1f} s, {CHUNKS * CHUNK_SECONDS / WORKERS:.1f} s of sleep; {worked:.2f} s of CPU"
    )
    assert worked <= 0.02 * CHUNKS * CHUNK_SECONDS


def test_three_computers_of_which_two_are_lost_give_the_same_bytes(tmp_path: Path) -> None:
    project = clone(tmp_path / "project")
    call(project, "dvc", "repro", "--quiet", "extract-features")
    alone = digests(project)
    shutil.rmtree(project / paths.FEATURES)
    with contextlib.ExitStack() as stack:
        net = stack.enter_context(cluster.network(3))
        first, second, _ = stack.enter_context(cluster.dask_cluster(net, tmp_path))
        command = [sys.executable, "-m", "pipeline", "extract-features", "--scheduler", cluster.SCHEDULER]
        log = tmp_path / "extraction.log"
        extraction = stack.enter_context(running([*cluster.within(net.head), *command], log, ENVIRONMENT, project))
        for lose in (first.kill, lambda: net.cut(second.computer)):
            wait_until(lambda: any(worker.trains() for worker in (first, second)) or ended(extraction), "work", SECONDS)
            lose()
        assert extraction.wait(SECONDS) == 0, log.read_text()
    assert digests(project) == alone


def ended(process: Any) -> bool:
    return process.poll() is not None


def digests(project: Path) -> dict[str, str]:
    files = sorted((project / paths.FEATURES).rglob("*.npy"))
    assert files
    return {path.name + path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

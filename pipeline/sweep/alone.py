"""A trial in a process of its own: one that ran out of memory is repeated so, with no other trial beside it.

If it does again although the machine's memory was free, it is too large, and that is its result.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from pipeline.files import paths
from pipeline.process import groups, importing, scratch
from pipeline.process.errors import HerbariumError
from pipeline.results.trials import FAILED
from pipeline.sweep import memory
from pipeline.sweep.outcomes import LASTING, MEMORY, PASSING, Configuration, Outcome, trouble

_LINES_SHOWN = 5


def run(configuration: Configuration, root: Path = Path()) -> Outcome:
    """The outcome of `worker.run_trial` for the project at `root`, or what its process died of."""
    ended, taken = memory.processes_ended(), memory.taken_by_others()
    with scratch.folder(root.resolve() / paths.STATE, "alone-") as folder:
        asked, answer = folder / "configuration.json", folder / "outcome.json"
        asked.write_text(json.dumps(configuration), encoding="utf-8")
        command = [sys.executable, "-m", "pipeline.sweep.alone", str(os.getpid()), str(asked), str(answer)]
        done = subprocess.run(
            command, cwd=root, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", check=False
        )
        if answer.exists():
            outcome: Outcome = json.loads(answer.read_text(encoding="utf-8"))
        else:
            kind = MEMORY if memory.processes_ended() > ended else PASSING
            outcome = trouble(kind, _how_it_ended(done), done.stderr)
    return _judged(outcome, taken) if outcome.get("kind") == MEMORY else outcome


def _judged(outcome: Outcome, taken: str | None) -> Outcome:
    if taken:
        return {**outcome, "kind": PASSING, "reason": f"{outcome['reason']}, and {taken}"}
    fields = {key: value for key, value in outcome.items() if key != "kind"}
    return {**fields, "state": FAILED, "reason": "out of memory, with no other trial beside it"}


def _how_it_ended(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"its process was ended by signal {-done.returncode}"
    last = " / ".join(done.stderr.splitlines()[-_LINES_SHOWN:])
    return f"its process ended with code {done.returncode}: {last}"


def main(parent: int, asked: Path, answer: Path) -> None:
    groups.end_with(parent)
    memory.end_this_process_first()
    with importing.uncollected():
        from pipeline.identity import libraries

        libraries.start()
        from pipeline.sweep.worker import run_trial

    configuration = json.loads(asked.read_text(encoding="utf-8"))
    configuration["thresholds"] = {int(epoch): value for epoch, value in configuration["thresholds"].items()}
    try:
        outcome = run_trial(configuration)
    except HerbariumError as error:
        outcome = trouble(LASTING, str(error))
    answer.write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:]))

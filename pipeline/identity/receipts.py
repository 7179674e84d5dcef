"""What a stage used, left for the next reader: DVC looks at it after the stage has ended, when it may be another.

A receipt lies outside the results, so no result depends on it. Whoever reads next compares it with what dvc.lock has of
the stage, once; from then on dvc.lock speaks for itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.identity import certificate, declared, inputs
from pipeline.identity.stock import Stock
from pipeline.process import naming

BY_DVC = "DVC_STAGE"  # set by dvc for the commands it runs
FOLDER = paths.STATE / "receipts"
_WITNESSES = 20


def leave(taken: Stock) -> None:
    """Write the receipt of a stage that has just ended, if it is DVC that runs it."""
    if BY_DVC not in os.environ:
        return
    texts = {file: declared.read(file, text) for file, text in taken.texts.items() if text}
    content = {
        "values": {f: {k: declared.value(texts.get(f), k) for k in keys} for f, keys in taken.declared.keys.items()},
        "files": {**taken.code, **{path: state.digest for path, state in taken.data.items() if state.digest}},
        "folders": {path: _digest(state) for path, state in taken.data.items() if state.files},
        "run": _run(),
        "outputs": dict(witnesses(taken)),
    }
    records.write_json(_file(taken.stage), content)


def require() -> None:
    """Raise WithdrawnError if dvc.lock vouches for a stage with something that the stage has not used.

    What it has made is removed then, from DVC's cache too, so that `dvc repro` runs it again.
    """
    waiting = [file for file in records.finished(FOLDER, "*.json") if file.stem != os.environ.get(BY_DVC)]
    if not waiting:
        return
    stages, known = certificate.stages(), certificate.outputs()
    for file in waiting:
        receipt = records.read_json(file)
        if any(path not in known or known[path].md5 != md5 for path, md5 in receipt["outputs"].items()):
            continue  # dvc.lock is of other results
        if found := list(_differing(receipt, file.stem, stages.get(file.stem, {}))):
            _withdraw(file.stem, receipt, found)
        file.unlink()


def _differing(receipt: dict[str, Any], stage: str, entry: dict[str, Any]) -> Iterator[str]:
    """What dvc.lock, or what lies here now, has otherwise than the stage has used it."""
    for file, values in receipt["values"].items():
        vouched = entry.get("params", {}).get(file, {})
        for key, used in values.items():
            for name, was, now in declared.differing(key, used, vouched.get(key, declared.ABSENT)):
                yield f"{file}: {name} was {was} when {stage} ran, {paths.LOCK} has {now}"
    for path, md5 in certificate.files(entry, "deps"):
        if receipt["files"].get(path, md5) != md5:
            yield f"{path} was another when {stage} ran"
    if os.environ.get(BY_DVC) and receipt["run"] == _run():  # after the run, a folder may change: DVC will notice
        for path, digest in receipt["folders"].items():
            if not _is_output(path) and _digest(inputs.state(Path(path))) != digest:
                yield f"{path} was changed when {stage} had ended"


def _is_output(folder: str) -> bool:
    return any(
        path == folder for entry in certificate.stages().values() for path, _ in certificate.files(entry, "outs")
    )


def _withdraw(stage: str, receipt: dict[str, Any], found: list[str]) -> None:
    _file(stage).unlink()
    why = f"{naming.some(found, 3, '; ')}: its results were removed, run dvc repro again"
    certificate.withdraw(map(Path, receipt["outputs"]), why)


def witnesses(taken: Stock) -> Iterator[tuple[str, str]]:
    """Some small files that the stage has written, and their MD5: by them its results are known again."""
    found = (path for output in taken.declared.outputs for path in _files(Path(output)))
    small = (path for path in found if path.stat().st_size <= inputs.SMALL_BYTES)
    for _, path in zip(range(_WITNESSES), small, strict=False):
        yield path.as_posix(), records.md5(path)


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] if path.is_file() else []


def _digest(state: inputs.State) -> str:
    return records.digest(dict(state.files))


def _run() -> int:
    """What the stages of one `dvc repro` have in common: the process that has started them."""
    return os.getppid()


def _file(stage: str) -> Path:
    return FOLDER / f"{stage}.json"

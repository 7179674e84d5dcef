"""`python -m tests.stage_code` writes into dvc.yaml the modules that each stage's code imports."""

import re
from pathlib import Path

from pipeline.files import paths

from .imports import ROOT, transitive

_CODE = re.compile(r"      - pipeline/[\w/]+\.py\n")


def stage_file(stage: str) -> Path:
    """The module of `stage`, relative to the project."""
    return Path("pipeline/stages") / f"{stage.replace('-', '_')}.py"


def with_code(pipeline: str) -> str:
    """dvc.yaml's text with every stage's list of modules as its imports have it."""
    parts = re.split(r"(?m)^(?=  [\w-]+:$)", pipeline)
    return "".join(_renewed(part) for part in parts)


def _renewed(stage: str) -> str:
    first = _CODE.search(stage)
    if not first:
        return stage
    modules = sorted(file.as_posix() for file in transitive(stage_file(stage.split(":")[0].strip())))
    rest = stage[: first.start()], _CODE.sub("", stage[first.start() :])
    return rest[0] + "".join(f"      - {module}\n" for module in modules) + rest[1]


if __name__ == "__main__":
    file = ROOT / paths.PIPELINE
    file.write_text(with_code(file.read_text()))

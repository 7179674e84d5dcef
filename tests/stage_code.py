"""`python -m tests.stage_code` writes into dvc.yaml the modules that each stage's code imports."""

import re

from pipeline.files import paths
from pipeline.identity import modules

from .root import ROOT

_CODE = re.compile(r"      - pipeline/[\w/]+\.py\n")


def with_code(pipeline: str) -> str:
    """dvc.yaml's text with every stage's list of modules as its imports have it."""
    parts = re.split(r"(?m)^(?=  [\w-]+:$)", pipeline)
    return "".join(_renewed(part) for part in parts)


def _renewed(stage: str) -> str:
    first = _CODE.search(stage)
    if not first:
        return stage
    code = modules.of_stage(stage.split(":")[0].strip())
    rest = stage[: first.start()], _CODE.sub("", stage[first.start() :])
    return rest[0] + "".join(f"      - {module.as_posix()}\n" for module in code) + rest[1]


if __name__ == "__main__":
    file = ROOT / paths.PIPELINE
    file.write_text(with_code(file.read_text()))

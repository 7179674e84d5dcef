"""What DVC hashes for a stage: read from dvc.yaml itself, so that there is no second list that could disagree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import paths
from pipeline.params import config
from pipeline.process.errors import ConfigError

ABSENT = "not there"  # stands for the value of a key that is not
_INTERPOLATED = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True)
class Declared:
    """`keys`: file → dotted keys, as in {"params.yaml": ("train.seed",)}; `code`: our modules; `data`: other deps.

    `outputs`: what the stage writes, files and folders.
    """

    keys: Mapping[str, tuple[str, ...]]
    code: tuple[str, ...]
    data: tuple[str, ...]
    outputs: tuple[str, ...]


def of_stage(stage: str, content: Any) -> Declared:
    """What dvc.yaml declares for `stage`; `content` is that of params.yaml, from which DVC fills in ${…}."""
    stages = config.read_yaml(paths.PIPELINE)["stages"]
    if stage not in stages:
        raise ConfigError(f"{paths.PIPELINE}: has no stage {stage}; found: {', '.join(stages)}")
    entry = stages[stage]
    deps = [_filled(_name(dep), content) for dep in entry.get("deps", [])]
    code = [dep for dep in deps if dep.startswith("pipeline/") and dep.endswith(".py")]
    outputs = [_filled(_name(out), content) for kind in ("outs", "metrics", "plots") for out in entry.get(kind, [])]
    data = [dep for dep in deps if dep not in code]
    return Declared(_keys(entry.get("params", [])), tuple(code), tuple(data), tuple(outputs))


def value(content: Any, key: str, absent: Any = ABSENT) -> Any:
    """The value at a dotted key, as in "data.path" or "layers[0]"; `absent` if there is none."""
    found = content
    for name in re.findall(r"[^.\[\]]+", key):
        try:
            found = found[int(name) if isinstance(found, list) else name]
        except (KeyError, IndexError, TypeError, ValueError):
            return absent
    return found


def differing(key: str, was: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """The single values that differ at `key` and below it: dotted key, both values."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from differing(f"{key}.{name}", was.get(name, ABSENT), now.get(name, ABSENT))
    elif was != now:
        yield key, was, now


def read(file: str, text: bytes) -> Any:
    """The content of a file of parameters, given its bytes. Raises ConfigError naming it if it is no YAML or JSON."""
    try:
        return config.parse_yaml(text.decode(), file)
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8 text; save it as UTF-8") from None


def _keys(params: list[Any]) -> dict[str, tuple[str, ...]]:
    own = [entry for entry in params if isinstance(entry, str)]
    others = {file: tuple(keys) for entry in params if isinstance(entry, dict) for file, keys in entry.items()}
    return {str(paths.PARAMS): tuple(own), **others}


def _name(entry: Any) -> str:
    return str(next(iter(entry)) if isinstance(entry, dict) else entry)


def _filled(text: str, content: Any) -> str:
    def fill(match: re.Match[str]) -> str:
        found = value(content, match[1].strip(), None)
        if not isinstance(found, (str, int, float)):
            raise ConfigError(f"{paths.PIPELINE}: {text}: {paths.PARAMS} has no {match[1].strip()}")
        return str(found)

    return Path(_INTERPOLATED.sub(fill, text)).as_posix()

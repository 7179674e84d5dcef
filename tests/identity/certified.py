"""A project that DVC has run, made by hand: dvc.lock, its cache, and the outputs, of two stages."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.files import paths
from pipeline.identity import cache

CACHE = Path(".dvc/cache")


def run(outputs: Mapping[str, str | dict[str, str]], link: bool = False, **lock: Any) -> None:
    """Write `outputs` (path → content, or name → content of a folder) as the stage train's, certified and cached.

    `link`: outputs are hard links into the cache, as DVC makes them if told to. `lock`: params and deps of the entry.
    """
    outs = [{"path": path, "md5": _put(Path(path), content, link)} for path, content in outputs.items()]
    with paths.LOCK.open("w") as file:
        YAML().dump({"stages": {"train": {"cmd": "train", **lock, "outs": outs}}}, file)


def in_cache(text: str) -> Path:
    """Where the cache has a file of this content."""
    return cache.place(CACHE, hashlib.md5(text.encode()).hexdigest())


def write_in_place(path: Path, content: str | bytes) -> None:
    """As root, or an editor that restores the mode: the same file, other bytes."""
    mode = path.stat().st_mode
    path.chmod(0o644)
    with path.open("rb+") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.truncate()
    path.chmod(mode)


def _put(path: Path, content: str | dict[str, str], link: bool) -> str:
    if isinstance(content, str):
        _store(path, content, link)
        return hashlib.md5(content.encode()).hexdigest()
    listing = [{"md5": _put(path / name, text, link), "relpath": name} for name, text in content.items()]
    text = json.dumps(listing)
    name = f"{hashlib.md5(text.encode()).hexdigest()}.dir"
    cache.place(CACHE, name).parent.mkdir(parents=True, exist_ok=True)
    cache.place(CACHE, name).write_text(text)
    return name


def _store(path: Path, text: str, link: bool) -> None:
    stored = in_cache(text)
    for file in (path, stored):
        file.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if not stored.exists():
        stored.write_text(text)
        stored.chmod(0o444)
    os.link(stored, path) if link else shutil.copyfile(stored, path)

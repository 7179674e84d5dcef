"""All that DVC hashes for a stage, as it was when the stage began, and what of it is another now."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.files import paths, records
from pipeline.identity import declared, inputs, versions
from pipeline.identity.declared import Declared
from pipeline.params import config, upgrades
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError, HerbariumError


@dataclass(frozen=True)
class Stock:
    """What `stage` depends on, as it was when it began.

    `whole` and `params` (of the keys that dvc.yaml declares) were read from the very bytes in `texts`, file → content;
    `installed`: package → version; `code`: file → MD5, as DVC has it; `data`: path → state.
    """

    stage: str
    whole: Params
    params: Params
    declared: Declared
    texts: Mapping[str, bytes]
    installed: Mapping[str, str]
    code: Mapping[str, str]
    data: Mapping[str, inputs.State]


def take(stage: str) -> Stock:
    """Raises ConfigError for wrong parameters, MachineError if the packages are not those the stage is filed under."""
    own = str(paths.PARAMS)
    text = _text(own) or b""
    content = declared.read(own, text) if text else config.read_yaml(paths.PARAMS)
    whole = config.check(content, own)
    found = declared.of_stage(stage, content)
    _require(content, found.keys[own], stage)
    packages = [key for file, keys in found.keys.items() if Path(file).name == paths.VERSIONS.name for key in keys]
    versions.check(packages)
    return Stock(
        stage,
        whole,
        config.narrow(whole, found.keys[own]),
        found,
        {own: text, **{file: _text(file) for file in found.keys if file != own}},
        versions.installed(packages),
        {file: _digest(file) for file in found.code},
        {path: inputs.state(Path(path)) for path in found.data},
    )


def _require(content: Any, keys: Iterable[str], stage: str) -> None:
    """DVC cannot hash a key that is not in the file, and would say so after the work."""
    absent = [key for key in keys if declared.value(content, key) == declared.ABSENT]
    if absent:
        raise ConfigError(
            f"{paths.PARAMS}: {', '.join(absent)}: not there, and {stage} reads it; the file is of version"
            f" {upgrades.version(content)}: `herbarium upgrade` brings it to {upgrades.CURRENT}"
        )


def changes(stock: Stock) -> list[str]:
    """What of parameters, packages and code is another now: cheap enough to be asked after every epoch."""
    return [*_values(stock), *_packages(stock), *_code(stock)]


def data_changes(stock: Stock) -> list[str]:
    """What was added to, written in or removed from the data; each file's place is looked at, none is read if large."""
    return list(_data(stock))


def _values(stock: Stock) -> Iterator[str]:
    for file, before in stock.texts.items():
        now = _text(file)
        if now == before:
            continue
        try:
            old, new = (declared.read(file, text) if text else {} for text in (before, now))
        except HerbariumError as error:
            yield f"{error} now, and was read when {stock.stage} began"
            continue
        for key in stock.declared.keys[file]:
            was, found = (declared.value(content, key, declared.ABSENT) for content in (old, new))
            yield from (
                f"{file}: {name} was {a} when {stock.stage} began, is {b} now"
                for name, a, b in declared.differing(key, was, found)
            )


def _packages(stock: Stock) -> Iterator[str]:
    found = versions.installed(stock.installed)
    for name, was in stock.installed.items():
        if found[name] != was:
            yield f"{name} {was} was installed when {stock.stage} began, {found[name]} is now"


def _code(stock: Stock) -> Iterator[str]:
    for file, was in stock.code.items():
        if _digest(file) != was:
            yield f"{file} was changed while {stock.stage} ran"


def _data(stock: Stock) -> Iterator[str]:
    for path, was in stock.data.items():
        for what in inputs.differences(was, inputs.state(Path(path))):
            yield f"{path}: {what} while {stock.stage} ran"


def _text(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def _digest(file: str) -> str:
    return records.md5(Path(file)) if os.path.isfile(file) else declared.ABSENT

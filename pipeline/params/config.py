"""Reads params.yaml: checked whole before any work, handed to a stage with only the keys dvc.yaml declares for it."""

import math
import re
import reprlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.files import paths
from pipeline.params import idle, plain_yaml, upgrades
from pipeline.params.schema import Params
from pipeline.params.section import section_of
from pipeline.params.suggestions import did_you_mean
from pipeline.process.errors import ConfigError
from pipeline.process.redaction import holds_secret, redacted

# A few lines of YAML aliases can stand for billions of values: only some are looked at.
_SHORTENED = reprlib.Repr()
_SHORTENED.maxlevel, _SHORTENED.maxlist, _SHORTENED.maxdict = 3, 8, 8
_SHORTENED.maxstring = _SHORTENED.maxlong = _SHORTENED.maxother = 100
_UNKNOWN = ("extra_forbidden", "invalid_key")  # pydantic's types of errors; the latter is a key that is no text
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_MOST_VALUES = 100_000  # in a file, its aliases written out; a dvc.lock has some hundreds


def read_yaml(path: Path) -> Any:
    """Plain Python data of a YAML 1.2 file, as `parse_yaml`. Raises ConfigError naming file and line."""
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a file, its line ends as they are. Raises ConfigError naming it if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: not found; run in the project's folder, where {path.name} is") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def parse_yaml(text: str, where: str) -> Any:
    """Plain Python data of YAML 1.2; no tags are executed. Raises ConfigError beginning with `where`."""
    try:
        plain = plain_yaml.read(text)
        content = plain[0] if plain else YAML(typ="safe", pure=True).load(text)
        many = _values(content, {}) > _MOST_VALUES
    except (
        YAMLError,
        ValueError,
        LookupError,
        TypeError,
    ) as error:  # the last three: a tag that its value does not fit
        said = " ".join(str(error).split()).replace('"<unicode string>"', where)
        hint = "; indent with spaces, not with tabs" if "'\\t'" in said else ""
        raise ConfigError(f"{where}: not valid YAML: {redacted(said)[:1000]}{hint}") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply to be a parameter file") from None
    if many:
        raise ConfigError(f"{where}: its aliases stand for more values than the {_MOST_VALUES:,} a file may have")
    return content


def _values(content: Any, counted: dict[int, float]) -> float:
    """How many values `content` is, aliases written out; infinite if it contains itself. `counted`: by id."""
    if not isinstance(content, (dict, list)):
        return 1
    if id(content) not in counted:
        counted[id(content)] = float("inf")
        inner = content.values() if isinstance(content, dict) else content
        values = 1 + math.fsum(_values(value, counted) for value in inner)
        counted[id(content)] = min(values, _MOST_VALUES + 1)  # past that, how many it is does not matter
    return counted[id(content)]


def load(path: Path = paths.PARAMS) -> Params:
    """The whole of params.yaml. Raises ConfigError listing every wrong key, with what was found and what is allowed.

    The project's own, which is to be run, may say nothing that would be ignored.
    """
    params = check(read_yaml(path), str(path))
    if path == paths.PARAMS:
        idle.refuse(params, str(path))
    return params


def check(content: Any, where: str) -> Params:
    """`content`, of any version, as Params; `where` names it in errors."""
    if not isinstance(content, dict):
        raise ConfigError(f"{where}: found {shown(content)}; allowed: the sections {', '.join(Params.model_fields)}")
    _check_version(content, where)
    content = upgrades.upgraded(content)
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(_messages(where, content, error.errors(include_url=False)))) from None
    if holds_secret(params.tracking.uri or ""):
        raise ConfigError(
            f"{where}: tracking.uri: found an address with a password; this file goes to git, into records and with"
            " every run: set null, and give the address in the environment variable MLFLOW_TRACKING_URI"
        )
    return params


def _check_version(content: Mapping[str, Any], where: str) -> None:
    found, least, most = upgrades.version(content), upgrades.FIRST, upgrades.CURRENT
    if isinstance(found, bool) or not isinstance(found, int) or found < least:
        raise ConfigError(f"{where}: version: found {shown(found)}; allowed: {least} to {most}")
    if found > most:
        raise ConfigError(
            f"{where}: version: found {shown(found)}; this Herbarium knows {least} to {most}: a newer one wrote the"
            " file, so run that one, or take a params.yaml of this one's time"
        )


def with_seed(params: Params, seed: int) -> Params:
    """The same experiment with other luck: `train.seed` is `seed`."""
    return params.model_copy(update={"train": params.train.model_copy(update={"seed": seed})})


def narrow(params: Params, keys: Iterable[str]) -> Params:
    """`params` without all but `keys` ("train" or "train.seed"); values are not checked again.

    Reading any other key raises AttributeError: a stage that is handed the keys it declares cannot depend on others.
    """
    narrowed: Params = _only(params, [key.split(".") for key in keys])
    return narrowed


def _only(section: Any, keys: list[list[str]]) -> Any:
    if not isinstance(section, BaseModel) or [] in keys:
        return section
    kept = {}
    for name in {key[0] for key in keys}:
        kept[name] = _only(getattr(section, name), [key[1:] for key in keys if key[0] == name])
    return type(section).model_construct(**kept)


def _messages(where: str, content: Mapping[str, Any], errors: Iterable[Mapping[str, Any]]) -> list[str]:
    """Each once. First unknown keys; that the key one of them is meant to be is missing goes without saying."""
    said: list[str] = []
    for error in sorted(errors, key=lambda error: error["type"] not in _UNKNOWN):
        meant = error["type"] == "missing" and any(line.endswith(f" {_dotted(error['loc'])}?") for line in said)
        said += [] if meant else [_message(where, content, error)]
    return list(dict.fromkeys(said))


def _message(where: str, content: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    keys = [str(k) for k in error["loc"]]
    kind = error["type"]
    if kind in _UNKNOWN:
        return f"{where}: {_dotted(error['loc'])}: unknown key{_did_you_mean(keys)}"
    key, field = _field(keys)
    allowed = f"; allowed: {field.description}" if field else ""
    if kind == "missing":
        return f"{where}: {key}: missing{allowed}"
    if kind == "value_error":
        reason = str(error["ctx"]["error"])
        return f"{where}: {key}: {reason}" if key else f"{where}: {reason}"
    found = _value(content, key)
    if unquoted := [name for name in found if not isinstance(name, str)] if isinstance(found, dict) else []:
        # YAML reads 8 as a number and yes, in some of its versions, as true: which name is meant is not guessed.
        return f"{where}: {key}: the name {unquoted[0]} needs quotes, as in {{'{unquoted[0]}': 2.0}}"
    comma = isinstance(found, str) and _DECIMAL_COMMA.fullmatch(found)
    hint = f"; decimals are written with a point: {found.replace(',', '.')}" if comma else ""
    return f"{where}: {key}: found {shown(found)}{allowed}{hint}"


def _value(content: Any, key: str) -> Any:
    for name in key.split("."):
        content = content[name]
    return content


def _field(keys: list[str]) -> tuple[str, FieldInfo | None]:
    """The dotted name and schema entry of the deepest of `keys` that the schema knows."""
    model: type[BaseModel] | None = Params
    known: list[str] = []
    field = None
    for key in keys:
        if model is None or key not in model.model_fields:
            break
        known.append(key)
        field = model.model_fields[key]
        model = section_of(field.annotation)
    return ".".join(known), field


def known_keys(model: type[BaseModel] = Params, prefix: str = "") -> list[str]:
    """Every key of the schema, dotted, sections included, in the schema's order."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        if section := section_of(field.annotation):
            keys += known_keys(section, f"{prefix}{name}.")
    return keys


def _did_you_mean(keys: list[str]) -> str:
    """The nearest legal key: first by name within the same section, then anywhere."""
    parent, name = ".".join(keys[:-1]), keys[-1]
    siblings = [k for k in known_keys() if k.rpartition(".")[0] == parent]
    same_name = [k for k in known_keys() if k.rpartition(".")[2] == name]
    if same_name and ".".join(keys) not in siblings:
        return f"; did you mean {same_name[0]}?"
    return did_you_mean(".".join(keys), siblings)


def _dotted(location: Iterable[Any]) -> str:
    return ".".join(str(k) for k in location)


def shown(value: Any) -> str:
    """A value that was found, for a message: shortened."""
    try:
        text = _SHORTENED.repr(value)
    except ValueError:  # Python does not print integers of thousands of digits
        return "a number of thousands of digits"
    text = redacted(text)
    return text if len(text) <= 80 else f"{text[:77]}…"

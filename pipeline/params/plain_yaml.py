"""Reads YAML as programs write it: the values that ruamel.yaml has for it, in a tenth of the time.

ruamel.yaml, which says where a text is wrong and knows YAML 1.2, takes a tenth of a second for a dvc.lock, and commands
about experiments read dozens. libyaml is quick and of YAML 1.1. So it only parts the text, where both versions part it
alike; which plain words are numbers is asked of ruamel.yaml's own table, and whatever is uncommon is left to it.
"""

import re
from functools import lru_cache
from typing import Any

import yaml
from ruamel.yaml.resolver import implicit_resolvers

_LOADER = getattr(yaml, "CSafeLoader", None)  # PyYAML can be built without libyaml
# What the two versions may part otherwise: control characters and other ends of lines anywhere, and, where it is no
# comment, all but these characters. That leaves out anchors, tags, directives, escapes and block scalars.
_ODD = re.compile("[^\n -~\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff]")
_COMMENT = re.compile(r"(?:(?<= )|^)#.*", re.MULTILINE)
_COMMON = re.compile(r"""(?:[\n A-Za-z0-9"'()+,./:;=\[\]_{}^$-]|(?<!\n)%)*""")
# libyaml follows what is nested by recursion in C, which has no limit of its own.
_DEEP = re.compile(r"(?:- +){9}| {200}")
_MOST_BRACKETS = 500
_TABLE = [(tag, expression, first) for versions, tag, expression, first in implicit_resolvers if (1, 2) in versions]
_STR, _INT, _FLOAT, _BOOL, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null"))
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class _UncommonError(Exception):
    """The text has something that ruamel.yaml is to read."""


def read(text: str) -> tuple[Any] | None:
    """The content of `text`; None if it is for ruamel.yaml to read, or to refuse."""
    if _LOADER is None or not _is_common(text):
        return None
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        return None if node is None else (_value(node),)
    except (yaml.YAMLError, _UncommonError, RecursionError):
        return None
    finally:
        loader.dispose()


def _is_common(text: str) -> bool:
    said = _COMMENT.sub("", text)
    flat = said.count("[") + said.count("{") <= _MOST_BRACKETS and not _DEEP.search(said)
    return flat and not _ODD.search(text) and bool(_COMMON.fullmatch(said))


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value if node.style else _plain(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    content = {_key(key): _value(value) for key, value in node.value}
    if len(content) != len(node.value):
        raise _UncommonError
    return content


def _key(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode) and isinstance(key := _value(node), str):
        return key
    raise _UncommonError


@lru_cache(4096)  # the words of one file are those of the next
def _plain(word: str) -> Any:
    """The value of a word without quotes."""
    tag = next((tag for tag, expression, first in _TABLE if word[:1] in first and expression.match(word)), _STR)
    if tag == _STR:
        return word
    if tag == _BOOL:
        return word.lower() == "true"
    if tag == _NULL:
        return None
    if tag == _INT and _DECIMAL.fullmatch(word):
        return int(word)
    if tag == _FLOAT and _REAL.fullmatch(word):
        return float(word)
    raise _UncommonError

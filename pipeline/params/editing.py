"""Changes keys in the text of a params.yaml; all else a person wrote there, comments and layout, stays as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.params import config, nodes, rendering, upgrades
from pipeline.params.keys import replaced
from pipeline.params.nodes import Compose, Node
from pipeline.params.schema import Params
from pipeline.params.section import section_of
from pipeline.process.errors import ConfigError


def upgraded(text: str, where: str) -> str:
    """A params.yaml of any version as one of the current version. Raises ConfigError, beginning with `where`, if its
    values are not legal, or it is written in a way that only its author can change."""
    content = config.parse_yaml(text, where)
    config.check(content, where)
    return _brought_to(text, upgrades.upgraded(content), where)


def with_values(text: str, values: Mapping[str, Any], where: str) -> str:
    """A params.yaml with the dotted keys of `values` at these; what says so already stays as it is written.

    Raises ConfigError, beginning with `where`, if only its author can change it so. Legality is not looked at.
    """
    content = dict(config.parse_yaml(text, where))
    for key, value in values.items():
        content = replaced(content, key, value)
    return _brought_to(text, content, where)


def _brought_to(text: str, content: Mapping[str, Any], where: str) -> str:
    changes = dict(_differences(config.parse_yaml(text, where), content))
    for compose in nodes.ways(text):
        try:
            new = _changed(text, changes, compose)
            if config.parse_yaml(new, where) == content:
                return new
        except (*nodes.ERRORS, ConfigError):  # an anchor went that other keys refer to
            continue
    # Anchors, merged keys: what is written once may count twice.
    wanted = "; ".join(f"{key}: {'not there' if v is ... else rendering.flow(v)}" for key, v in changes.items())
    raise ConfigError(f"{where}: written in a way that only you can change; it should have {wanted}")


def _changed(text: str, changes: Mapping[str, Any], compose: Compose) -> str:
    new, left = _with_values_in_place(text, changes, compose)
    for key in left:
        new = _with(new, key.split("."), changes[key], compose)
    return new


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], model: type[BaseModel] = Params, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """(dotted key, new value) of what differs, in the schema's order; ... for a key that goes."""
    gone = [name for name in before if name not in after]
    for name in [*gone, *(name for name in model.model_fields if name in after)]:
        old, new = before.get(name, ...), after.get(name, ...)
        section = section_of(model.model_fields[name].annotation) if name in model.model_fields else None
        if section and isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, section, f"{prefix}{name}.")
        elif old != new:
            yield prefix + name, new


def _with_values_in_place(text: str, changes: Mapping[str, Any], compose: Compose) -> tuple[str, list[str]]:
    """`text`, read once, with those values changed that stand within a line; and the keys that are left."""
    top = compose(text)
    found = {key: _found(top, key.split(".")) for key, value in changes.items() if value is not ...}
    within = {key: node for key, node in found.items() if node and _within_line(node)}
    # What an alias stands for may be here twice: it is written once.
    places = {node.start_mark.index: (key, node) for key, node in within.items()}
    for _, (key, node) in sorted(places.items(), reverse=True):  # from the end: places before stay where they are
        text = _revalued(text, node, rendering.flow(changes[key]))
    return text, [key for key in changes if key not in within]


def _found(node: Node | None, names: list[str]) -> Node | None:
    """The value of a key; None if it does not stand in the text."""
    for name in names:
        node = _pairs(node).get(name, (None, None))[1] if node and nodes.is_mapping(node) else None
    return node


def _with(text: str, names: list[str], value: Any, compose: Compose) -> str:
    """`text` with one key changed, added, or, for ..., taken away."""
    section, fields = compose(text), Params.model_fields
    for name in names[:-1]:
        section, model = _pairs(section)[name][1], section_of(fields[name].annotation)
        fields = model.model_fields if model else {}
    pair = _pairs(section).get(names[-1])
    if pair:
        text = _without(text, section, names[-1])
        return text if value is ... else _with(text, names, value, compose)
    return _added(text, section, names[-1], fields, value)


def _pairs(section: Node) -> dict[str, tuple[Node, Node]]:
    return {key.value: (key, value) for key, value in section.value}


def _within_line(value: Node) -> bool:
    """Whether a value is text that stands in a line: no block of lines, and not left out."""
    if nodes.is_collection(value):
        return bool(value.flow_style)
    return value.style not in ("|", ">") and bool(value.end_mark.index > value.start_mark.index)


def _revalued(text: str, old: Node, value: str) -> str:
    """The comment that follows stays in its column if there is room."""
    start, end = old.start_mark.index, old.end_mark.index
    after = text[end:]
    comment = after.lstrip(" ")
    if comment.startswith("#"):
        column = end + len(after) - len(comment)
        after = " " * max(2, column - start - len(value)) + comment
    return text[:start] + value + after


def _without(text: str, section: Node, name: str) -> str:
    ordered = list(_pairs(section).values())
    index = [key.value for key, _ in ordered].index(name)
    key, value = ordered[index]
    if not section.flow_style:
        return text[: _line_start(text, key.start_mark.index)] + text[_line_end(text, _last(key, value)) :]
    if index:
        return text[: _last(*ordered[index - 1]) + 1] + text[_last(key, value) + 1 :]
    end = ordered[1][0].start_mark.index if len(ordered) > 1 else _last(key, value) + 1
    return text[: key.start_mark.index] + text[end:]


def _added(text: str, section: Node, name: str, fields: Mapping[str, FieldInfo], value: Any) -> str:
    """`text` with a new key after those that the schema has before it."""
    pairs = _pairs(section)
    order = list(fields)
    before = [pairs[other] for other in order[: order.index(name)] if other in pairs]
    if section.flow_style:
        entry = f"{name}: {rendering.flow(value)}"
        place = _last(*before[-1]) + 1 if before else section.start_mark.index + 1
        entry = f", {entry}" if before else f"{entry}, " if pairs else entry
        return text[:place] + entry + text[place:]
    first = section.value[0][0].start_mark
    lines = rendering.lines(name, fields[name], value, " " * first.column)
    blank = [""] if not first.column and (len(lines) > 1 or not before) else []  # as between sections
    lines = [*blank, *lines] if before else [*lines, *blank]
    place = _line_end(text, _last(*before[-1])) if before else _above(text, first.index)
    end = "\r\n" if "\r\n" in text else "\n"
    head = text[:place] if not place or text[place - 1] == "\n" else text[:place] + end
    return head + "".join(line + end for line in lines) + text[place:]


def _last(key: Node, value: Node) -> int:
    """The index of the last character of an entry, comments apart."""
    if value.end_mark.index == value.start_mark.index:  # left out: the marks are those of what comes next
        return int(key.end_mark.index)
    if not nodes.is_collection(value) or value.flow_style:
        return int(value.end_mark.index) - 1
    last = value.value[-1]
    return _last(*last) if isinstance(last, tuple) else _last(last, last)


def _above(text: str, index: int) -> int:
    """Where the line starts, or the comment that stands right above it; what a file begins with is of the file."""
    start = _line_start(text, index)
    place = start
    while place and text[_line_start(text, place - 1) :].lstrip(" ").startswith("#"):
        place = _line_start(text, place - 1)
    return place or start


def _line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def _line_end(text: str, index: int) -> int:
    """Where the next line starts."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1

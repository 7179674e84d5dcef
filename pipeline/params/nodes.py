"""The parts of a YAML text, with the places they stand at: by libyaml where it parts as ruamel.yaml does, else by that.

To change a text key after key it is parted anew each time, which takes libyaml a tenth of the time.
"""

from collections.abc import Callable, Iterator
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode

from pipeline.params import plain_yaml

Node = Any  # of either library: value, style or flow_style, start_mark and end_mark
Compose = Callable[[str], Node]
ERRORS = (yaml.YAMLError, YAMLError)
_LOADER: Any = getattr(yaml, "CSafeLoader", None)  # PyYAML can be built without libyaml


def ways(text: str) -> Iterator[Compose]:
    """How to part `text`, and what it becomes when keys are changed; who goes by the first looks at what came of it."""
    if _LOADER is not None and plain_yaml.read(text) is not None:
        yield _quickly
    yield YAML(typ="safe", pure=True).compose


def _quickly(text: str) -> Node:
    return yaml.compose(text, _LOADER)


def is_mapping(node: Node) -> bool:
    return isinstance(node, MappingNode | yaml.MappingNode)


def is_collection(node: Node) -> bool:
    return isinstance(node, CollectionNode | yaml.CollectionNode)

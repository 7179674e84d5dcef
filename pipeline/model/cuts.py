"""Where the network is cut: everything below the lowest unfrozen layer is a constant function, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from pipeline.model import graph
from pipeline.process.errors import CombinationError

if TYPE_CHECKING:
    from pipeline.params.images_section import Augmentation
    from pipeline.params.network_sections import Backbone


@dataclass(frozen=True)
class Cut:
    """A place where the backbone is cut. `layer` is the last layer below it; activations are (N, *shape).

    `class_token`: they are tokens (N, T, D), the first of which stands for the image.
    """

    layer: str
    shape: tuple[int, ...]
    tensor: Any
    at_input: bool
    at_output: bool
    class_token: bool = False


class Network:
    """A backbone from uint8 images (N, H, W, C) to its output (N, …), with its countable layers and cuts.

    `class_token`: its output are tokens, the first of which stands for the image. `left_out`: what has weights in the
    network it was taken from and is not in it, the names of its classifier's layers.
    """

    def __init__(self, model: keras.Model, class_token: bool = False, left_out: Sequence[str] = ()) -> None:
        self.model, self.class_token, self.left_out = model, class_token, tuple(left_out)
        self.nodes = graph.nodes(model.output)
        self._articulations = graph.articulations(self.nodes)
        self._counted = [p for p, node in enumerate(self.nodes) if node.counted]

    @property
    def layers(self) -> list[str]:
        """Names of the weight-bearing layers that `unfrozen_layers` counts, bottom to top (no batch normalization)."""
        return [self.nodes[p].name for p in self._counted]

    def unfrozen(self, count: int) -> list[str]:
        """Names of the `count` topmost weight-bearing layers. Raises CombinationError if there are fewer."""
        if count > len(self._counted):
            raise CombinationError(
                f"params.yaml: unfrozen layers: found {count}; allowed: 0 to {len(self._counted)},"
                f" the weight-bearing layers of {self.model.name}"
            )
        return self.layers[len(self._counted) - count :]

    def cut(self, count: int) -> Cut:
        """The highest cut below the `count` topmost weight-bearing layers; for 0 the backbone's output.

        With no such layer below it, it is the images themselves: uint8, the smallest there is.
        """
        self.unfrozen(count)
        if not count:
            return self.output
        if count == len(self._counted):
            return self.input
        return self._at(max(p for p in self._articulations if p < self._counted[-count]))

    def _at(self, position: int) -> Cut:
        node = self.nodes[position]
        return Cut(
            layer=node.name,
            shape=tuple(node.output.shape[1:]),
            tensor=node.output,
            at_input=position == 0,
            at_output=position == len(self.nodes) - 1,
            class_token=self.class_token and position == len(self.nodes) - 1,
        )

    def between(self, lower: Cut, upper: Cut) -> keras.Model | None:
        """The part from `lower`'s activations to `upper`'s, sharing this network's weights; None if it is empty."""
        if lower.layer == upper.layer:
            return None
        return keras.Model(lower.tensor, upper.tensor, name=f"{self.model.name}_part")

    def freeze_below(self, count: int) -> None:
        """Make only the `count` topmost weight-bearing layers trainable; batch normalization always stays frozen."""
        trained = set(self.unfrozen(count))
        for node in self.nodes:
            if isinstance(node.operation, keras.Layer):
                node.operation.trainable = node.name in trained

    def at(self, layer: str) -> Cut:
        """The cut above the layer of that name."""
        return self._at(next(p for p, node in enumerate(self.nodes) if node.name == layer))

    @property
    def input(self) -> Cut:
        return self._at(0)

    @property
    def output(self) -> Cut:
        return self._at(len(self.nodes) - 1)


def stored(network: Network, backbone: Backbone, augmentation: Augmentation) -> list[Cut]:
    """The cuts whose activations are kept, deepest first: never decided by the train section.

    The deepest one that `max_unfrozen_layers` needs; and the output, so that a frozen backbone is never run again.
    The output of random weights (`weights: none`) is not worth keeping, and images that change every epoch have none.
    Raises CombinationError for views where training may begin at the images: copies of those are not kept.
    """
    if augmentation.on_the_fly:
        return [network.input]
    deepest = network.cut(backbone.max_unfrozen_layers)
    if deepest.at_input and augmentation.views:
        most = max(count for count in range(len(network.layers)) if not network.cut(count).at_input)
        raise CombinationError(
            f"params.yaml: images.augmentation.views: found {augmentation.views} with backbone.max_unfrozen_layers:"
            f" {backbone.max_unfrozen_layers}, where training begins at the images of {network.model.name}, and copies"
            " are kept as activations only; allowed: views: 0 with on_the_fly: true, or"
            f" backbone.max_unfrozen_layers of 0 to {most}"
        )
    output = [] if deepest.at_output or backbone.weights == "none" else [network.output]
    return [deepest, *output]


def trained_from(network: Network, unfrozen_layers: int, augmentation: Augmentation) -> Cut:
    """Where training starts: at the cut, or at the images if they change every epoch."""
    cut = network.cut(unfrozen_layers)
    return network.input if augmentation.on_the_fly else cut

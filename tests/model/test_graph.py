"""Where all paths of a graph meet, against trying every node; and the same operations from another input."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import graph
from pipeline.model.graph import Node


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """Graphs in topological order with one input and one output."""
    size = draw(st.integers(1, 12))
    inputs = [()] + [tuple(draw(st.sets(st.integers(0, p - 1), min_size=1, max_size=3))) for p in range(1, size)]
    unused = {p for p in range(size - 1) if not any(p in used for used in inputs)}
    inputs[-1] = tuple(sorted({*inputs[-1], *unused})) if size > 1 else ()
    return [Node(None, None, used) for used in inputs]


def reaches_output_without(nodes: list[Node], missing: int) -> bool:
    reached = {0} - {missing}
    for p, node in enumerate(nodes):
        if p != missing and reached & set(node.inputs):
            reached.add(p)
    return len(nodes) - 1 in reached


@given(graphs())
def test_an_articulation_is_a_node_no_path_gets_round(nodes):
    expected = [p for p in range(len(nodes)) if not reaches_output_without(nodes, p)]
    assert graph.articulations(nodes) == expected


def residual() -> keras.Model:
    images = keras.Input((8, 8, 1))
    one = keras.layers.Conv2D(2, 3, padding="same", name="one")(images)
    two = keras.layers.Conv2D(2, 3, padding="same", name="two")(one)
    total = keras.layers.Add(name="sum")([one, two])
    return keras.Model(images, keras.layers.Conv2D(2, 1, name="three")(total))


def test_nodes_come_inputs_first_and_a_residual_block_is_jumped_over():
    nodes = graph.nodes(residual().output)
    names = [node.name for node in nodes]
    assert names[1:] == ["one", "two", "sum", "three"]
    assert all(used < p for p, node in enumerate(nodes) for used in node.inputs)
    assert [names[p] for p in graph.articulations(nodes)][1:] == ["one", "sum", "three"]


def test_very_deep_networks_are_walked_through():
    tensor = keras.Input((1,))
    for _ in range(1500):
        tensor = keras.layers.Identity()(tensor)
    assert len(graph.nodes(tensor)) == 1501


def test_a_layer_called_twice_is_refused():
    images = keras.Input((8, 8, 1))
    layer = keras.layers.Conv2D(1, 3, padding="same", name="twice")
    with pytest.raises(ValueError, match="layer twice is shared or has several outputs"):
        graph.nodes(layer(layer(images)))


def test_several_outputs_are_refused():
    images = keras.Input((8, 8, 2))
    left, right = keras.ops.split(images, 2, axis=-1)
    with pytest.raises(ValueError, match="shared or has several outputs"):
        graph.nodes(left + right)


def test_several_inputs_are_refused():
    with pytest.raises(ValueError, match="several inputs"):
        graph.nodes(keras.Input((2,)) + keras.Input((2,)))


def test_batch_normalization_is_not_counted():
    images = keras.Input((8, 8, 1))
    tensor = keras.layers.BatchNormalization()(keras.layers.Conv2D(1, 3)(images))
    tensor = keras.layers.LayerNormalization()(keras.layers.ReLU()(tensor))
    assert [node.counted for node in graph.nodes(tensor)] == [False, True, False, False, True]


def test_replayed_operations_share_weights_and_leave_random_layers_out():
    inner_images = keras.Input((8, 8, 1))
    inner = keras.Model(inner_images, keras.layers.Conv2D(1, 3, name="inner")(inner_images), name="nested")
    images = keras.Input((8, 8, 1))
    tensor = keras.layers.GaussianNoise(1.0)(keras.layers.RandomFlip()(images))
    tensor = keras.layers.Dropout(0.5)(inner(tensor, training=False))
    other = keras.Input((8, 8, 1))

    apart = keras.Model(other, graph.replay(tensor, other, take_apart=True))
    whole = keras.Model(other, graph.replay(tensor, other))
    assert [layer.name for layer in apart.layers][1:] == ["inner"]
    assert [layer.name for layer in whole.layers][1:] == ["nested"]
    pixels = np.random.default_rng(0).random((2, 8, 8, 1), dtype=np.float32)
    for model in (apart, whole):
        np.testing.assert_array_equal(model(pixels, training=True), inner(pixels))
    assert apart.get_layer("inner").kernel is inner.get_layer("inner").kernel

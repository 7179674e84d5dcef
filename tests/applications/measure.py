"""What one network of keras.applications is like here, from a real run with random weights."""

import re
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pipeline.model import backbones, costs, fit, graph, heads
from pipeline.model.cuts import Cut, Network
from pipeline.model.fit import Examples, Phase
from pipeline.params.schema import Params

SIDE = 224  # of the images that bytes and operations are stated for
UNFROZEN = 2
TOLERANCE = 1e-4
_IMAGES = 2
_WHITE = 255.0
_SMALLEST = re.compile(r"at least (\d+)x\d+")


def parameters(params: Params, name: str) -> Params:
    """`params` with that network and random weights, on images of SIDE × SIDE."""
    content = params.model_dump()
    content["backbone"] |= {"name": name, "weights": "none", "layers": [], "max_unfrozen_layers": UNFROZEN}
    content["images"] |= {"height": SIDE, "width": SIDE, "channels": 3, "scale": "backbone"}
    content["train"] |= {"unfrozen_layers": UNFROZEN, "epochs": 1, "batch_size": _IMAGES}
    return Params.model_validate(content)


def smallest_side(name: str) -> int:
    """Height and width, pixels, that Keras asks of images at least, by what it says of smaller ones."""
    constructor, _ = backbones.application(name)
    try:
        constructor(include_top=False, weights=None, input_shape=(1, 1, 3))
    except ValueError as error:
        if found := _SMALLEST.search(str(error)):
            return int(found[1])
        raise
    return 1


def measure(params: Params, name: str) -> dict[str, Any]:
    """The row of a network. Raises AssertionError if it, cut, is another function, or is not saved as it was trained.

    Bytes are of one image, as float32, stored at the output (averaged) and at the cut for UNFROZEN layers.
    """
    params = parameters(params, name)
    network = backbones.build(params.backbone, params.images)
    side = smallest_side(name)
    cut, features = network.cut(UNFROZEN), heads.pool(network.output.tensor, "average").shape[-1]
    row = {
        "name": name,
        "smallest_side": side,
        "layers": len(network.layers),
        "cuts": len({network.cut(count).layer for count in range(len(network.layers) + 1)}),
        "bytes_output": 4 * int(features),
        "bytes_cut": 4 * int(np.prod(cut.shape)),
        "multiply_adds": int(sum(int(costs.multiply_adds(node.operation, node.output)) for node in network.nodes)),
        "parameters": int(network.model.count_params()),
        "scaling": scaling(name),
    }
    run(_of_side(network, params, side), params, side)
    return row


def run(network: Network, params: Params, side: int) -> None:
    """Cut it, compare, train one step above the cut, save that and read it back, on images of `side` pixels."""
    network.freeze_below(UNFROZEN)
    cut = network.cut(UNFROZEN)
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, side, side, 3), dtype=np.uint8)
    below = keras.Model(network.input.tensor, cut.tensor)
    activations = np.asarray(below(images, training=False))
    tail = network.between(cut, network.output)
    assert tail is not None
    whole, parts = (np.asarray(part) for part in (network.model(images, training=False), tail(activations)))
    assert np.abs(parts - whole).max() <= TOLERANCE * max(np.abs(whole).max(), 1e-12), "cut, it is another function"
    trained = _trained(tail, cut, params)
    before = [np.asarray(variable) for variable in trained.trainable_variables]
    examples = Examples(activations, np.arange(_IMAGES))
    fit.fit(trained, examples, examples, params.train, Phase(1, 1e-3, "constant", None))
    assert any((np.asarray(v) != b).any() for v, b in zip(trained.trainable_variables, before, strict=True)), (
        "as before"
    )
    _require_saved(trained, activations)


def _of_side(network: Network, params: Params, side: int) -> Network:
    """The same layers, called on images of another size; built again if networks are among them: these have one."""
    if any(isinstance(node.operation, keras.Model) for node in network.nodes):
        return backbones.build(params.backbone, params.images.model_copy(update={"height": side, "width": side}))
    pixels = keras.Input((side, side, 3), dtype="uint8", name="small")
    return Network(keras.Model(pixels, graph.replay(network.model.output, pixels), name=network.model.name))


def _trained(tail: keras.Model, cut: Cut, params: Params) -> keras.Model:
    inputs = keras.Input(cut.shape, dtype=cut.tensor.dtype)
    pooled = heads.pool(tail(inputs), "average")
    return keras.Model(inputs, heads.classify(pooled, params.head, _IMAGES, 0.0, seed=1))


def _require_saved(trained: keras.Model, activations: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.keras")
        trained.save(path)
        again = keras.saving.load_model(path, compile=False, safe_mode=True)
    said, read = (np.asarray(model(activations, training=False)) for model in (trained, again))
    np.testing.assert_array_equal(said, read)


def scaling(name: str) -> str:
    """What `images.scale: backbone` does for it, told by what becomes of a white pixel."""
    _, module = backbones.application(name)
    scaled = np.asarray(module.preprocess_input(np.full((1, 1, 1, 3), _WHITE)))[0, 0, 0]
    if np.array_equal(scaled, [_WHITE] * 3):
        return "scales images itself"
    if np.array_equal(scaled, [1.0] * 3):
        return "−1 to 1"
    return "mean 0, deviation 1 on ImageNet" if scaled.max() < 10 else "BGR, mean 0 on ImageNet"

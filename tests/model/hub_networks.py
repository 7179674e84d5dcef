"""Tiny networks of each family of KerasHub, with random weights far from their initial values, and presets of them."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

SIZE = 16


def vit(hub: Any, **changes: Any) -> Any:
    common = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 12}
    return hub.models.ViTBackbone(**{"image_shape": (SIZE, SIZE, 3), "dropout_rate": 0.1, **common, **changes})


def vit_without_class_token(hub: Any) -> Any:
    return vit(hub, use_class_token=False, use_patch_bias=False)


def deit(hub: Any) -> Any:
    common = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
    return hub.models.DeiTBackbone((SIZE, SIZE, 3), attention_dropout=0.1, **common)


def dinov2(hub: Any) -> Any:
    common = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
    shapes = {"image_shape": (24, 24, 3), "position_embedding_shape": (24, 24, 3)}
    return hub.models.DINOV2Backbone(**common, **shapes, num_register_tokens=2, drop_path_rate=0.1)


def dinov3(hub: Any) -> Any:
    common = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
    return hub.models.DINOV3Backbone(**common, image_shape=(24, 24, 3), num_register_tokens=2)


def siglip(hub: Any) -> Any:
    common = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12}
    images = hub.models.SigLIPVisionEncoder(**common, image_shape=(SIZE, SIZE, 3), name="vision")
    of_texts = {"vocabulary_size": 9, "embedding_dim": 8, "max_sequence_length": 4, **common}
    of_texts.pop("patch_size")
    texts = hub.models.SigLIPTextEncoder(**of_texts, name="text")
    return hub.models.SigLIPBackbone(images, texts)


def swin(hub: Any) -> Any:
    return hub.models.SwinTransformerBackbone(
        (SIZE, SIZE, 3), embed_dim=4, depths=(2, 2), num_heads=(1, 2), window_size=2, patch_size=2
    )


ALL = (vit, vit_without_class_token, deit, dinov2, dinov3, siglip, swin)


def preset(network: Any, folder: Path, hub: Any) -> Path:
    """Give `network` weights that leave nothing of it without effect, and save it as KerasHub does."""
    random = np.random.default_rng(0)
    for weight in network.weights:
        if "interpolated" not in weight.path:
            weight.assign(random.normal(0.3, 0.4, weight.shape))
    for layer in network.layers:  # its positions are interpolated when they are read
        if hasattr(layer, "interpolated_position_embeddings"):
            layer.interpolated_position_embeddings.assign(layer.position_embeddings)
    network.save_to_preset(str(folder))
    scale, offset = [0.01, 0.02, 0.03], [-0.1, 0.2, -0.3]
    converter = next(kind for kind in vars(hub.layers).values() if getattr(kind, "backbone_cls", None) is type(network))
    converter(image_size=(SIZE, SIZE), scale=scale, offset=offset).save_to_preset(str(folder))
    return folder


def images(size: int = SIZE, count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def plainly(network: Any, pixels: np.ndarray) -> Any:
    """What KerasHub's own network says of pixels, prepared by hand."""
    prepared = pixels.astype(np.float32) * np.float32([0.01, 0.02, 0.03]) + np.float32([-0.1, 0.2, -0.3])
    whole = getattr(network, "vision_encoder", network)
    given = dict.fromkeys(whole.input, prepared) if isinstance(whole.input, dict) else prepared
    return keras.ops.convert_to_numpy(whole(given, training=False))

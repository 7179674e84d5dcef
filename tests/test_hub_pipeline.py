"""A preset of KerasHub from its folder to a network that answers and is exported, by the commands that people use."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.files import paths, records
from pipeline.params import editing

from .test_pipeline import ENVIRONMENT, call, clone

pytestmark = pytest.mark.slow

PRESET = """
import sys
from pathlib import Path
import keras, keras_hub
from tests.model import hub_networks
keras.utils.set_random_seed(1)
hub_networks.preset(hub_networks.dinov2(keras_hub), Path(sys.argv[1]), keras_hub)
"""
EXPORTED = """
import sys
import keras
import numpy as np
model = keras.saving.load_model(sys.argv[1], compile=False, safe_mode=True)
np.save(sys.argv[3], model(np.load(sys.argv[2]), training=False))
assert "pipeline" not in sys.modules
"""
VALUES = {
    "data.source": "image_folder",
    "data.name": "shades",
    "data.path": "photographs",
    "data.splitting.method": "stratified",
    "images.height": 24,
    "images.width": 24,
    "images.channels": 3,
    "images.scale": "backbone",
    "backbone.name": "hub",
    "backbone.path": "preset",
    "backbone.layers": [],
    "backbone.max_unfrozen_layers": 2,
    "head.pooling": "cls",
    "train.unfrozen_layers": 2,
}


def photographs(folder: Path) -> None:
    random = np.random.default_rng(0)
    for name, shade in (("dark", 20), ("light", 150)):
        (folder / name).mkdir(parents=True)
        for number in range(30):
            pixels = random.integers(shade, shade + 90, (30, 30, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def test_a_preset_is_trained_asked_and_exported(tmp_path: Path) -> None:
    pytest.importorskip("keras_hub")
    folder = clone(tmp_path / "project")
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", PRESET, str(folder / "preset")], cwd=root, env=ENVIRONMENT, check=True)
    photographs(folder / "photographs")
    params = folder / "params.yaml"
    params.write_text(editing.with_values(params.read_text(), VALUES, "params.yaml"))
    call(folder, "dvc", "repro")

    index = records.read_json(folder / paths.FEATURES_INDEX)
    assert [cut["layer"] for cut in index["cuts"]] == ["layers_0", "dinov2_backbone_layernorm"]
    assert "keras-hub" in index
    rows, pixels = records.read_csv(folder / paths.PREDICTIONS), records.read_npy(folder / paths.images("test"))
    evaluated = np.array([[float(row["p_dark"]), float(row["p_light"])] for row in rows])
    Image.fromarray(np.array(pixels[0])).save(tmp_path / "0.png")
    asked = (sys.executable, "-m", "pipeline", "predict", "--json", str(tmp_path / "0.png"))
    own = answer(call(folder, *asked))
    assert own["class"] == rows[0]["predicted"]
    assert list(own["probabilities"].values()) == pytest.approx(sorted(evaluated[0], reverse=True), abs=1e-5)
    call(folder, sys.executable, "-m", "pipeline", "publish", "--register", "shades")
    assert answer(call(folder, *asked, "--model", "models:/shades@champion")) == own

    call(folder, sys.executable, "-m", "pipeline", "export", "--format", "keras")
    exported = [str(folder / "exported/keras/model.keras"), str(folder / paths.images("test"))]
    said = tmp_path / "said.npy"
    subprocess.run([sys.executable, "-c", EXPORTED, *exported, str(said)], cwd=tmp_path, env=ENVIRONMENT, check=True)
    np.testing.assert_allclose(np.load(said), evaluated, atol=1e-5)


def answer(printed: str) -> Any:
    return json.loads(next(line for line in printed.splitlines() if line[:1] == "{"))

"""Reading what fetch has written: named as ever, damage found, and without TensorFlow."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.data import raw, reading
from pipeline.process.errors import DataError

from .test_raw import image

ROOT = Path(__file__).parents[2]
WITHOUT_TENSORFLOW = """
import sys
from pathlib import Path
from pipeline.params import config
from pipeline.stages import fetch, preprocess
params = config.load(Path(sys.argv[1]))
for stage in (fetch, preprocess):
    stage.run(params)
    assert not {"tensorflow", "keras", "sklearn"} & sys.modules.keys(), stage
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    raw.write(tmp_path, "many", ["a", "b"], {"train": [image(key, key % 2) for key in range(200)]})
    return tmp_path


def test_formats_give_the_same_examples(written, tmp_path, monkeypatch):
    """Ids as well, which name the images of data sets that do not."""
    monkeypatch.setattr(raw, "FORMAT", "tfrecord")
    raw.write(tmp_path / "other", "many", ["a", "b"], {"train": [image(key, key % 2) for key in range(200)]})
    found = []
    for folder in (written, tmp_path / "other"):
        builder = reading.open_raw(folder, "many")
        stored = reading.array_records if folder == written else reading.tf_records
        rows = stored.rows(builder, "train[20:140]+train[190:]", 130, ["image", "label"], ["image"])
        found.append([(identity, int(row["label"]), row["image"]) for identity, row in rows])
        assert len(list(reading.examples(builder, "train", limit=70))) == 70
    assert found[0] == found[1]
    assert len(found[0]) == 130
    assert found[0][0][0] == b"many-train.tfrecord-00000-of-00001__20"


@pytest.mark.parametrize("damage", ["cut off", "a flipped bit", "gone"])
def test_damage_is_named(written, damage):
    (file,) = written.rglob("*.array_record*")
    content = bytearray(file.read_bytes())
    content[400] ^= 1
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(content if damage == "a flipped bit" else content[: len(content) // 2 + 1])
    with pytest.raises(DataError, match=r"many/1\.0\.0: damaged \(.*\): run the stage fetch again"):
        list(reading.examples(reading.open_raw(written, "many"), "train", None))


def test_fetch_and_preprocess_go_without_tensorflow(project):
    """Whose import takes longer than both; scikit-learn's, too."""
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, str(project / "params.yaml")]
    done = subprocess.run(command, cwd=project, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

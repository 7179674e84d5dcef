"""The command's files, lines, picture and exit: one bad file spoils nothing."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.process.errors import DataError
from pipeline.serving import predict


def classify(contents: list[bytes]) -> list[dict]:
    """Answers with the file's size, so that a mixed-up order would show."""
    shares = [0.999, 0.001, 0.0]
    return [
        {
            "class": f"{len(c)} bytes",
            "probability": shares[0],
            "probabilities": dict(zip([f"{len(c)} bytes", "oak", "elm"], shares, strict=True)),
        }
        for c in contents
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    for i in range(40):
        image = random.integers(0, 256, (4 + i, 5, 3), dtype=np.uint8)
        (tmp_path / "deep").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / ("deep" if i % 2 else "") / f"{i:02}.png")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.png").write_bytes(b"")
    return tmp_path


def test_folders_files_and_standard_input_are_put_together(folder: Path) -> None:
    first, second = folder / "00.png", folder / "deep" / "01.png"
    assert predict.files([str(first), "-", str(first)], [f"{second}\n", "\n"]) == [first, second]
    blank = folder / " 01 "
    blank.write_bytes(first.read_bytes())
    assert predict.files(["-"], [f"{blank}\r\n"]) == [blank]
    blank.unlink()
    everything = predict.files([str(folder)], [])
    assert len(everything) == 40
    assert everything == sorted(everything)


def test_a_folder_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(DataError, match=r"^images: .*deep cannot be read \(Permission denied\)"):
        predict.files([str(folder)], [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["nowhere", "else"], "not found: nowhere, else; allowed"),
        (["a" * 5000], "not found: a{5000}; allowed"),
        (["-"], "no file in the standard input"),
    ],
)
def test_what_is_not_there_is_refused_at_once(project: Path, given: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        predict.files(given, [])


def test_a_bad_file_is_named_and_the_rest_answered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "07.txt").write_text("no image")
    (folder / "bad\x1b[31m.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    paths = predict.files([str(folder)], [])
    assert predict.show(paths, classify, as_json=False, picture=None) == 2
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    good = [path for path in paths if path.suffix == ".png" and "bad" not in path.name]
    assert [line.split()[0] for line in lines] == [str(path) for path in good]
    for line, path in zip(lines, good, strict=True):
        assert line.endswith(f"99% {path.stat().st_size} bytes")
    assert "07.txt: not an image; allowed: JPEG" in printed.err
    assert "bad�[31m.png: " in printed.err
    last = printed.err.splitlines()[-1]
    assert last == f"note: 2 of 42 files could not be read as images: {folder}/07.txt, {folder}/bad�[31m.png"


def test_of_many_bad_files_some_are_named_again_at_the_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(7):
        (folder / f"{n}.txt").write_text("no image")
    predict.show(predict.files([str(folder)], []), classify, as_json=True, picture=None)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(f"note: 7 of 47 files could not be read as images: {folder}/0.txt, ")
    assert last.endswith("4.txt and 2 more")
    predict.show([folder / "0.txt"], classify, as_json=False, picture=None)
    assert "note: " not in capsys.readouterr().err  # its own line says it


def test_json_has_all_probabilities_and_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "notes.txt").write_text("no image")
    predict.show([folder / "00.png", folder / "notes.txt"], classify, as_json=True, picture=None)
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["image"] == str(folder / "00.png")
    assert list(first["probabilities"].values()) == [0.999, 0.001, 0.0]
    assert second == {"image": str(folder / "notes.txt"), "error": second["error"]}


def test_what_is_unlike_all_classes_is_said_to_be(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Probabilities are shown as sure as they should be: at temperature 2, 0.9 and 0.1 are 3 to 1."""

    def knowing(contents: list[bytes]) -> list[dict]:
        shares = {"daisy": 0.9, "rose": 0.1}
        said = {"class": "daisy", "probability": 0.9, "probabilities": shares, "temperature": 2.0, "confidence": 0.75}
        return [{**said, "known": place > 0, "typicality": place / 2} for place in range(len(contents))]

    paths = [folder / "00.png", folder / "02.png"]
    predict.show(paths, knowing, as_json=False, picture=folder / "a.png", false_alarms=0.1)
    printed = capsys.readouterr()
    first, second = printed.out.splitlines()
    assert first.endswith("  none of these (nearest: daisy)")
    assert second.endswith("  seems 75% daisy, and 25% rose")
    assert "note: 1 of 2 images are unlike those learned from; so are said to be 10 % of images" in printed.err
    assert (folder / "a.png").exists()
    predict.show(paths, knowing, as_json=True, picture=None)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(a["known"], a["typicality"], a["class"]) for a in answers] == [(False, 0.0, "daisy"), (True, 0.5, "daisy")]


def test_the_picture_is_drawn_and_has_the_same_bytes_twice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = predict.files([str(folder)], [])
    for name in ("a.png", "b.png"):
        predict.show(paths, classify, as_json=False, picture=folder / name)
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()
    assert "drew 24 of 40 images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("dog", "said"),
    [(0.93, "seems 93% dog, and 7% cat"), (0.07, "seems 93% cat, and 7% dog"), (1.0, "seems 100% dog")],
)
def test_of_two_classes_it_is_said_as_people_say_it(
    folder: Path, capsys: pytest.CaptureFixture[str], dog: float, said: str
) -> None:
    shares = dict(sorted({"dog": dog, "cat": 1 - dog}.items(), key=lambda item: -item[1]))
    answer = {"class": next(iter(shares)), "probability": max(shares.values()), "probabilities": shares}
    assert (
        predict.show([folder / "00.png"], lambda contents: [answer] * len(contents), as_json=False, picture=None) == 0
    )
    assert capsys.readouterr().out.rstrip().endswith(said)

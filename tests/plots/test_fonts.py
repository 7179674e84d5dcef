"""A font of the machine draws letters that matplotlib's own has not, where nobody compares pictures; nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.text import Text

from pipeline.plots import answers, fonts, style, suspected

FAMILY = "Herbarium Test Gothic"


def write_font(path: Path, letters: str) -> None:
    """A font in which each of `letters` is a square."""
    pen = TTGlyphPen(None)
    for move, place in ((pen.moveTo, (0, 0)), (pen.lineTo, (0, 800)), (pen.lineTo, (800, 800)), (pen.lineTo, (800, 0))):
        move(place)
    pen.closePath()
    square = pen.glyph()
    names = [".notdef", *(f"letter{i}" for i in range(len(letters)))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (900, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths of the machine's fonts, none at first."""
    there: list[str] = []
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: list(there))
    known = list(font_manager.fontManager.ttflist)
    fonts.installed.cache_clear()
    yield there
    font_manager.fontManager.ttflist[:] = known
    fonts.installed.cache_clear()


def titles() -> set[str]:
    image = np.zeros((4, 4, 3), np.uint8)
    figure = answers.answers([answers.Example("あ가.png", image, {"ああ": 0.9, "가": 0.1})])
    figure.canvas.draw()
    suspected.draw([image], [("あ", "가")], ["ああ"]).canvas.draw()
    return {text.get_text() for text in figure.findobj(Text)}


def test_letters_are_drawn_by_a_font_of_the_machine(
    machine: list[str], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    write_font(tmp_path / "sans.ttf", "あ")
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    machine += [str(tmp_path / "broken.ttf"), str(tmp_path / "sans.ttf")]
    assert fonts.installed() == (FAMILY,)
    assert {"あ\\uac00.png", "ああ: 90 %", "\\uac00: 10 %"} <= titles()
    assert not [warning for warning in recwarn if "missing from" in str(warning.message)]


def test_without_such_a_font_letters_are_numbers(machine: list[str], recwarn: pytest.WarningsRecorder) -> None:
    assert {"\\u3042\\uac00.png", "\\u3042\\u3042: 90 %"} <= titles()
    assert not [warning for warning in recwarn if "missing from" in str(warning.message)]


def test_what_is_compared_by_its_bytes_knows_no_such_font(machine: list[str], tmp_path: Path) -> None:
    write_font(tmp_path / "sans.ttf", "あ")
    machine.append(str(tmp_path / "sans.ttf"))
    with style.styled():
        assert style.fitted("あ", 3) == r"\u3042"
    with style.styled_here():
        assert style.fitted("あ", 3) == "あ"
    assert style.fitted("あ", 3) == r"\u3042"

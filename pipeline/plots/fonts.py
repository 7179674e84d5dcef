"""Letters that matplotlib's own font has not, from fonts of this machine: for pictures that nobody compares.

What a stage draws is certified by its bytes, and says such letters by their numbers (see style.py): the fonts of a
machine are no part of a result.
"""

from functools import cache

from matplotlib.font_manager import findSystemFonts, fontManager, get_font

_OF_SCRIPTS = "あ中가हไবਅતதకಕമක"  # one letter each


@cache
def installed() -> tuple[str, ...]:
    """Families of this machine's fonts in which there are such letters, upright ones without serifs first."""
    found: dict[str, str] = {}
    for path in sorted(findSystemFonts(), key=_rank):
        try:
            font = get_font(path)
        except (OSError, RuntimeError):  # not one that FreeType reads
            continue
        found |= {letter: path for letter in _OF_SCRIPTS if letter not in found and font.get_char_index(ord(letter))}
        if len(found) == len(_OF_SCRIPTS):
            break
    paths = dict.fromkeys(found.values())
    for path in paths:
        fontManager.addfont(path)  # its own list may be older than the font
    return tuple(dict.fromkeys(get_font(path).family_name for path in paths))


def _rank(path: str) -> tuple[bool, bool, str]:
    name = path.lower()
    return not any(word in name for word in ("sans", "goth")), "regular" not in name, path

"""The digest of code follows what the code does, not its words; and is the same on every Python."""

import hashlib
import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.identity import code

from ..root import ROOT

BASE = """
RATE = 0.9


class Head(Section):
    units: int
    fixed: int = 3

    @property
    def doubled(self):
        return self.units * 2


def apply(rows, rate=RATE):
    if rate > 1:
        raise ConfigError(f"rate: found {rate}, allowed: " "at most 1", key="rate")
    return f"{rows!r:>{rate}} {rate:.2f}"
"""


def changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param('"""Says why."""' + BASE, id="docstring of the module"),
        pytest.param(changed("    if rate", '    """Says how."""\n    if rate'), id="docstring of a function"),
        pytest.param(changed("RATE = 0.9", "# measured\nRATE = (\n    0.90\n)"), id="comments and layout"),
        pytest.param(changed("allowed: ", "which is too much; allowed: "), id="an error's words"),
    ],
)
def test_wording_changes_nothing(same):
    assert code.normal_form(same) == code.normal_form(BASE)


@pytest.mark.parametrize(
    "other",
    [
        changed("RATE = 0.9", "RATE = 0.99"),
        changed("fixed: int = 3", "fixed: int = 4"),
        changed("self.units * 2", "self.units * 3"),
        changed("rate > 1", "rate >= 1"),
        changed("ConfigError", "DataError"),
        changed("{rate:.2f}", "{rate:.3f}"),
        changed("{rows!r", "{rows!s"),
        changed("rate=RATE", "rate=None"),
        changed("return f", "yield f"),
        changed(":>{rate}", ":"),
    ],
)
def test_whatever_is_done_otherwise_is_other_code(other):
    assert code.normal_form(other) != code.normal_form(BASE)


ODDITIES = r'''
import a.b as c
from . import *
type_ = lambda x, /, y=..., *args, z=None, **options: (yield)
@decorated(1_000, 0x1F, 1e-7, 2j, -0.0, True, None, ..., b"\x00\xff", "é\u2028\U0001F33F", u"u")
async def g(*, a: int = 1):
    """Said."""
    async with a as b, c:
        pass
    async for i in x:
        await i
    else:
        del i
    global q
    return [*a, *(b for b in c if d async for e in f)], {**a, "k": {1, 2}}, x[1:2, ::3], a if b else not c, (d := 1)
class C(B, metaclass=M):
    "said"
    x: int
    y: int = 1
match x:
    case [1, *_] | {"a": 1, **rest} | C(x=1) | None if y:
        pass
    case _:
        assert a, "words"
try:
    raise E from None
except* (A, B) as e:
    raise
finally:
    print(f"a" "b" f"{x}" 'c' f"{y!r:>{w}.{p}}{{}}" f"" f"{z=}" f"{z:}" f"{a:%H:%M}{'nested'}", f"", "" f"")
while 1 < a <= b != c is not d not in e:
    break
'''
# Of ODDITIES; another value would name every training anew.
KNOWN = "dcfbd1c8075755280b931aecd76a374da0cc5183db1db779c258bca75e389bd9"


def test_this_python_gives_the_digest_that_every_python_gives():
    assert hashlib.sha256(json.dumps(code.normal_form(ODDITIES)).encode()).hexdigest() == KNOWN


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_other_pythons_give_the_same(version):
    program = "from pipeline.identity import code; import sys; print(code.digest('train'), sys.version)"
    for python in [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), f"python{version}"]:
        with suppress(FileNotFoundError):
            ran = subprocess.run([python, "-c", program], cwd=ROOT, capture_output=True, text=True)
            if ran.returncode == 0:
                assert ran.stdout.split()[0] == code.digest("train"), ran.stdout
                return
    pytest.skip(f"there is no Python {version} here")

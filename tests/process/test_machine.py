"""What the machine refuses is a sentence; what is a mistake of the code stays a traceback."""

import errno
import subprocess
import sys

import pytest

from pipeline import cli
from pipeline.process import machine


def wrapped(cause: Exception) -> Exception:
    try:
        raise RuntimeError("while writing") from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "", "data/raw"), "data/raw: No space left on device: free some space and run this"),
        (PermissionError(errno.EACCES, "", "models"), "models: Permission denied: change its permissions"),
        (wrapped(OSError(errno.EROFS, "", "models")), "models: Read-only file system: make it writable"),
        (wrapped(ValueError("x.tfrecord; No space left on device")), "No space left on device: free some space"),
    ],
)
def test_what_the_machine_refuses(error: Exception, says: str):
    found = machine.explained(error)
    assert found is not None
    assert found.startswith(says)
    assert found.endswith("no result is half-written")


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "", "x"), KeyError("x")])
def test_mistakes_stay_mistakes(error: Exception):
    assert machine.explained(error) is None


@pytest.mark.parametrize(("debug", "shown"), [([], False), (["--debug"], True)])
def test_a_full_disk_is_one_line_unless_debugging(debug: list[str], shown: bool):
    code = (
        "import errno, sys, pipeline.commands.finished as asked_first\n"
        "def full(*needed): raise OSError(errno.ENOSPC, '', 'x')\n"
        "asked_first.require = full\n"
        f"sys.argv = {['herbarium', *debug, 'summary']!r}\n"
        f"from {cli.__name__} import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) is shown
    assert shown or done.stderr.startswith("error: x: No space left on device: free some space")

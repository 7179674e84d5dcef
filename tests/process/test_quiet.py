import os

import pytest

from pipeline.process import quiet


def test_native_output_is_held_back(capfd):
    with quiet.native_output():
        os.write(2, b"chatter\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def stopped_by(error: type[BaseException]) -> None:
    with quiet.native_output():
        os.write(2, b"a library is missing\n")
        raise error


def test_native_output_is_shown_if_something_went_wrong(capfd):
    with pytest.raises(ImportError):
        stopped_by(ImportError)
    assert "a library is missing" in capfd.readouterr().err


def test_ctrl_c_shows_none_of_it(capfd):
    with pytest.raises(KeyboardInterrupt):
        stopped_by(KeyboardInterrupt)
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"

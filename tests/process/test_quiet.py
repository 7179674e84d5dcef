import os

import pytest

from pipeline.process import quiet


def test_native_output_is_held_back(capfd):
    with quiet.native_output():
        os.write(2, b"chatter\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_native_output_is_shown_if_something_went_wrong(capfd):
    def fails() -> None:
        with quiet.native_output():
            os.write(2, b"a library is missing\n")
            raise ImportError

    with pytest.raises(ImportError):
        fails()
    assert "a library is missing" in capfd.readouterr().err


def test_ctrl_c_shows_none_of_it(capfd):
    with pytest.raises(KeyboardInterrupt), quiet.native_output():
        os.write(2, b"chatter\n")
        raise KeyboardInterrupt
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"

"""What stops nothing: told in a line, without passwords, and with its traceback only to those who ask."""

import pytest

from pipeline.process import notices, verbosity
from pipeline.process.errors import DataError


class Odd(Exception):  # noqa: N818 - some library's
    pass


def failing(error):
    def action():
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (Odd("http://me:hunter2@host said no\nand more"), "Odd: http://host said no"),
        (KeyError("name"), "KeyError: 'name'"),
        (Odd(), "Odd"),
        (DataError("reports/: not found"), "reports/: not found"),
    ],
)
def test_whatever_is_raised_is_one_warning(error, line, capsys, monkeypatch):
    monkeypatch.delenv(verbosity.DEBUG, raising=False)
    notices.or_warn(failing(error))
    assert capsys.readouterr().err == f"warning: {line}\n"


def test_a_warning_of_our_own_is_without_passwords_too(capsys):
    notices.warn("trial 3: MLflow at http://me:hunter2@host said no")
    assert capsys.readouterr().err == "warning: trial 3: MLflow at http://host said no\n"


def test_debugging_shows_where_it_comes_from(capsys, monkeypatch):
    monkeypatch.setenv(verbosity.DEBUG, "1")
    notices.or_warn(failing(Odd("http://me:hunter2@host")))
    said = capsys.readouterr().err
    assert "in action" in said
    assert "hunter2" not in said


def test_what_is_no_error_goes_through():
    with pytest.raises(KeyboardInterrupt):
        notices.or_warn(failing(KeyboardInterrupt()))

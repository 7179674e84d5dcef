import logging
import os
import sys

import pytest

from pipeline.process import verbosity


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch):
    """What the machine's settings say is out of the way, and everything is put back."""
    names = (verbosity.QUIET, verbosity.VERBOSE, verbosity.DEBUG, "TF_CPP_MIN_LOG_LEVEL", "MLFLOW_LOGGING_LEVEL")
    for name in names:
        monkeypatch.setenv(name, "")  # remembers, so that it is put back
        monkeypatch.delenv(name)
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_by_default_progress_is_said_and_libraries_are_silent(capsys):
    verbosity.choose(quiet=False, verbose=False, debug=False)
    verbosity.say("half done")
    with verbosity.progress():
        print("more")
    assert capsys.readouterr().out == "half done\nmore\n"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert "MLFLOW_LOGGING_LEVEL" not in os.environ


def test_quiet_is_silent_but_for_the_error_stream(capsys):
    verbosity.choose(quiet=True, verbose=False, debug=False)
    verbosity.begin("loading")
    verbosity.say("half done")
    with verbosity.progress():
        print("more")
        print("a warning", file=sys.stderr)
    print("the result")
    assert tuple(capsys.readouterr()) == ("the result\n", "a warning\n")


def test_verbose_opens_the_libraries_logs_whatever_the_shell_says(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    verbosity.choose(quiet=False, verbose=True, debug=False)
    assert (os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["MLFLOW_LOGGING_LEVEL"]) == ("0", "INFO")
    assert verbosity.verbose()


def test_a_choice_reaches_the_processes_that_are_started_and_can_be_taken_back():
    verbosity.choose(quiet=True, verbose=False, debug=True)
    assert os.environ[verbosity.QUIET] == os.environ[verbosity.DEBUG] == "1"
    verbosity.choose(quiet=False, verbose=False, debug=False)
    assert not verbosity.quiet()
    assert not verbosity.debug()


def test_what_begins_is_said_at_once_and_beside_the_results(capsys):
    verbosity.begin("loading TensorFlow")
    assert tuple(capsys.readouterr()) == ("", "loading TensorFlow …\n")

import contextlib
import io

from pipeline.process import progress


def test_plain_lines_count_what_was_done_before(capsys, monkeypatch):
    monkeypatch.setattr(progress, "FIRST_PLAIN_SECONDS", 0)
    with progress.images("extracting train", total=10, done=4) as advance:
        advance(3)
    line = capsys.readouterr().out
    assert line.startswith("extracting train: 7 of 10, ")
    assert "images/s" in line
    assert "s left" in line


def test_a_short_loop_prints_nothing(capsys):
    with progress.images("extracting train", total=10) as advance:
        advance(10)
    assert capsys.readouterr().out == ""


def test_lines_come_after_two_seconds_and_then_seldom(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with progress.images("preparing train", total=100) as advance:
        for now in (1.0, 2.5, 5.0, 17.0, 18.0):  # noqa: B007
            advance(1)
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "preparing train: 2 of 100",
        "preparing train: 5 of 100",
    ]


def test_lines_are_printed_where_the_loop_began(capsys, monkeypatch):
    monkeypatch.setattr(progress, "FIRST_PLAIN_SECONDS", 0)
    with progress.images("writing", total=10) as advance, contextlib.redirect_stdout(io.StringIO()):
        advance(3)
    assert capsys.readouterr().out.startswith("writing: 3 of 10")

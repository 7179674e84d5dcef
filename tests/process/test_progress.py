from pipeline.process import progress


def test_plain_lines_count_what_was_done_before(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_INTERVAL_SECONDS", 0)
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

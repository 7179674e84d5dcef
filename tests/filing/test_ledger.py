from pipeline.filing import ledger


def test_a_training_counts_once_per_test_split(project):
    for images, training in (("a", "1"), ("a", "2"), ("a", "1"), ("b", "1")):
        ledger.note(images, training)
    assert ledger.trainings("a") == 2
    assert ledger.trainings("b") == 1
    assert ledger.trainings("c") == 0


def test_it_only_grows_and_survives_a_torn_line(project):
    ledger.note("a", "1")
    before = ledger.FILE.read_text()
    ledger.FILE.write_text(before + '{"test_im')
    ledger.note("a", "2")
    assert ledger.FILE.read_text().startswith(before)
    assert ledger.trainings("a") >= 1

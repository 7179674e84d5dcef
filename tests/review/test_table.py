"""The results table and its verdicts, from files alone."""

from pathlib import Path

import pytest

from pipeline.filing import claims, experiments, reading, writing
from pipeline.process.errors import DataError
from pipeline.review import table
from tests.filing.conftest import replicated

README = "# Title\n\n<!-- results -->\nold\n<!-- /results -->\n\nEnd\n"


@pytest.fixture
def readme(finished: Path) -> Path:
    path = finished / "README.md"
    path.write_text(README)
    return path


def test_the_table_is_written_between_its_markers_once(readme):
    assert table.stale(readme)
    assert table.write(readme)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# Title\n\n<!-- results -->\n")
    assert text.endswith("<!-- /results -->\n\nEnd\n")
    assert "| [digits](experiments/digits/README.md) | digits |" in text
    assert "old" not in text
    assert not table.stale(readme)
    assert not table.write(readme)


def test_a_new_record_makes_it_stale(readme):
    table.write(readme)
    writing.file_results("digits")
    assert table.stale(readme)
    table.write(readme)
    assert "16.67 % test (3.0 to 56.4, 6 images)" in readme.read_text(encoding="utf-8")


def test_a_record_of_substitute_images_says_so(readme):
    path = readme.parent / "params.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("source: digits ", "source: image_folder "))
    writing.file_results("digits")
    table.write(readme)
    assert "digits (image_folder) instead of digits" in readme.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "<!-- results -->", "<!-- /results --> <!-- results -->", README + README])
def test_a_readme_without_the_markers_is_refused(readme, text):
    readme.write_text(text)
    with pytest.raises(DataError, match="needed once each"):
        table.write(readme)


@pytest.mark.parametrize(
    ("value", "margin", "expected"),
    [(0.5, 0.9, "REPRODUCED"), (0.5, 0.05, "INCONCLUSIVE"), (1.0, 0.01, "NOT REPRODUCED"), (None, 0.1, "no figure")],
)
def test_the_verdict_needs_no_run(finished, value, margin, expected):
    replicated(1, 1)
    writing.file_results("digits")
    found = reading.read(experiments.record_folder("digits"))
    own = claims.read(experiments.claim_file("digits"))
    n = None if value is None else 1000
    claim = own.model_copy(update={"origin": "published", "value": value, "n": n, "margin": margin})
    assert table.standing(claim, found).startswith(expected)
    assert table.standing(claim, None) == "–"
    assert table.standing(own, found) == "own record"


def test_one_seed_against_one_figure_is_no_verdict_of_the_table_either(finished):
    writing.file_results("digits")
    claim = claims.read(experiments.claim_file("digits"))
    published = claim.model_copy(update={"origin": "published", "value": 0.5, "n": 1000, "margin": 0.9})
    assert table.standing(published, reading.filed("digits")) == "INCONCLUSIVE"

"""The results table and its verdicts, from files alone."""

import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.files import paths, records
from pipeline.filing import claims, experiments, image_sets, reading, writing
from pipeline.identity import resources
from pipeline.process.errors import DataError
from pipeline.review import standing, table
from tests.filing.conftest import replicated, write_lock

from .conftest import claim

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
    assert "| [digits](experiments/digits/README.md) | – | not measured here | digits |" in text
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
    write_lock()
    writing.file_results("digits")
    claim(origin="published", value=0.5, n=6)
    table.write(readme)
    assert "| digits (other) |" in readme.read_text(encoding="utf-8")
    claim(contents={"test": image_sets.of_project()["test"].digest})
    table.write(readme)
    assert "| digits (official) |" in readme.read_text(encoding="utf-8")


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
    published = own.model_copy(update={"origin": "published", "value": value, "n": n, "margin": margin})
    params = experiments.params("digits")
    its = standing.of(published, params, found)
    assert its.verdict.startswith(expected)
    assert bool(its.why) == (expected == "INCONCLUSIVE")
    assert standing.of(published, params, None).verdict == "–"
    assert standing.of(own, params, found).verdict == "own record"


def test_one_seed_against_one_figure_is_no_verdict_of_the_table_either(finished):
    writing.file_results("digits")
    claim = claims.read(experiments.claim_file("digits"))
    published = claim.model_copy(update={"origin": "published", "value": 0.5, "n": 1000, "margin": 0.9})
    found = standing.of(published, experiments.params("digits"), reading.filed("digits"))
    assert (found.verdict, found.why) == ("INCONCLUSIVE", "one seed shows no spread; 3 may decide")


DAMAGES = {
    "a record": ("record/metrics.json", "{", r"record/metrics\.json: damaged"),
    "what a run took": ("record/resources.json", '{"train": {}}', r"resources\.json: damaged"),
    "how long a run took": (
        "record/resources.json",
        f'{{"train": {{"seconds": 1{"0" * 400}, "machine": {{"cpu": "c", "cores": 2}}}}}}',
        r"resources\.json: damaged",
    ),
    "a time that is none": (
        "record/resources.json",
        '{"train": {"seconds": -5, "machine": {"cpu": "c", "cores": 2}}}',
        r"resources\.json: damaged: ValueError: found -5; allowed: 0 or more",
    ),
    "images that are none": (
        "record/images.json",
        '{"test": {"images": 6.5, "digest": "a"}}',
        r"images\.json: damaged: ValueError: found 6\.5 images",
    ),
    "images without number": (
        "record/images.json",
        f'{{"test": {{"images": 1{"0" * 400}, "digest": "a"}}}}',
        r"test_images is 6, from images\.json 1000",
    ),
    "a claim of too many images": ("claim.yaml", f"n: 0x{'f' * 5000}", r"claim\.yaml: n: found a number of thousands"),
    "a claim": ("claim.yaml", "value: 7", r"claim\.yaml: value: found 7"),
    "its parameters": ("params.yaml", "train: [", r"params\.yaml"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_an_experiment_that_cannot_be_read_hides_no_other(readme, what):
    file, content, said = DAMAGES[what]
    writing.file_results("digits")
    shutil.copytree("experiments/digits", "experiments/a-broken-one")
    Path("experiments/a-broken-one", file).write_text(content, encoding="utf-8")
    done = CliRunner().invoke(app, ["list"])
    _, broken, sound = done.stdout.splitlines()
    assert re.fullmatch(r"a-broken-one +– +cannot be read +–.*", broken)
    assert re.match(r"digits +– +16\.67 % test .* own record", sound)
    assert re.search(said, done.stderr)
    assert done.exit_code == 1


def test_a_list_that_is_whole_is_no_failure(readme):
    done = CliRunner().invoke(app, ["list"])
    assert (done.exit_code, len(done.stdout.splitlines()), "warning" in done.stderr) == (0, 2, False)


def test_run_times_are_those_of_the_record(readme):
    """In the table, and in place of the estimate in the experiment's own README."""
    note = {"seconds": 300.0, "cpu_seconds": 400.0, "peak_bytes": 2**30, "machine": {"cpu": "A CPU", "cores": "2"}}
    outputs = {paths.METRICS.as_posix(): records.md5(paths.METRICS)}
    page = experiments.folder("digits") / "README.md"
    estimate = "Run time: about 80 seconds."
    page.write_text(re.sub(r"Run time: .*(?= Expected:)", estimate, page.read_text(encoding="utf-8")), encoding="utf-8")
    for stage in ("fetch", "preprocess", "extract-features", "train"):
        records.write_json(resources.FOLDER / f"{stage}.json", {**note, "outputs": outputs})
    writing.file_results("digits")
    assert table.rows(table.on_record())[0].took == "20 min (27 min of CPU), without evaluate"
    table.write(readme)
    assert estimate in page.read_text(encoding="utf-8")
    records.write_json(resources.FOLDER / "evaluate.json", {**note, "outputs": outputs})
    writing.file_results("digits")
    assert page in table.stale(readme)
    table.write(readme)
    assert "Run time: 25 min (33 min of CPU), measured on A CPU, 2 cores. Expected" in page.read_text(encoding="utf-8")
    assert not table.stale(readme)


def test_the_published_curve_stands_beside_ours(readme):
    first = {"epoch": 1, "train_loss": 1.5, "train_accuracy": 0.25, "validation_loss": 1.25, "validation_accuracy": 0.5}
    claim(origin="published", value=0.5, n=6, curve=[first, {**first, "epoch": 9}], best_validation_accuracy=0.625)
    replicated(1, 1)
    writing.file_results("digits")
    table.write(readme)
    text = (experiments.folder("digits") / "README.md").read_text(encoding="utf-8")
    assert "| 1 | published | 1.5000 | 25.00 % | 1.2500 | 50.00 % |" in text
    assert "|  | here, mean of 3 seeds | 0.9000 | 50.00 % | 1.0000 | 45.00 % |" in text
    assert "|  | here, mean of 3 seeds: stopped after epoch 2 | – | – | – | – |" in text
    assert "| best | published |  |  |  | 62.50 % |" in text
    assert "|  | here, mean of 3 seeds |  |  |  | 55.00 % |" in text

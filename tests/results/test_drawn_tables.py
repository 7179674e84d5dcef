"""Names give back exactly what they were, and end no script of the page that DVC makes of them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.results import drawn_tables, predictions
from pipeline.results.predictions import Predictions
from tests import dvc_project

HOSTILE = ["</script><script>alert(1)</script>", "<!--<script>", "&lt;b&gt;", "salt & pepper"]


@given(st.text(alphabet="&<>;ltamp x") | st.text())
def test_texts_come_back_exactly(text: str) -> None:
    assert "<" not in drawn_tables.escaped(text)
    assert drawn_tables.exact(drawn_tables.escaped(text)) == text


def test_only_what_must_be_is_changed() -> None:
    assert drawn_tables.escaped("salt & pepper > 1 &c; =2") == "salt & pepper > 1 &c; =2"


def test_names_end_no_script_of_dvcs_page(tmp_path: Path, outcome: Callable[..., None]) -> None:
    table = tmp_path / "predictions.csv"
    written = Predictions(HOSTILE, [f"{name}.png" for name in HOSTILE], np.arange(4), np.eye(4))
    predictions.write(table, written)
    read = predictions.read(table)
    assert (read.classes, read.names) == (written.classes, written.names)
    dvc_project.begin(tmp_path)
    drawing = ["plots", "show", table.name, "--template", "confusion", "-x", "label", "-y", "predicted"]
    command = [sys.executable, "-m", "dvc", *drawing, "--out", "drawn"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    page = (tmp_path / "drawn/index.html").read_text()
    assert "alert(1)" in page
    assert "<script>" not in page.lower()
    assert "<!--" not in page
    outcome(
        "a class or file name with a script in it", "the page of `dvc plots`", "shown as text", payloads=len(HOSTILE)
    )

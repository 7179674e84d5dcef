"""The certificate: what it says, of whom, in ACM's and CODECHECK's terms; and that the report stays as it is."""

import datetime
import json
import unicodedata
from pathlib import Path

import pytest
import typer

from pipeline.commands import review as command
from pipeline.files import records
from pipeline.filing import writing
from pipeline.process import git as project_git
from pipeline.process.errors import ConfigError
from pipeline.process.git import authors
from pipeline.review import badges, committed, report, signed, subjects
from pipeline.review.verdict import Outcome
from tests.filing.conftest import replicated

from .conftest import claim, commit, git
from .test_verify import PUBLISHED, filed, review, three

WHEN = datetime.datetime(2026, 11, 25, 12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
MACHINE = {"cpu": "A CPU", "cores": "2", "memory": "4.0 GiB", "gpu": "none", "system": "Linux", "python": "3.12.1"}


def test_it_says_who_checked_what_when_where_and_with_which_outcome(filed, again):
    again(None)
    found = review()
    report.write(found)
    page, data = signed.write(found, "A. Reviewer", WHEN, MACHINE)
    content = json.loads(data.read_text(encoding="utf-8"))
    assert content["codechecker"] == "A. Reviewer"
    assert content["check_time"] == "2026-11-25T10:30:00+00:00"
    assert content["commit"] == found.subject.revision
    assert content["authors"] == ["tests"]
    assert content["machine"] == MACHINE
    assert content["outcome"] == "REPRODUCED"
    assert content["command"] == "herbarium verify digits"
    assert "every output is the record's, bit for bit: computed here" in content["evidence"]
    assert {item["comment"] for item in content["manifest"]} == {"the record's, bit for bit"}
    assert content["report"] == {file.as_posix(): records.file_digest(file) for file in report.files("digits")}
    text = page.read_text(encoding="utf-8")
    for said in ("A. Reviewer", "A CPU", found.subject.revision, "Results Reproduced", "Not checked", "REPRODUCED"):
        assert said in text


def test_where_the_history_is_cut_off_nobody_is_said_to_be_none_of_the_authors(filed, again, monkeypatch):
    again(None)
    monkeypatch.setattr(project_git, "cut_off", lambda: True)
    found = review()
    report.write(found)
    content = signed.certificate(found, "A. Reviewer", WHEN, MACHINE)
    assert content["kind"] == f"Repeatability or Reproducibility: {badges.AUTHORS_UNKNOWN}"
    assert (content["badges"][0]["standing"], content["badges"][0]["why"]) == ("in part", badges.AUTHORS_UNKNOWN)
    assert "who the authors are, and when the claim was made: the history here is cut off" in content["not_checked"]
    assert committed.CUT_OFF in content["reservations"]
    content = signed.certificate(found, "tests", WHEN, MACHINE)
    assert content["badges"][0]["standing"] == "not supported"  # one of those who are known


def test_signing_leaves_the_report_as_it_is(filed, again):
    again(None)
    found = review()
    before = [path.read_bytes() for path in report.write(found)]
    signed.write(found, "A. Reviewer", WHEN, MACHINE)
    assert [path.read_bytes() for path in report.write(review())] == before


def test_what_was_not_checked_is_said(three, again):
    again(None, None, None)
    computed = list(signed.not_checked(review()))
    assert any(line.startswith("the seeds 2, 3: not run here") for line in computed)
    assert any(line.startswith("the publication") for line in computed)
    assert not any(line.startswith("the claim") for line in computed)
    again(None, computed=())
    assert "the claim: nothing was computed" in list(signed.not_checked(review(cached=True)))


def test_names_have_no_meaning_in_html(filed, again):
    again(None)
    found = review()
    report.write(found)
    page, _ = signed.write(found, "<script>alert(1)</script>", WHEN, MACHINE)
    assert "<script>" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201])
def test_a_name_is_a_name(name):
    with pytest.raises(ConfigError, match="--sign"):
        signed.checked_name(name)


def test_only_another_than_the_authors_reproduces():
    by_other = badges.of(Outcome.REPRODUCED, "B", ["A"], "")[0]
    by_author = badges.of(Outcome.REPRODUCED, " a", ["A"], "")[0]
    assert (by_other.name, by_other.standing) == ("Results Reproduced", "supported")
    assert by_author.standing == "not supported"
    assert badges.kind("B", ["A"]).startswith("Reproducibility")
    assert badges.kind("A", ["A"]).startswith("Repeatability")


@pytest.mark.parametrize("same", ["Jane  Doe", "jane doe ", "JANE\tDOE"])
def test_a_name_is_the_same_however_it_is_written(same):
    assert badges.same_team(same, ["Jane Doe"])
    assert badges.same_team(unicodedata.normalize("NFD", "Müller"), ["Müller"])


def test_who_filed_it_is_an_author_though_another_moved_it(filed, again):
    git("mv", "experiments/digits", "experiments/other")
    git("-c", "user.name=Mover", "commit", "--quiet", "--message", "move")
    again(None)
    files = subjects.resolve("other").files
    assert {"Mover", "tests"} <= {*authors("HEAD", *files)}


def test_seeds_that_were_not_run_earn_it_in_part(repository, again):
    replicated(1, 1)
    writing.file_results("digits")
    commit("record")
    again(None, None, None)
    for asked, standing in (({}, "in part"), ({"seeds": 3}, "supported")):
        found = review(**asked)
        report.write(found)
        content = signed.certificate(found, "B", WHEN, MACHINE)
        assert content["badges"][0]["standing"] == standing
        assert ("1 of 3 seeds was run here" in content["badges"][0]["why"]) == (standing == "in part")
        assert ("1 of 3 seeds was run here" in content["summary"]) == (standing == "in part")


def test_what_was_not_declared_or_not_reproduced_lessens_the_badge(three, again, monkeypatch):
    def badge(**asked: object) -> tuple[str, str]:
        found = review(seeds=3, **asked)
        report.write(found)
        content = signed.certificate(found, "B", WHEN, MACHINE)
        unchecked = "given by the codechecker" if asked else "declared"
        assert f"whether the margin suits the question: it was {unchecked}, and" in content["not_checked"][-1]
        return content["badges"][0]["standing"], content["badges"][0]["why"]

    again(None, None, None)
    claim(value=0.5, **PUBLISHED)
    commit()
    younger = "what decides was declared when the outcome was known"
    given = "the margin was given by the codechecker, not declared beforehand"
    assert badge(margin=0.99) == ("in part", f"{given}; {younger}")
    figure = {"metric": "loss", "split": "test", "value": 9.0, "margin": 0.001}
    claim(value=1 / 6, margin=0.5, figures=[figure], **PUBLISHED)
    commit()
    assert badge() == ("in part", f"{younger}; further figures: 1 NOT REPRODUCED (test loss)")


@pytest.mark.parametrize("outcome", [Outcome.NOT_REPRODUCED, Outcome.INCONCLUSIVE, Outcome.INTACT])
def test_no_other_outcome_supports_the_badge(outcome):
    found = {badge.name: badge.standing for badge in badges.of(outcome, "B", ["A"], "")}
    assert found["Results Reproduced"] == "not supported"
    assert found["Results Replicated"] == "not supported"
    assert found["Artifacts Available"] == "not examined"


def test_the_command_writes_it_and_names_it(filed, again, capsys, monkeypatch):
    monkeypatch.setattr(command, "_in_mlflow", lambda show: None)
    again(None)
    with pytest.raises(typer.Exit) as ended:
        command.verify("digits", sign="A. Reviewer")
    assert ended.value.exit_code == 0
    assert "reports/verdict/digits.certificate.html" in capsys.readouterr().out
    assert Path("reports/verdict/digits.certificate.json").exists()


def test_the_command_in_it_repeats_the_review(three, again):
    claim(value=0.5, **{**PUBLISHED, "margin": 0.02})
    commit()
    again(None, None, None)
    found = review(seeds=3, margin=0.9)
    report.write(found)
    assert signed.certificate(found, "B", WHEN, MACHINE)["command"] == ("herbarium verify digits --seeds 3 --margin 90")


__all__ = ["filed", "three"]

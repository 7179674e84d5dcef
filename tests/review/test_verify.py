"""What a review says: about the claim that was committed, on evidence that ran or that a lock vouches for."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from pipeline.commands import review as command
from pipeline.files import records
from pipeline.files.paths import MODEL
from pipeline.filing import reading, writing
from pipeline.filing.divergence import StageComparison
from pipeline.filing.seed_runs import TABLES
from pipeline.params import config
from pipeline.process.errors import ConfigError, DataError, HerbariumError
from pipeline.review import (
    claimed,
    committed,
    evidence,
    remarks,
    report,
    rerun,
    sentences,
    standing,
    subjects,
    verify,
)
from pipeline.review.rerun import Rerun
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Asked, Review
from tests.filing.conftest import replicated, write_lock

from .conftest import claim, commit, git

EXPERIMENT = Path("experiments/digits")
PUBLISHED = {"origin": "published", "n": 6, "images": "same", "split": "test"}


def review(what: str = "digits", said: list[str] | None = None, **asked: object) -> Review:
    return verify.review(what, Asked(**asked), (said if said is not None else []).append)


@pytest.fixture
def filed(repository: Path) -> Path:
    """One seed on record, 16.67 % of 6 test images, committed. The claim states no figure."""
    writing.file_results("digits")
    commit("record")
    return repository


@pytest.fixture
def three(repository: Path) -> Path:
    """Three seeds on record, each right on 1 of 6 test images; a published figure of 1.0 that they are far from."""
    replicated(1, 1)
    writing.file_results("digits")
    claim(value=1.0, margin=0.02, **PUBLISHED)
    commit("record")
    return repository


# One headline, about the claim; bits are a line of their own


def test_a_record_that_comes_out_again_is_reproduced_and_was_computed(filed, again):
    again(None)
    found = review()
    assert found.outcome is Outcome.REPRODUCED
    assert found.outcome.exit_code == 0
    text = report.as_text(found)
    assert "claim: the figures on record (claim.yaml states none): test accuracy 16.67 % (1 seed, 6 images)" in text
    assert "bits: every output is the record's, bit for bit: computed here" in text
    assert text.splitlines()[-1].startswith("REPRODUCED: the figures on record")


def test_what_comes_from_the_cache_is_intact_and_reproduces_nothing(filed, again):
    ran = again(None, computed=())
    found = review(cached=True)
    assert (found.outcome, found.outcome.exit_code) == (Outcome.INTACT, 12)
    assert ran == [1]
    text = report.as_text(found)
    assert "bit for bit: from the cache: nothing was computed" in text
    assert text.splitlines()[-1].startswith("RECORD INTACT: what DVC's cache has is the record")


def test_what_is_in_part_from_the_cache_says_so(filed, again):
    stages = [StageComparison(name, "same") for name in ("train", "evaluate")]
    again(None, computed=("evaluate",))
    found = replace(review(cached=True), stages=stages)
    assert "bit for bit: computed here: evaluate; from the cache: train" in sentences.bits(found)


def test_a_cached_run_that_is_not_the_record_gets_no_verdict(filed, again):
    again(0.5, computed=())
    found = review(cached=True)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "leave out --cached" in sentences.headline(found)


def test_what_some_cache_hands_out_reproduces_nothing_where_it_was_to_be_computed(filed, again):
    """DVC's settings of the machine or the commit may name one that knows all the stages."""
    again(None, computed=())
    found = review()
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "no verdict: seeds 1 came from a cache of DVC's, and were to be computed" in sentences.headline(found)


def test_a_record_of_other_parameters_is_no_claim_about_these(filed, again):
    file = EXPERIMENT / "params.yaml"
    file.write_text(re.sub(r"(?m)^(  epochs: )\d+", r"\g<1>3", file.read_text()))
    commit("another recipe")
    again(0.9, 0.9, 0.9)
    said: list[str] = []
    found = review(said=said)
    assert found.outcome is Outcome.INCONCLUSIVE
    why = "the record, which is the claim, was made with other values of train.epochs: it says nothing of these"
    assert any(line.startswith(why) for line in said)  # before anything ran
    assert f"no verdict: {why}" in sentences.headline(found)
    assert review(recorded=True).outcome is not Outcome.INCONCLUSIVE
    shown = standing.of(subjects.resolve("digits").claim, subjects.resolve("digits").params, reading.filed("digits"))
    assert (shown.verdict, shown.why) == ("–", "the record is of other values of train.epochs")


def test_an_experiment_with_another_first_seed_is_the_record_s(filed, again):
    """A review begins with the record's, whatever the experiment says."""
    file = EXPERIMENT / "params.yaml"
    file.write_text(re.sub(r"(?m)^(  seed: )\d+", r"\g<1>7", file.read_text()))
    commit("another seed")
    again(None)
    assert review().outcome is Outcome.REPRODUCED
    resolved = subjects.resolve("digits")
    assert standing.of(resolved.claim, resolved.params, reading.filed("digits")).verdict != "–"


def test_images_of_groups_are_said_to_be_no_independent_ones(filed, again):
    again(None)
    assert not any("of groups" in note for note in review().notes)
    text = re.sub(r"(?m)^(    group: )null", r"\g<1>folder", Path("params.yaml").read_text(encoding="utf-8"))
    for path in (Path("params.yaml"), EXPERIMENT / "params.yaml"):
        path.write_text(text, encoding="utf-8")
    write_lock()
    writing.file_results("digits")
    commit("groups")
    assert any("these are of groups (data.splitting.group: folder)" in note for note in review().notes)


def test_an_exact_record_says_nothing_for_a_published_figure(filed, again):
    """The record is one seed: its bits come out again, and the published figure stays as open as before."""
    claim(value=0.2, margin=0.05, **PUBLISHED)
    commit()
    again(None, None, None)
    found = review(seeds=1)
    assert (found.outcome, found.outcome.exit_code) == (Outcome.INCONCLUSIVE, 11)
    assert found.conclusion.exact
    assert "every output is the record's" in sentences.bits(found)


def test_a_doubt_about_the_code_is_no_reason_for_what_is_undecided_anyway(filed, again, monkeypatch):
    claim(value=0.2, margin=0.05, **PUBLISHED)
    commit()
    again(None, None, None)
    plain = sentences.headline(review(seeds=1))
    monkeypatch.setattr(remarks, "other_code", lambda *_: "its dvc.lock was made with other code")
    assert sentences.headline(review(seeds=1)) == plain
    assert "other code" not in plain


def test_a_published_figure_that_the_record_contradicts_is_not_reproduced_however_exact(three, again):
    again(None, None, None)
    found = review()
    assert (found.outcome, found.outcome.exit_code) == (Outcome.NOT_REPRODUCED, 10)
    assert "the record itself does not have that accuracy" in sentences.headline(found)


def test_the_json_has_outcome_and_exit_codes(filed, again, capsys, monkeypatch):
    monkeypatch.setattr(command, "_in_mlflow", lambda show: None)
    again(None)
    with pytest.raises(typer.Exit) as ended:
        command.verify("digits", as_json=True)
    content = json.loads(capsys.readouterr().out)
    assert ended.value.exit_code == content["exit_code"] == 0
    assert content["exit_codes"] == {"REPRODUCED": 0, "NOT REPRODUCED": 10, "INCONCLUSIVE": 11, "RECORD INTACT": 12}
    assert content["headline"].startswith("REPRODUCED")
    assert json.loads(Path("reports/verdict/digits.json").read_text()) == content


def test_the_same_review_is_the_same_report(filed, again):
    again(None)
    first = [path.read_bytes() for path in report.write(review())]
    assert [path.read_bytes() for path in report.write(review())] == first


# The claim is the commit's


def test_an_edited_margin_changes_nothing_and_is_said_first(three, again):
    again(None, None, None)
    claim(margin=0.9)
    said: list[str] = []
    found = review(said=said)
    assert found.outcome is Outcome.NOT_REPRODUCED
    assert found.claimed.margin == 0.02
    warning = "experiments/digits has uncommitted changes, which are not looked at: experiments/digits/claim.yaml"
    assert said[:2] == [warning, claimed.describe(found.claimed)]
    assert warning in report.as_text(found).splitlines()[1]
    assert warning in "\n".join(report.as_markdown(found).splitlines()[:4]).replace("\\", "")
    assert f"declared in {EXPERIMENT / 'claim.yaml'}" in claimed.describe(found.claimed)


LATER = {
    "another margin": ({"margin": 0.5}, "margin is 0.5, was 0.05"),
    "more seeds": ({"most_seeds": 12}, "most_seeds is 12, was 10"),
    "a published figure": ({"value": 0.2, **PUBLISHED}, "value is 0.2, was not declared; n is 6, was not declared"),
    "a further figure": (
        {"figures": [{"metric": "macro_f1", "split": "test", "value": 0.1, "n": 6, "margin": 0.9}]},
        "the margin of test macro_f1 is 0.9, was not declared",
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_what_was_declared_after_the_outcome_was_known_is_said_first(filed, again, name):
    values, says = LATER[name]
    claim(**values)
    commit("after the fact")
    again(None)
    said: list[str] = []
    found = review(said=said, seeds=1)
    assert said[0].startswith(f"{EXPERIMENT / 'claim.yaml'} is younger than the record (first filed in commit ")
    assert says in said[0]
    assert said[0] in report.as_text(found).splitlines()[1]
    (EXPERIMENT / "record/confusion.webp").write_text("drawn again")
    commit("the outcome is as old as it was")
    assert says in review(seeds=1).subject.warnings[0]


def test_in_a_shallow_clone_it_is_not_said_how_old_a_claim_is(filed, monkeypatch, tmp_path):
    """Its oldest commit seems to have brought everything; most checkouts of CI are such."""
    claim(margin=0.5)
    commit("after the fact")
    git("clone", "-q", "--depth", "1", f"file://{Path().resolve()}", str(tmp_path / "shallow"))
    assert committed.CUT_OFF not in committed.at("digits", "HEAD").warnings
    monkeypatch.chdir(tmp_path / "shallow")
    found = committed.at("digits", "HEAD")
    assert found.warnings == (committed.CUT_OFF,)
    assert found.declared == "declared in experiments/digits/claim.yaml, it is not known when"


def test_what_was_declared_before_or_means_the_same_is_no_warning(repository, again):
    claim(margin=0.04)
    commit("margin, and no record yet")
    writing.file_results("digits")
    commit("record")
    claim(source="said better")
    commit("words")
    again(None)
    assert review().subject.warnings == ()


def _filed_again() -> None:
    records.write_json(EXPERIMENT / "record/metrics.json", {"filed": "again"})
    commit("record again")


def _taken_away_and_filed_again() -> None:
    shutil.rmtree(EXPERIMENT / "record")
    commit("no record")
    _filed_again()


def _moved() -> None:
    git("mv", str(EXPERIMENT), "experiments/other")
    commit("moved")


@pytest.mark.parametrize("hide", [_filed_again, _taken_away_and_filed_again, _moved])
def test_a_margin_stays_younger_than_an_outcome_that_was_known(filed, hide):
    """A record that is filed again, or moved, was known before."""
    claim(margin=0.5)
    commit("after the fact")
    hide()
    folder = Path("experiments/other") if hide is _moved else EXPERIMENT
    (said,) = committed._too_young(folder, "HEAD", committed._first_filed(folder, "HEAD"))
    assert f"{folder / 'claim.yaml'} is younger" in said
    assert "margin is 0.5, was 0.05" in said


def test_a_margin_that_a_move_changes_is_younger(filed):
    claim(margin=0.5)
    _moved()
    assert "margin is 0.5, was 0.05" in committed.at("other", "HEAD").warnings[0]


def test_a_claim_of_then_that_cannot_be_read_has_declared_nothing(filed, again):
    file = EXPERIMENT / "claim.yaml"
    text = file.read_bytes()
    file.write_bytes("source: Müller".encode("latin-1"))
    shutil.rmtree(EXPERIMENT / "record")
    git("add", "--all")
    git("commit", "--quiet", "--amend", "--message", "a claim in another encoding")
    writing.file_results("digits")
    commit("record")
    file.write_bytes(text)
    commit("the claim")
    assert "margin is 0.05, was not declared" in committed.at("digits", "HEAD").warnings[0]


def test_a_committed_file_that_is_not_utf_8_is_named(filed):
    (EXPERIMENT / "params.yaml").write_bytes("# Müller".encode("latin-1"))
    commit("another encoding")
    with pytest.raises(HerbariumError, match=r"^experiments/digits/params\.yaml of commit \w+: not UTF-8 text"):
        review()
    Path("params.yaml").write_bytes("# Müller".encode("latin-1"))
    commit("another encoding")
    with pytest.raises(HerbariumError, match=r"^params\.yaml of commit \w{10}: not UTF-8 text"):
        review("HEAD")


FURTHER = {"metric": "macro_f1", "split": "test", "value": 0.5, "n": 6, "margin": 0.1}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"images": "other"}, "images is other, was same"),
        ({"contents": {"test": "0" * 64}}, f"contents is {{'test': '{'0' * 64}'}}, was not declared"),
        ({"figures": [{**FURTHER, "value": 0.2}]}, "the value of test macro_f1 is 0.2, was 0.5"),
        ({"figures": [{**FURTHER, "n": 7}]}, "the n of test macro_f1 is 7, was 6"),
    ],
)
def test_what_else_decides_on_a_published_figure_was_declared_before_too(repository, values, says):
    published = {"value": 0.2, **PUBLISHED, "figures": [FURTHER]}
    claim(**published)
    commit("published, and no record yet")
    writing.file_results("digits")
    commit("record")
    assert committed.at("digits", "HEAD").warnings == ()
    claim(**{**published, **values})
    commit("after the fact")
    assert f": {says}: what is declared" in committed.at("digits", "HEAD").warnings[0]


def test_a_claim_that_is_taken_back_leaves_the_default_and_a_warning(filed, again):
    (EXPERIMENT / "claim.yaml").unlink()
    commit("no claim")
    again(None)
    assert "margin is not declared, was 0.05" in review().subject.warnings[0]


def test_parameters_and_records_are_the_commit_s_as_well(filed, again):
    again(None)
    text = (EXPERIMENT / "params.yaml").read_text(encoding="utf-8")
    (EXPERIMENT / "params.yaml").write_text(text.replace("epochs: 20 ", "epochs: 21 "), encoding="utf-8")
    (EXPERIMENT / "record/curves.png").write_text("another picture")
    found = review()
    assert found.subject.params.train.epochs == 20
    assert found.outcome is Outcome.REPRODUCED
    assert "params.yaml" in found.subject.warnings[0]
    assert "record/curves.png" in found.subject.warnings[0]


def test_damage_that_is_not_committed_is_not_looked_at_and_named(filed):
    (EXPERIMENT / "record/metrics.json").write_text("{")
    (EXPERIMENT / "record/predictions.csv").unlink()
    (EXPERIMENT / "record/validation_predictions.csv").write_text("")
    (EXPERIMENT / "record/notes.txt").write_text("of somebody")
    found = subjects.resolve("digits")
    assert found.record.predictions is not None
    assert found.warnings[0].startswith(f"{EXPERIMENT} has uncommitted changes, which are not looked at: ")
    for name in ("metrics.json", "predictions.csv", "validation_predictions.csv", "notes.txt"):
        assert f"{EXPERIMENT}/record/{name}" in found.warnings[0]


def test_an_experiment_that_is_not_committed_gets_no_verdict(filed, again):
    shutil.copytree(EXPERIMENT, "experiments/other")
    again(None)
    said: list[str] = []
    found = review("other", said)
    assert "experiments/other is not committed: nothing of it was declared beforehand" in said[0]
    assert (found.outcome, found.outcome.exit_code) == (Outcome.INCONCLUSIVE, 11)
    assert "declared nowhere" in claimed.describe(found.claimed)
    assert sentences.headline(found) == "INCONCLUSIVE: no verdict: experiments/other is not committed"


def test_a_claim_that_only_the_working_tree_has_is_none(filed, again):
    git("rm", "--quiet", "--cached", str(EXPERIMENT / "claim.yaml"))
    git("commit", "--quiet", "--message", "without")
    again(None)
    found = review()
    assert found.subject.claim is None
    assert "claim.yaml" in found.subject.warnings[0]
    assert "the default where no claim declares one" in claimed.describe(found.claimed)


def test_a_margin_given_now_is_called_that_in_the_headline(three, again):
    claim(value=0.5)
    commit()
    again(None, None, None)
    assert review().outcome is Outcome.INCONCLUSIVE
    found = review(margin=0.99)
    assert found.outcome is Outcome.REPRODUCED
    assert "given with --margin; the claim declares ± 2" in sentences.headline(found)


def test_nothing_to_verify_is_said_before_anything_runs(repository, again):
    ran = again(None)
    with pytest.raises(ConfigError, match="no figure is claimed and nothing is on record"):
        review()
    assert ran == []


def test_a_lock_of_other_parameters_is_refused_and_accuses_nobody(filed, again):
    ran = again(None)
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("epochs: 20 ", "epochs: 21 "), encoding="utf-8")
    commit("without dvc repro")
    with pytest.raises(
        DataError, match=r"its dvc\.lock was not made with its parameters: train\.epochs is 21, 20 in dvc"
    ):
        review("HEAD")
    assert ran == []


# Evidence is what ran, or what a lock vouches for


def test_seeds_that_a_lock_vouches_for_speak_where_the_bits_are_the_record_s(three, again):
    ran = again(None, None, None)
    found = review()
    assert ran == [1]
    assert [item.source for item in found.evidence] == ["computed here"] + [
        "not run here, vouched for by the record's lock"
    ] * 2
    assert found.conclusion.verdict.look == 3


def test_no_seed_on_record_is_left_out_by_another_first_seed(three, again):
    file = EXPERIMENT / "params.yaml"
    file.write_text(re.sub(r"(?m)^(train:(?:.*\n)*?  seed: )1\b", r"\g<1>3", file.read_text(encoding="utf-8")))
    assert config.load(file).train.seed == 3
    commit()
    ran = again(None, None, None)
    found = review()
    assert ran == [1]
    assert [item.seed.seed for item in found.evidence] == [1, 2, 3]


def test_another_number_of_images_than_is_claimed_is_not_the_same_images(three, again):
    claim(n=1000)
    commit()
    again(None, None, None)
    found = review()
    assert not found.conclusion.question.same_images
    said = "claim.yaml says that they are the same, and that 1,000 were measured; 6 ran, so they are taken for others"
    assert f"test images: {said}" in report.as_text(found)


def test_they_speak_where_only_what_is_said_of_the_network_is_other(three, again, monkeypatch):
    """A later version has more in its metrics and reports; weights and predictions are those on record."""
    ran = again(None, None, None)
    as_it_was = rerun.run

    def run(*given: object) -> Rerun:
        done = as_it_was(*given)
        evaluate = done.lock["stages"]["evaluate"]
        outs = [out | ({"md5": "0" * 32} if out["path"] == "reports/metrics.json" else {}) for out in evaluate["outs"]]
        return replace(done, lock={"stages": {**done.lock["stages"], "evaluate": {**evaluate, "outs": outs}}})

    monkeypatch.setattr(rerun, "run", run)
    found = review()
    assert (ran, found.outcome, found.conclusion.exact) == ([1], Outcome.NOT_REPRODUCED, False)
    assert "on record 16.67 %, the same network (computed here)" in report.as_text(found)


def test_a_lock_that_names_no_predictions_is_of_no_network():
    named = {path.as_posix(): "0" * 32 for path in (*TABLES, MODEL)}
    whole = {"stages": {"evaluate": {"outs": [{"path": path, "md5": md5} for path, md5 in named.items()]}}}
    hollow = {"stages": {"evaluate": {"cmd": "x"}}}
    assert evidence._same_network(whole, whole)
    assert not evidence._same_network(hollow, hollow)
    assert not evidence._same_network(whole, hollow)


def test_a_number_that_is_asked_for_is_run(three, again):
    ran = again(None, None, None)
    found = review(seeds=3)
    assert ran == [1, 2, 3]
    assert {item.source for item in found.evidence} == {"computed here"}
    assert "seed 3: test accuracy 16.67 %, on record 16.67 %, the same bits (computed here)" in report.as_text(found)


ONE_OF_THREE = "1 of 3 seeds was run here, the others are the record's"


@pytest.mark.parametrize(("value", "outcome"), [(1.0, Outcome.NOT_REPRODUCED), (None, Outcome.REPRODUCED)])
def test_how_many_of_the_seeds_that_decided_were_run_is_in_the_headline(three, again, value, outcome):
    claim(value=value, **({"origin": "own", "n": None} if value is None else {}))
    commit()
    ran = again(None, None, None)
    found = review()
    assert (ran, found.outcome) == ([1], outcome)
    assert f"; {ONE_OF_THREE}" in sentences.headline(found)
    assert ONE_OF_THREE in report.as_json(found)["headline"]
    ran.clear()
    found = review(seeds=3)
    assert (ran, found.outcome) == ([1, 2, 3], outcome)
    assert "run here" not in sentences.headline(found)


def test_seeds_that_decided_nothing_are_not_counted(three, again):
    claim(value=0.5)
    commit()
    again(None, None, None)
    found = review()
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "run here" not in sentences.headline(found)


def test_a_seed_on_record_that_does_not_come_out_again_ends_no_review(three, again):
    """Equal bits of the first seed say nothing of the next: who asks for three has three compared."""
    claim(value=None, origin="own", n=None)
    commit()
    ran = again(None, 0.9, 0.8)
    found = review(seeds=3)
    assert ran == [1, 2, 3]
    assert not found.conclusion.exact


def test_on_a_machine_with_other_bits_the_record_s_seeds_are_another_s(three, again):
    ran = again(0.16, 0.17, 0.18)
    found = review()
    assert ran == [1, 2, 3]
    assert len(found.evidence) == 3
    assert found.conclusion.measured.mean == pytest.approx(0.17)


def test_seeds_typed_into_a_list_do_not_speak(filed, again):
    """Ten invented seeds at the published figure; what ran is far from it."""
    claim(value=1.0, margin=0.02, **PUBLISHED)
    one = {"fingerprint": "f", "best_epoch": 1, "validation_accuracy": 0.5}
    seeds = [{"seed": n, "test_accuracy": 1 / 6 if n == 1 else 1.0, **one} for n in range(1, 12)]
    images = {"images": 6}
    records.write_json(
        EXPERIMENT / "record/seeds.json", {"experiment": "x", "seeds": seeds, "validation": images, "test": images}
    )
    commit("lie")
    again(None, 0.15, 0.19)
    found = review()
    assert found.outcome is Outcome.NOT_REPRODUCED
    assert len(found.evidence) == 3
    assert any("typed into the record, no lock vouches" in note for note in found.notes)


def test_a_changed_figure_in_the_commit_is_refused_by_name(three):
    file = EXPERIMENT / "record/seeds/2/metrics.json"
    records.write_json(file, {**records.read_json(file), "validation_accuracy": 0.99})
    commit("lie")
    with pytest.raises(Exception, match=r"^commit \w{10}: experiments/digits/record/seeds/2: metrics\.json: not what"):
        review()


def test_a_link_in_the_commit_is_not_followed(filed):
    link = EXPERIMENT / "record/curves.png"
    link.unlink()
    link.symlink_to("metrics.json")
    commit("link")
    git("rm", "--quiet", "--cached", str(link))
    link.unlink()
    with pytest.raises(ConfigError, match=r"^commit \w{10}: experiments/digits/record/curves\.png: found a symbolic"):
        review()


# Seeds are added as planned


def test_it_stops_at_the_look_that_decides(filed, again):
    ran = again(0.9, 0.91, 0.89, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9)
    found = review(seeds=10)
    assert ran == [1, 2, 3]
    assert found.outcome is Outcome.NOT_REPRODUCED
    assert "look 1 of 3, at 3 seeds (looks are planned at 3, 5, 10 seeds)" in report.as_text(found)


def test_adding_seeds_command_after_command_ends_as_asking_for_all_at_once(filed, again):
    claim(value=0.5, margin=0.25, **PUBLISHED)
    commit()
    ran = again(0.45, 0.55, 0.5, 0.5, 0.5, 0.9, 0.9, 0.9, 0.9, 0.9)
    outcomes = [review(seeds=seeds).outcome for seeds in (1, 3, 5)]
    assert outcomes == [Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, Outcome.REPRODUCED]
    ran.clear()
    at_once = review(seeds=10)
    assert ran == [1, 2, 3, 4, 5]
    assert at_once.conclusion == review(seeds=5).conclusion


def test_other_numbers_of_seeds_are_no_looks(filed, again):
    for wrong in (2, 4, 11):
        with pytest.raises(ConfigError, match=f"found {wrong}; allowed: 1, 3, 5, 10"):
            review(seeds=wrong)
    with pytest.raises(ConfigError, match="--cached"):
        review(seeds=3, cached=True)
    with pytest.raises(ConfigError, match="--margin: found 200"):
        review(margin=2.0)


def test_what_can_be_found_out_is_said_before_the_first_stage(filed, again):
    claim(value=0.9, margin=0.005, **{**PUBLISHED, "images": "other"})
    commit()
    again(0.5, 0.1, 0.9)
    said: list[str] = []
    found = review(said=said)
    assert "is younger than the record" in said.pop(0)
    assert said[0] == claimed.describe(found.claimed)
    assert "no number of seeds can confirm it" in said[1]
    assert report.as_json(found)["possible"] == said[1:2]
    assert "confirm" not in sentences.headline(found)


def test_another_machine_is_named_as_the_cause(filed, again):
    again(0.2, 0.3, 0.1, python="3.13.1")
    found = review()
    assert "not the record's from the stage evaluate on (likely cause: Python: 3.13.1" in sentences.bits(found)

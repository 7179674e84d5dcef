"""A review's certificate to hand in: who checked what, when and where, with which evidence, and what was not checked.

It follows CODECHECK: a codechecker, a time, a manifest of the outputs that were made, and a summary; and it speaks of
badges in ACM's terms. It lies beside the report, whose hash it names, and which stays the same whoever signs.
"""

import datetime
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.files import pages, records
from pipeline.filing import locks
from pipeline.process import git
from pipeline.process.errors import ConfigError
from pipeline.review import badges, claimed, committed, further, report, sentences
from pipeline.review.badges import Badge
from pipeline.review.evidence import Source
from pipeline.review.verdict import Outcome
from pipeline.review.verify import Review

_LONGEST_NAME = 200
_TEMPLATE = Path(__file__).with_name("certificate.html")


def checked_name(name: str) -> str:
    """Raises ConfigError unless it is a name on one line."""
    stripped = name.strip()
    if not stripped or not stripped.isprintable() or len(stripped) > _LONGEST_NAME:
        raise ConfigError(f"--sign: found {name!r}; allowed: a name, printable, up to {_LONGEST_NAME} characters")
    return stripped


def write(review: Review, signer: str, when: datetime.datetime, machine: dict[str, str]) -> tuple[Path, Path]:
    """Write reports/verdict/<name>.certificate.html and .json, beside the report, which must have been written."""
    content = certificate(review, signer, when, machine)
    page, data = (report.FOLDER / f"{review.subject.name}.certificate.{ending}" for ending in ("html", "json"))
    records.write_json(data, content)
    records.write_text(page, as_html(content))
    return page, data


def certificate(review: Review, signer: str, when: datetime.datetime, machine: dict[str, str]) -> dict[str, Any]:
    """The certificate as plain values; `when` with its zone."""
    subject = review.subject
    authors, known = git.authors(subject.revision, *subject.files), not git.cut_off()
    files = report.files(subject.name)
    return {
        "certificate": f"review of {subject.name}",
        "codechecker": signer,
        "check_time": when.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "commit": subject.revision,
        "authors": authors,
        "command": _command(review),
        "claim": claimed.describe(review.claimed).removeprefix("claim: "),
        "outcome": review.outcome,
        "exit_code": review.outcome.exit_code,
        "summary": sentences.headline(review),
        "evidence": [sentences.bits(review).removeprefix("bits: "), *report.accuracies(review), *review.elsewhere],
        "reservations": [*subject.warnings, *review.reservations],
        "notes": list(review.notes),
        "not_checked": list(not_checked(review)),
        "kind": badges.kind(signer, authors, known),
        "policy": badges.POLICY,
        "badges": [asdict(badge) for badge in _badges(review, signer, authors, known)],
        "manifest": _manifest(review),
        "report": {file.as_posix(): records.file_digest(file) for file in files},
    }


def _badges(review: Review, signer: str, authors: list[str], known: bool) -> list[Badge]:
    return badges.of(review.outcome, signer, authors, "; ".join(_lessening(review, known)))


def _lessening(review: Review, known: bool) -> Iterator[str]:
    """Why a reproduced claim supports the badge in part only."""
    if not known:
        yield badges.AUTHORS_UNKNOWN
    if share := sentences.share(review):
        yield share
    if review.asked.margin is not None:
        yield "the margin was given by the codechecker, not declared beforehand"
    if any(committed.YOUNGER in warning for warning in review.subject.warnings):
        yield "what decides was declared when the outcome was known"
    if any(one.outcome is not Outcome.REPRODUCED for one in review.further):
        yield further.summary(review.further)


def as_html(content: dict[str, Any]) -> str:
    """One page, for print; nothing is fetched and nothing runs when it is opened."""
    return pages.rendered(_TEMPLATE, content)


def not_checked(review: Review) -> Iterator[str]:
    """What a reader may think was looked at, and was not."""
    if review.asked.cached:
        yield "the claim: nothing was computed"
    elif cached := [stage.name for stage in review.stages if stage.ran and stage.name not in review.computed]:
        yield f"the stages {', '.join(cached)}: their results were there already"
    vouched = [str(found.seed.seed) for found in review.evidence if found.source is Source.VOUCHED]
    if vouched:
        yield f"the seeds {', '.join(vouched)}: not run here, their files have the hashes of the record's lock"
    claim = review.subject.claim
    if claim and claim.origin == "published":
        yield "the publication: what it reports is taken from claim.yaml"
    if review.conclusion.on_its_word:
        yield "that the images are those of the claim: claim.yaml says so, and gives no digest of them"
    if len([found for found in review.evidence if found.source is Source.COMPUTED]) == 1:
        yield "other seeds: one was run here, which says little of the recipe's spread"
    if git.cut_off():
        yield "who the authors are, and when the claim was made: the history here is cut off"
    yield "other machines: all that ran, ran on the one named here"
    yield "the code: it was run, not read; and the images and their labels: they were used, not looked at"
    origin = "declared" if review.asked.margin is None else "given by the codechecker"
    yield f"whether the margin suits the question: it was {origin}, and is taken as it is"


def _command(review: Review) -> str:
    """What repeats the review; paths of this machine are left to the reader."""
    asked = review.asked
    options = [f"--seeds {asked.seeds}"] if asked.seeds else []
    options += [f"--margin {100 * asked.margin:g}"] if asked.margin is not None else []
    options += [f"--vary {what}" for what in asked.vary]
    options += [f"--resplit {asked.resplit}"] if asked.resplit else []
    options += ["--cached"] * asked.cached + ["--recorded"] * asked.recorded
    options += ["--data PATH"] * bool(asked.elsewhere.data) + ["--weights PATH"] * bool(asked.elsewhere.weights)
    return " ".join(["herbarium verify", review.subject.asked, *options])


def _manifest(review: Review) -> list[dict[str, str]]:
    """The outputs of the first seed: file, MD5 as in dvc.lock, and whether it is the record's."""
    record = review.subject.record
    before = locks.outputs(record.lock) if record and record.lock else {}

    def comment(path: str, digest: str) -> str:
        if path not in before:
            return "nothing on record to compare with"
        return "the record's, bit for bit" if before[path] == digest else "differs from the record"

    return [{"file": path, "md5": digest, "comment": comment(path, digest)} for path, digest in review.outputs.items()]

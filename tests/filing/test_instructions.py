"""What an experiment's README says how to review it fits its record; the project's own are up to date."""

from pathlib import Path

import pytest

from pipeline.filing import experiments, instructions, readme
from pipeline.filing.record import Record
from pipeline.params import config
from pipeline.params.schema import Params
from pipeline.review import table
from tests import shipped


@pytest.fixture(scope="module")
def params() -> Params:
    return config.check(shipped.content(), "params.yaml")


def of_folder(params: Params, **backbone: object) -> Params:
    data = params.data.model_copy(update={"source": "image_folder", "name": "flowers", "path": "/home/a/roses"})
    return params.model_copy(update={"data": data, "backbone": params.backbone.model_copy(update=backbone)})


def commands(section: str) -> list[str]:
    return section.split("```")[1].strip().splitlines()


def test_what_comes_with_the_project_needs_no_option(params):
    assert commands(instructions.section("digits", params, None))[0] == "herbarium verify digits"


def test_a_substitute_needs_the_record_s_parameters_and_the_reviewer_s_folder(params):
    found = Record(of_folder(params), None, None, None, {})
    first, *others = commands(instructions.section("x", params, found))
    assert first == "herbarium verify x --recorded --data PATH/TO/roses"
    assert all(other.startswith(first) for other in others)


def test_weights_that_are_not_the_project_s_are_asked_for(params):
    own = of_folder(params, weights="file", path="/home/a/vgg.h5")
    assert "--weights PATH/TO/vgg.h5" in commands(instructions.section("x", own, None))[0]
    assert "--recorded" not in instructions.section("x", own, None)
    imagenet = of_folder(params, weights="imagenet")
    assert "It downloads the backbone's weights" in instructions.section("x", imagenet, None)
    preset = of_folder(params, name="hub:dinov2_small", weights="preset")
    assert "It downloads the backbone's preset" in instructions.section("x", preset, None)


def test_a_readme_is_written_and_found_misleading(finished):
    path = experiments.folder("digits") / "README.md"
    readme.renew("digits", None)
    assert readme.misleading("digits", None) is None
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("herbarium verify digits --seeds 3", "herbarium verify digits --seeds 4"))
    assert readme.misleading("digits", None) == path
    assert readme.renew("digits", None)
    assert path.read_text(encoding="utf-8") == text
    path.write_text("no place for it")
    assert not readme.renew("digits", None)
    assert readme.misleading("digits", None) is None


def test_the_project_s_own_readmes_say_what_works(project):
    shipped.write_experiments(project)
    found = table.on_record()
    names = [*found]
    assert [readme.misleading(name, record) for name, record in found.items()] == [None] * len(names)
    assert all("<!-- check -->" in (Path("experiments") / name / "README.md").read_text("utf-8") for name in names)

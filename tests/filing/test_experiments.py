"""The experiments on file: complete, legal, and with the parameter counts their authors reported."""

import subprocess

import pytest

from pipeline.filing import claims, experiments
from pipeline.params import config, upgrades
from pipeline.process.errors import ConfigError
from tests import shipped
from tests.conftest import ROOT

# (total, trainable); None where no count was reported.
COUNTS = {
    "tf-flowers-cnn": (13_133_861, 13_133_861),
    "tf-flowers-vgg16": (14_979_909, 265_221),
    "cats-vs-dogs-cnn": None,
    "cats-vs-dogs-vgg16": None,
    "cats-dogs-features": (None, 2_097_665),
    "cats-dogs-augmented": (16_812_353, 2_097_665),
    "cats-dogs-finetuned": (16_812_353, None),
    "fashion-mnist-cnn": (333_526, 333_526),
    "mnist-mlp": (407_050, 407_050),
    "mnist-cnn": (804_554, 804_554),
    "fashion-mnist-small": (804_554, 804_554),
    "cifar10-cnn": (2_125_578, 2_125_578),
}
CLASSES = {"tf_flowers": 5, "cats_vs_dogs": 2}


@pytest.fixture
def repository(project, monkeypatch):
    """The project folder with all experiments, but their records, as a git repository with everything committed."""
    shipped.write_experiments(project, with_records=False)
    git("init", "--quiet")
    git("add", "--all")
    git("-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--message", "all")
    return project


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)


def test_all_are_on_file():
    """Beside those of this checkout's owner."""
    assert set(shipped.NAMES) == {*COUNTS, "digits", "flowers-best"}


@pytest.mark.parametrize("name", [*COUNTS, "digits", "flowers-best"])
def test_params_claim_and_readme_are_complete(name):
    folder = ROOT / "experiments" / name
    params, claim = config.load(folder / "params.yaml"), claims.read(folder / "claim.yaml")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert params.tracking.experiment == name
    assert f"herbarium verify {name}" in readme
    assert "<!-- measured -->" in readme
    if claim.value is not None:
        assert f"{claim.value:.4f}".rstrip("0") in readme


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, counts in COUNTS.items() if counts])
def test_parameter_counts_are_the_reported_ones(name):
    from pipeline.model import assembly

    params = config.load(ROOT / "experiments" / name / "params.yaml")
    backbone = params.backbone.model_copy(update={"weights": "none"})  # the count needs no download
    assembled = assembly.assemble(params.model_copy(update={"backbone": backbone}), CLASSES.get(params.data.name, 10))
    found = assembly.parameter_counts(assembled)
    total, trainable = COUNTS[name]
    assert total in (None, found["total"])
    assert trainable in (None, found["trainable"])


def test_use_puts_the_parameters_into_place(repository):
    experiments.use("mnist-cnn")
    assert config.load().data.name == "mnist"
    experiments.use("digits")  # what is there now is an experiment's: nothing is lost
    assert config.load().data.name == "digits"


def test_use_writes_the_current_version_and_loses_nothing_then(repository):
    path, filed = repository / "params.yaml", repository / "experiments/mnist-cnn/params.yaml"
    experiments.use("mnist-cnn")
    assert upgrades.version(config.read_yaml(path)) == upgrades.CURRENT > upgrades.version(config.read_yaml(filed))
    assert config.load(path) == config.load(filed)
    experiments.use("digits")
    assert config.load(path).data.name == "digits"


def test_use_refuses_to_lose_edits(repository):
    path = repository / "params.yaml"
    path.write_text(path.read_text().replace("epochs: 20 ", "epochs: 21 "))
    with pytest.raises(ConfigError, match="--force"):
        experiments.use("mnist-cnn")
    experiments.use("mnist-cnn", force=True)
    assert config.load().data.name == "mnist"


def test_use_asks_nothing_of_an_experiment_that_cannot_be_read(finished):
    """Looking whether edits are an experiment's comes by all of them, the broken one first."""
    (finished / "experiments/a-broken-one").mkdir()
    (finished / "experiments/a-broken-one/params.yaml").write_text("train: [", encoding="utf-8")
    experiments.use("digits", force=True)
    experiments.use("digits")
    (finished / "params.yaml").write_text("edited", encoding="utf-8")
    with pytest.raises(ConfigError, match="edits that are nowhere else"):
        experiments.use("digits")


def test_an_unknown_name_gets_a_suggestion(repository):
    with pytest.raises(ConfigError, match="did you mean mnist-cnn"):
        experiments.use("mnist-cn")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("margin: 0.05", "margin: 2", "margin: found 2; allowed: .*below 1"),
        ("split: validation", "split: train", "split: found 'train'; allowed: validation"),
        ("value: 0.8338", "value: null", "give both"),
        ("\nseeds: 1", "\nsedes: 1", "sedes: unknown key"),
        ("most_seeds: 10", "most_seeds: 1001", "most_seeds: found 1001; allowed: .*3 to 1,000"),
        ("\nseeds: 1", f"\nseeds: {10**400}", r"seeds: found 10*\.*0*…; allowed: .*1 to 1,000,000"),
        ("\nn: ", f"\nn: {10**20} # ", "n: found 10*; allowed: .*1 to 1,000,000,000"),
    ],
)
def test_a_wrong_claim_is_named(tmp_path, before, after, message):
    text = (ROOT / "experiments/tf-flowers-vgg16/claim.yaml").read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "claim.yaml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        claims.read(path)


def test_use_with_a_folder_of_one_s_own(repository, capsys):
    from pipeline.commands import experiments as command

    for split in ("train", "test"):
        for name in "01":
            (repository / "data/png" / split / name).mkdir(parents=True)
            (repository / "data/png" / split / name / "a.png").write_bytes(b"an image")
    command._use("mnist-mlp", repository / "data/png", None, force=False)
    said = capsys.readouterr().out
    assert "params.yaml is experiments/mnist-mlp/params.yaml with\n  data.source: image_folder\n" in said
    found, filed = config.load(), experiments.params("mnist-mlp")
    assert (found.data.source, found.data.name, found.data.path) == ("image_folder", "png", "data/png")
    assert found.data.splits == filed.data.splits
    assert found.model_dump(exclude={"data", "version"}) == filed.model_dump(exclude={"data", "version"})

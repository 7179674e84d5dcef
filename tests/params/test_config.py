"""What a wrong params.yaml is told: the key, what was found, what is allowed; and nothing ever but a ConfigError."""

import contextlib
import copy
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.params import config
from pipeline.params.keys import replaced
from pipeline.params.schema import Params
from pipeline.process.errors import ConfigError
from tests import shipped

CONTENT = shipped.content()
OF_FILE = {"backbone.layers": [], "backbone.weights": "file"}


def with_value(key: str, value: Any) -> dict:
    """The project's parameters with another value at a dotted key; ... removes it."""
    return replaced(shipped.content(), key, value)


def message(content: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        config.check(content, "params.yaml")
    return str(caught.value)


def test_the_shipped_parameters_are_in_order(project):
    assert config.load() == config.check(CONTENT, "params.yaml")
    assert config.load().model_dump() == CONTENT  # a stage gets the values as they are written


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("train.epochs", 0, "found 0"),
        ("train.epochs", 2.5, "found 2.5"),
        ("train.epochs", "20", "found '20'"),
        ("train.epochs", True, "found True"),
        ("train.epochs", None, "found None"),
        ("train.epochs", [20], "found [20]"),
        ("train.learning_rate", -1.0, "found -1.0"),
        ("train.learning_rate", float("nan"), "found nan"),
        ("train.learning_rate", float("inf"), "found inf"),
        ("train.optimizer", "Adam", "found 'Adam'"),
        ("train.early_stopping_patience", 0, "found 0"),
        ("data.source", "web", "found 'web'"),
        ("data.name", "../escape", "found '../escape'"),
        ("data.limit", 0, "found 0"),
        ("data.deduplicate", "yes", "found 'yes'"),
        ("images.height", 5000, "found 5000"),
        ("images.channels", 2, "found 2"),
        ("images.augmentation.shift", 1.0, "found 1.0"),
        ("images.augmentation.seed", 2**31, f"found {2**31}"),
        ("backbone.layers", [0], "found [0]"),
        ("backbone.layers", "pool", "found 'pool'"),
        ("head.units", [70000], "found [70000]"),
        ("head.dropout", 1.0, "found 1.0"),
        ("compute.threads", 0, "found 0"),
        ("compute.precision", "float64", "found 'float64'"),
        ("tracking.experiment", "", "found ''"),
        ("images", 3, "found 3"),
        ("data.splits", None, "found None"),
    ],
)
def test_a_wrong_value_is_shown_with_what_is_allowed(key, value, found):
    _, field = config._field(key.split("."))
    assert field is not None
    assert message(with_value(key, value)).split("\n") == [f"params.yaml: {key}: {found}; allowed: {field.description}"]


@pytest.mark.parametrize("key", [key for key in config.known_keys() if key != "version"])
def test_every_key_is_required(key):
    _, field = config._field(key.split("."))
    assert field is not None
    assert message(with_value(key, ...)) == f"params.yaml: {key}: missing; allowed: {field.description}"


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("train.epoch", "did you mean train.epochs?"),
        ("train.lerning_rate", "did you mean train.learning_rate?"),
        ("tran", "did you mean train?"),
        ("data.seed", "did you mean data.splitting.seed?"),
        ("train.dropout", "did you mean head.dropout?"),
        ("data.splits.valid", "did you mean data.splits.validation?"),
        ("head.zzz", "allowed: head.pooling, head.units, head.dropout, head.batch_norm, head.output"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest(key, hint):
    assert message(with_value(key, 1)) == f"params.yaml: {key}: unknown key; {hint}"


@pytest.mark.parametrize("key", [1, None, True, 2.5, date(2020, 1, 1), (1, 2)])
def test_a_key_that_is_no_text_is_unknown(key):
    assert "unknown key" in message({**CONTENT, key: 1})
    assert "train" in message({**CONTENT, "train": {**CONTENT["train"], key: 1}})


def test_all_wrong_keys_are_listed_at_once():
    content = with_value("train.epochs", 0)
    content["head"]["units"] = None
    content["nonsense"] = 1
    lines = message(content).split("\n")
    assert [line.split(":")[1].strip() for line in lines] == ["nonsense", "head.units", "train.epochs"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"train.unfrozen_layers": 3}, "train.unfrozen_layers is 3, backbone.max_unfrozen_layers is 2"),
        ({"images.scale": "backbone"}, "images.scale: backbone needs a keras.applications backbone"),
        ({"backbone.name": "VGG16", "backbone.layers": []} | {"backbone.weights": "imagenet"}, "needs colour images"),
        ({"backbone.layers": [8, *["pool"] * 6]}, "6 pools, each of which halves them, leave nothing of images of"),
        ({"backbone.name": "VGG16"}, "backbone: layers describes name: convolutions, and name is 'VGG16'"),
        ({"backbone.weights": "imagenet"}, "weights: imagenet exists for keras.applications only"),
        ({"backbone.name": "saved", "backbone.layers": [], "backbone.weights": "none"}, "brings its own weights"),
        ({**OF_FILE, "backbone.name": "models:/a@champion"}, "found 'models:/a@champion', which is another model when"),
        ({**OF_FILE, "backbone.name": "models:/a/Production"}, "which is another model when a better one is"),
        (
            {**OF_FILE, "backbone.name": "models:/a/latest"},
            "allowed: one that stays, models:/name/version, models:/id or",
        ),
        ({"images.augmentation.views": 1, "images.augmentation.on_the_fly": True}, "exclude each other"),
        ({"data.splitting.group": "plant"}, "data.splitting: group: 'plant' has no (…) that says what the group is"),
        ({"data.splitting.group": "(plant"}, "data.splitting: group: '(plant' is not a regular expression"),
        (
            {"data.splitting.method": "stable", "data.splits.train": "train[:1000]"},
            "data: splits.train is train[:1000], and splitting.method: stable allows slices in percent only",
        ),
        (
            {"data.near_duplicates": "together"},
            "near_duplicates is together and splitting.method is slices; together goes with stratified or random",
        ),
        ({"data.table": "labels.csv"}, "source is digits and table is labels.csv: source: table needs one"),
        (
            {"data.source": "table", "data.table": "../labels.csv"},
            "table is ../labels.csv; allowed: a file in the folder",
        ),
        ({"data.path": "~/photos"}, "data.path: found ~/photos; neither ~ nor a variable is expanded"),
        ({"data.path": "$HOME/photos"}, "neither ~ nor a variable is expanded: write the whole path"),
        ({"head.dropout": [0.1, 0.2]}, "dropout lists 2 rates for 1 dense layers in units"),
        ({"data.splits.test": "train[85%:]"}, "validation (train[80%:90%]) and test (train[85%:]) overlap"),
        ({"data.splits.test": "test+test"}, "test (test+test) names images twice: an image may be in a split once"),
        ({"data.splits.train": "train[:80%]+train[70%:]"}, "train (train[:80%]+train[70%:]) names images twice"),
        ({"data.splits.test": "train[x]"}, "'train[x]' is not a split"),
    ],
)
def test_values_that_do_not_go_together(changes, text):
    content = shipped.content()
    for key, value in changes.items():
        *parents, name = key.split(".")
        section = content
        for parent in parents:
            section = section[parent]
        section[name] = value
    found = message(content)
    assert text in found
    assert found.startswith("params.yaml: ")
    assert "\n" not in found


@pytest.mark.parametrize("content", [None, [], "text", 3, {}])
def test_what_are_no_sections(content):
    found = message(content)
    if content == {}:
        assert found.split("\n")[0].startswith("params.yaml: data: missing; allowed: where the images come from")
    else:
        assert found == f"params.yaml: found {content!r}; allowed: the sections {', '.join(Params.model_fields)}"


def test_a_key_with_a_typo_comes_first_and_is_not_said_to_be_missing_too():
    content = with_value("train.learning_rate", ...)
    content["train"] |= {"learning_rat": 0.01, "epochs": 0}
    unknown, other = message(content).split("\n")
    assert unknown == "params.yaml: train.learning_rat: unknown key; did you mean train.learning_rate?"
    assert other.startswith("params.yaml: train.epochs: found 0")
    del content["train"]["optimizer"]
    assert "train.optimizer: missing" in message(content)


@pytest.mark.parametrize(("key", "found"), [("train.learning_rate", "0,003"), ("head.dropout", "-1,5")])
def test_a_decimal_comma_is_said_to_be_one(key, found):
    content = config.parse_yaml(f"x: {found}", "params.yaml")["x"]  # YAML takes it for text
    point = found.replace(",", ".")
    assert message(with_value(key, content)).endswith(f"; decimals are written with a point: {point}")
    assert "point" not in message(with_value(key, "1,000,000"))


# Files

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
FILES = {
    "tab": (b"train:\n\tepochs: 1\n", "params.yaml, line 2, column 1: epochs: 1 ^ (line: 2); indent with spaces, not"),
    "unclosed": (b"train: [1, 2\n", "not valid YAML"),
    "twice": (b"train: 1\ntrain: 2\n", "not valid YAML"),
    "two documents": (b"a: 1\n---\nb: 2\n", "not valid YAML"),
    "tag": (b"a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
    "no number": (b"a: !!float\n", "not valid YAML"),
    "no truth value": (b"a: !!bool maybe\n", "not valid YAML"),
    "no key": (b"? {a: 1}\n: !!timestamp {}\n", "not valid YAML"),
    "no date": (b"a: 2020-13-45\n", "not valid YAML"),
    "latin-1": ("a: é\n".encode("latin-1"), "not UTF-8 text (invalid continuation byte at byte 3)"),
    "utf-16": ("a: 1\n".encode("utf-16"), "not UTF-8 text"),
    "control character": (b"a: \x01\n", "not valid YAML"),
    "deep": (b"[" * 1000, "nested too deeply"),
    "deep maps": (b"{a: " * 1000, "nested too deeply"),
    "alias bomb": (BOMB.encode(), "its aliases stand for more"),
    "alias bomb as a value": (BOMB.encode() + b"data: *l\ntrain: {epochs: *l}\n", "its aliases stand for more"),
    "alias to itself": (b"data: &x [*x]\n", "its aliases stand for more"),
    "long number": (b"data: " + b"9" * 10000, "not valid YAML"),
    "long hexadecimal number": (b"data: 0x" + b"f" * 10000, "data: found a number of thousands of digits"),
    "empty": (b"", "found None; allowed: the sections version, data, images"),
    "binary": (bytes(range(256)), "not UTF-8 text"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_parameters(tmp_path, name):
    content, text = FILES[name]
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    start = time.process_time()
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert time.process_time() - start < 5
    assert f"{path}: " in str(caught.value)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 10_000


def test_no_file(tmp_path):
    with pytest.raises(ConfigError, match=r"params\.yaml: not found; run in the project's folder"):
        config.load(tmp_path / "params.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.integers() | st.none() | st.sampled_from(list(CONTENT)), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(st.data())
def test_any_content_is_checked_or_refused(data):
    content: Any = copy.deepcopy(CONTENT)
    if data.draw(st.booleans()):
        content = data.draw(VALUES)
    for key in data.draw(st.lists(st.sampled_from(config.known_keys()), max_size=3)):
        *parents, name = key.split(".")
        section = content
        for parent in parents:
            section = section.get(parent) if isinstance(section, dict) else None
        if isinstance(section, dict):
            section[name] = data.draw(VALUES)
    with contextlib.suppress(ConfigError):
        assert isinstance(config.check(content, "params.yaml"), Params)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="ab0123456789-.:_[]{},&*!|>'\"#?%@ \n\t~", max_size=60))
def test_any_text_is_read_or_refused(tmp_path, text):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        config.load(path)


def test_narrowing_keeps_the_keys_and_nothing_else():
    params = config.check(CONTENT, "params.yaml")
    narrowed = config.narrow(params, ["data.splits.train", "head"])
    assert narrowed.head == params.head
    assert narrowed.data.splits.train == params.data.splits.train
    for read in (lambda: narrowed.train, lambda: narrowed.data.name, lambda: narrowed.data.splits.test):
        with pytest.raises(AttributeError):
            read()


@pytest.mark.parametrize("name", [8, 1.5, True, None])
def test_a_class_whose_name_yaml_takes_for_something_else_needs_quotes(name):
    weighted = replaced(CONTENT, "train.class_weights", {"rose": 1.0, name: 2.0})
    with pytest.raises(ConfigError, match=rf"^params.yaml: train\.class_weights: the name {name} needs quotes, as in"):
        config.check(weighted, "params.yaml")

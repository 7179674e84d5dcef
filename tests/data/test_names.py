"""Class names are refused, or come through every format on the way as they were."""

import unicodedata

import pytest
import tensorflow_datasets as tfds
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.data import names
from pipeline.files import records
from pipeline.process.errors import DataError

ODD = " \t\n\r\x0b\x1c\x85\u00a0\u2028\u3000\ufeff\u200d\u202e\u2014\u2019'-,\"\\\ud800ée\u0301️猫🌹"
NAMES = st.text(st.one_of(st.characters(), st.sampled_from(ODD)), max_size=8)


def refused(*classes: str) -> str:
    with pytest.raises(DataError) as raised:
        names.require_distinct(classes, "photos")
    return str(raised.value)


@settings(max_examples=300)
@given(st.lists(NAMES, min_size=2, max_size=5))
def test_what_is_accepted_comes_through_every_format(tmp_path_factory, classes):
    try:
        names.require_distinct(classes, "photos")
    except DataError:
        return
    folder = tmp_path_factory.mktemp("names")
    tfds.features.ClassLabel(names=classes).save_metadata(folder, "label")
    read = tfds.features.ClassLabel()
    read.load_metadata(folder, "label")
    assert read.names == classes
    records.write_json(folder / "classes.json", classes)
    assert records.read_json(folder / "classes.json") == classes
    records.write_csv(folder / "table.csv", classes, [classes])
    assert records.read_csv(folder / "table.csv") == [dict(zip(classes, classes, strict=True))]
    assert "\n".join(classes).splitlines() == classes
    assert [name.strip() for name in classes] == classes
    assert len({unicodedata.normalize("NFC", name) for name in classes}) == len(classes)


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        (["rose", "rose "], "'rose' and 'rose ' look the same"),
        (["\u732b", "\u732b\u3000"], r"'猫\u3000' ('\u732b\u3000'): begins or ends with a blank"),
        ([" ", "dog"], "' ': begins or ends with a blank"),
        (["", "dog"], "'': is empty"),
        (["lily\nwhite", "dog"], r"'lily\nwhite': its name has a line break or another control character (U+000A)"),
        (["G\u00e4nse", "Ga\u0308nse"], r"'Ga\u0308nse') look the same"),
        (["a\u00a0b", "a b"], "look the same"),
        (["a  b", "a b"], "look the same"),
        (["its\u2019", "its'"], "look the same"),
        (["a\u2013b", "a-b"], "look the same"),
        (["\ufeffcat", "cat"], "look the same"),
        (["c\u200dat", "cat"], "look the same"),
        (["\u3164", "dog"], "begins or ends with a blank"),
        (["a\u202eb", "dog"], "U+202E"),
        (["\udcff", "dog"], r"'\udcff' ('\udcff'): its name is not UTF-8"),
        (["x" * 256, "dog"], "more than 255 characters"),
        (["cat", "cat"], "look the same"),
    ],
)
def test_names_that_are_lost_or_look_the_same_are_shown(classes, reason):
    message = refused(*classes)
    assert message.startswith("photos: names that cannot be used for classes:\n")
    assert reason in message


def test_all_are_shown_at_once_up_to_a_number():
    message = refused(*[f"{n} " for n in range(30)])
    assert message.count("begins or ends") == 20
    assert message.endswith("… and 10 more")


def test_usual_names_are_accepted():
    names.require_distinct(
        ["1", "01", "null", "NaN", "=1+2", "it's", '"q"', "a,b", "a\\b", "Cat", "cat", "👩‍🌾", "❤️", "x²", "x2"],
        "photos",
    )


def test_names_are_composed_whatever_the_locale():
    assert names.composed("Ga\u0308nse") == "Gänse"
    assert names.composed("a\udcff") == names.decoded("a\udcff") == "a\udcff"
    assert names.case_variants(["Rose", "tulip", "rose", "ROSE"]) == [["Rose", "rose", "ROSE"]]
    assert names.plain("a\nb猫\udcff") == "a\\nb猫\\udcff"


@pytest.mark.parametrize("name", ["a.jpg", " a .jpg", '猫,".jpg', "$x.png"])
def test_files_may_have_odd_names(name):
    assert names.problem(name) is None


@pytest.mark.parametrize("name", ["a\n.jpg", "a\r", "\x1b[2J.jpg", "\u2028", "\udc80.png", "\u202egpj.exe"])
def test_files_may_have_no_names_that_break_a_table(name):
    assert "rename it" in names.problem(name)

"""Pictures: the same bytes twice, sensible at every size, and saying what they should."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.plots import style
from pipeline.plots.calibration import calibration
from pipeline.plots.confusion import confusion
from pipeline.plots.curves import curves
from pipeline.plots.predictions import MOST_SHOWN, MOST_WRONG, choose, predictions
from pipeline.plots.scores import scores
from pipeline.plots.tried import Axis, parallel, slices
from pipeline.plots.why import why
from pipeline.results import metrics
from pipeline.results.history import Epoch
from pipeline.results.metrics import ClassScores

pytestmark = pytest.mark.filterwarnings("error")  # a missing letter or a layout that does not fit


def history(train: list[float], validation: list[float]) -> list[Epoch]:
    return [Epoch(i, t, 0.5, v, 0.5, 1e-3) for i, (t, v) in enumerate(zip(train, validation, strict=True))]


def classified(images: int, classes: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of which the first `wrong` images are mistaken, the later ones more surely."""
    labels = np.arange(images) % classes
    sureness = np.linspace(0.6, 0.9, images)
    probabilities = np.repeat((1 - sureness)[:, None] / (classes - 1), classes, axis=1)
    predicted = np.where(np.arange(images) < wrong, (labels + 1) % classes, labels)
    probabilities[np.arange(images), predicted] = sureness
    return labels, probabilities


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def drawn(classes: int, channels: int = 3) -> list[Figure]:
    labels, probabilities = classified(3 * classes, classes, wrong=classes)
    names = [f"a long class name, number {i} of ${classes}$" for i in range(classes)]
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, channels), dtype=np.uint8)
    return [
        curves(history([2, 1.5, 1], [2, 1.6, 1.4]), 2),
        confusion(metrics.confusion_matrix(labels, probabilities), names),
        predictions(images, labels, probabilities, names),
        calibration(metrics.calibration_bins(labels, probabilities)),
        why(images[:7], np.linspace(0, 1, 63).reshape(7, 3, 3), labels[:7], probabilities[:7], names),
    ]


@pytest.mark.parametrize(("classes", "channels"), [(2, 1), (5, 3), (100, 3)])
def test_pictures_have_the_same_bytes_twice(tmp_path, classes, channels):
    for i, (first, second) in enumerate(zip(drawn(classes, channels), drawn(classes, channels), strict=True)):
        paths = tmp_path / f"{i}.png", tmp_path / f"{i}-again.png"
        style.save(first, paths[0])
        with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9}):
            style.save(second, paths[1])
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_files_name_no_software_and_are_not_huge(tmp_path):
    for i, figure in enumerate(drawn(3)):
        path = tmp_path / f"{i}.png"
        style.save(figure, path)
        with Image.open(path) as picture:
            assert not {"Software", "Creation Time"} & picture.info.keys()
            assert max(picture.size) < 2000


def test_the_style_leaves_matplotlib_as_it_was():
    before = matplotlib.rcParams.copy()
    drawn(2)
    assert matplotlib.rcParams == before


def test_curves_mark_the_beginning_the_kept_epoch_and_overfitting():
    shown = texts(curves(history([3, 2, 1, 0.8, 0.6, 0.4], [3, 2, 1.5, 1.6, 1.7, 1.8]), 5))
    for text in ("before training", "kept: epoch 5", "overfitting from epoch 3", "1.8"):
        assert text in shown
    assert "overfitting" not in texts(curves(history([3, 2], [3, 2]), 1))


def test_confusion_shows_counts_and_shares_of_the_row():
    shown = texts(confusion(np.array([[3, 1], [0, 6]]), ["cat", "dog"])).split("\n")
    assert {"3", "75 %", "1", "25 %", "6", "100 %", "cat", "dog", "9 of 10 images right (90.0 %)"} <= set(shown)
    assert "0 %" not in shown


def test_confusion_of_many_classes_names_the_worst_pairs():
    matrix = np.eye(20, dtype=int) * 5
    matrix[3, 4], matrix[7, 1] = 9, 2
    shown = texts(confusion(matrix, [f"class-{i}" for i in range(20)]))
    assert shown.index("class-3 → class-4") < shown.index("class-7 → class-1")
    assert "No confusions" in texts(confusion(np.eye(20, dtype=int), [str(i) for i in range(20)]))


def test_confusion_with_a_class_without_images():
    assert "0 of 1 images right" in texts(confusion(np.array([[0, 1], [0, 0]]), ["cat", "dog"]))


def test_the_surest_mistakes_come_first_then_spread_out_hits():
    labels, probabilities = classified(images=200, classes=5, wrong=50)
    wrong, right = choose(labels, probabilities)
    assert wrong.tolist() == list(range(49, 49 - MOST_WRONG, -1))
    assert len(wrong) + len(right) == MOST_SHOWN
    assert (right[0], right[-1]) == (50, 199)


@pytest.mark.parametrize(("images", "wrong"), [(1, 0), (1, 1), (5, 5), (30, 0), (30, 30)])
def test_choose_never_shows_an_image_twice_or_one_that_is_not_there(images, wrong):
    labels, probabilities = classified(images, classes=2, wrong=wrong)
    shown = np.concatenate(choose(labels, probabilities))
    assert len(set(shown.tolist())) == len(shown) == min(images, MOST_WRONG if wrong == images else MOST_SHOWN)


def test_predictions_are_captioned_and_coloured():
    labels, probabilities = classified(images=2, classes=2, wrong=1)
    figure = predictions(np.zeros((2, 4, 4, 1), np.uint8), labels, probabilities, ["cat", "dog"])
    colours = {text.get_text(): text.get_color() for text in figure.findobj(matplotlib.text.Text)}
    assert colours["real: cat\npred: dog\n60 %"] == style.RED
    assert colours["real: dog\npred: dog\n90 %"] == style.BLUE
    assert "1 of 2 test images wrong" in texts(figure)


def test_a_sample_is_shown_when_nothing_is_wrong():
    labels, probabilities = classified(images=3, classes=2, wrong=0)
    shown = texts(predictions(np.zeros((3, 4, 4, 3), np.uint8), labels, probabilities, ["cat", "dog"]))
    assert "All 3 test images right" in shown


def test_calibration_says_its_error():
    bins = metrics.calibration_bins(*classified(images=40, classes=2, wrong=10))
    assert f"Expected calibration error {100 * metrics.calibration_error(bins):.1f} %" in texts(calibration(bins))


def test_grey_pixels_are_drawn_grey_and_over_the_whole_range(tmp_path: Path):
    figure, axes = style.figure(1, 1)
    style.show_image(axes[0, 0], np.full((2, 2, 1), 128, np.uint8))
    style.save(figure, tmp_path / "grey.png")
    with Image.open(tmp_path / "grey.png") as picture:
        assert picture.convert("RGB").getpixel((60, 60)) == (128, 128, 128)


def test_shortened_keeps_both_ends():
    assert style.shortened("tulip", 5) == "tulip"
    assert style.shortened("Bellis perennis", 9) == "Bell…nnis"
    assert len(style.shortened("x" * 50, 12)) == 12


@pytest.mark.parametrize(
    "name", ["Gänseblümchen (Bellis perennis) vom Garten", "W" * 40, "i" * 200, "タンポポ" * 5, ""]
)
def test_names_fit_by_their_measured_width(name):
    text = style.fitted(name, 1.85, 10, "bold", "real: ")
    assert text.startswith("real: ")
    assert style.width(text, 10, "bold") <= 1.85


def test_what_fits_stays_and_what_has_no_letters_is_written_as_numbers():
    assert style.fitted("Чайная роза", 3) == "Чайная роза"


def test_one_name_is_shortened_in_one_way_after_different_words() -> None:
    real, pred = style.fitted_after(("real: ", "pred: "), ["Gänseblümchen hinterm Haus"] * 2, 1.85, 10, "bold")
    assert real.removeprefix("real: ") == pred.removeprefix("pred: ")
    assert max(style.width(text, 10, "bold") for text in (real, pred)) <= 1.85
    assert style.fitted("タ", 3) == r"\u30bf"


def test_no_letter_is_missing(tmp_path):
    names = ["タンポポ", "장미", "وردة حمراء", "ورد", "玫瑰" * 30]
    probabilities = np.eye(5)[[0, 1, 2, 3, 4, 0]]
    labels = np.array([0, 1, 2, 3, 3, 4])
    images = np.zeros((6, 8, 8, 3), np.uint8)
    figures = {
        "predictions": predictions(images, labels, probabilities, names),
        "confusion": confusion(np.eye(5, dtype=int), names),
    }
    for name, figure in figures.items():
        style.save(figure, tmp_path / f"{name}.png")
        assert "玫" not in texts(figure)


def test_scores_begin_where_the_differences_are():
    near = {name: ClassScores(0.93, 0.97, 0.95, 9) for name in ("a", "b")}
    assert scores(near).axes[0].get_xlim()[0] == pytest.approx(0.8)
    assert scores({"a": ClassScores(0.1, 0.2, 0.15, 9)}).axes[0].get_xlim()[0] == 0


def test_trials_are_side_by_side_on_scales_of_their_own():
    axes = [Axis("rate", 1e-4, 1e-2, log=True), Axis("optimizer", choices=["adam", "sgd"]), Axis("layers", 0, 2)]
    assert [axes[0].place(1e-3), axes[1].place("sgd"), axes[2].place(1)] == pytest.approx([0.5, 1, 0.5])
    trials = [
        ({"rate": 1e-3, "optimizer": "adam", "layers": 1}, 0.9),
        ({"rate": 1e-2, "optimizer": "sgd", "layers": 0}, None),
    ]
    shown = texts(parallel(axes, trials, "accuracy"))
    for text in ("0.001", "adam", "sgd", "1 complete trials; 1 pruned or failed, grey", "accuracy"):
        assert text in shown
    assert "$" not in shown + texts(slices(axes, trials, "accuracy"))


def test_equal_trials_and_one_parameter_are_drawn(tmp_path):
    axes, trials = [Axis("layers", 0, 2, whole=True)], [({"layers": 1}, 0.5)] * 2
    for picture in (parallel, slices):
        style.save(picture(axes, trials, "accuracy"), tmp_path / "picture.png")
    assert [words for _, words in axes[0].ticks()] == ["0", "1", "2"]


def test_images_are_tinted_where_something_was_seen_and_nowhere_without_places():
    labels, probabilities = classified(2, 2, wrong=1)
    images = np.full((2, 8, 8, 1), 100, np.uint8)
    heats = np.zeros((2, 2, 2))
    heats[0, 0, 0] = 1
    names = ["oak", "elm"]
    figure = why(images, heats, labels, probabilities, names)
    titles = [axes.get_title(loc="left").splitlines()[:2] for axes in figure.axes]
    assert titles == [["real: oak", "pred: elm"], ["real: elm", "pred: elm"]]
    first, second = (np.asarray(axes.images[0].get_array()) for axes in figure.axes)
    assert (first[:8] == 100).all()
    assert (first[8] == 255).all()
    assert (first[9:11, :2] != 100).any(axis=-1).all()
    assert (first[-2:, -2:] == 100).all()
    assert (np.delete(second, 8, axis=0) == 100).all()
    placeless = why(images, None, labels, probabilities, names)
    assert "knows no places" in texts(placeless)
    assert np.asarray(placeless.axes[0].images[0].get_array()).shape == (8, 8)

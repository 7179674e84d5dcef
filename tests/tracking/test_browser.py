"""The MLflow UI in a real browser: what a person who compares runs looks at is there to be seen."""

import time
from collections.abc import Iterator

import pytest
from mlflow.entities import Run
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from pipeline.files import paths
from pipeline.params import config
from pipeline.results.trials import Trial
from pipeline.tracking import address, ui, views
from pipeline.tracking.store import Store, connect, conversation
from pipeline.tracking.sweeps import SweepRun
from tests.servers import START_SECONDS

from .browser import SECONDS, Pages, chromium
from .example import EPOCHS
from .shown import write

pytestmark = pytest.mark.slow
NAMES = ["lr1e-3·adam·u1·s1·conv32-64", "lr3e-3·adam·u1·s1·conv32-64"]


@pytest.fixture(autouse=True)
def local_store() -> None:
    """The folder of this module stays the working directory, in place of one for each test."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Pages]]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser, pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(ui, "_START_SECONDS", START_SECONDS)
        folder = tmp_path_factory.mktemp("shown")
        write(folder, small=True)
        patch.chdir(folder)
        tracking = config.load().tracking
        with conversation(address.tracking_uri(tracking)):
            store = connect(tracking)
        with ui.server(tracking) as url:
            yield store, Pages(browser, url, store.experiment_id)


def run_called(store: Store, name: str) -> Run:
    (found,) = store.client.search_runs([store.experiment_id], f"attributes.run_name = '{name}'")
    return found


def test_the_runs_are_told_apart_by_what_was_measured_and_chosen(shown: tuple[Store, Pages]) -> None:
    store, pages = shown
    pages.runs("test_accuracy", "train.learning_rate", "train.optimizer", "state", "published", *NAMES)
    accuracy = run_called(store, NAMES[0]).data.metrics["test_accuracy"]
    words = pages.see(f"{accuracy:.10g}"[:6], "sweep digits", "finished", "0.001", "0.003")
    assert "reason" not in words


def test_the_description_leads_to_the_runs_and_shows_no_signs(shown: tuple[Store, Pages]) -> None:
    """MLflow opens an experiment, of whatever kind, as one of language models, so its description leads back."""
    store, pages = shown
    pages.list("digits", "Runs, curves and parameters")
    words = pages.see("digits")
    assert "**" not in words
    assert "](" not in words
    pages.experiment("Runs, curves and parameters")
    (link, *_) = pages.find(f"a[href*='{views.page(store.experiment_id).lstrip('/#')}']")
    assert link.text == "Runs, curves and parameters"
    with pages.clicked(link):
        pages.see("test_accuracy", "train.learning_rate", *NAMES)


def test_a_sweep_of_five_hundred_trials_opens(shown: tuple[Store, Pages]) -> None:
    """How long is printed: on a quiet machine at most three seconds more than with two runs."""
    store, pages = shown
    params = config.load()
    tracking = params.tracking.model_copy(update={"experiment": "many"})
    with SweepRun(pytest.fail) as run:
        run.started("many", params.model_copy(update={"tracking": tracking}))
        for number in range(500):
            run.ended(Trial(number, "complete", {}, f"{number:064d}", 0.5, tuple(EPOCHS), 2, seconds=1.0), params)
    with conversation(store.uri):
        many = Pages(pages.browser, pages.url, connect(tracking).experiment_id)
    pages.runs(*NAMES)  # everything MLflow's pages consist of is loaded
    seconds = []
    for opened, expected in ((pages, NAMES[0]), (many, "sweep many")):
        began = time.monotonic()
        opened.runs(expected)
        seconds.append(time.monotonic() - began)
    print(f"opened in {seconds[0]:.1f} s with two runs, in {seconds[1]:.1f} s with 500 trials")


def test_a_sweeps_trials_are_below_it(shown: tuple[Store, Pages]) -> None:
    _, pages = shown
    pages.runs("sweep digits")
    pages.press("//*[@role='row'][.//*[contains(text(), 'sweep digits')]]//button")
    pages.see("trial 0 · lr", "trial 3 · lr")


def test_two_runs_are_compared(shown: tuple[Store, Pages]) -> None:
    _, pages = shown
    pages.runs(*NAMES)
    pages.compare(NAMES, "Comparing 2 Runs from 1 Experiment", "Parallel Coordinates Plot", *NAMES)
    assert pages.find(".parcoords, .js-plotly-plot .parcoords-lines")


def test_both_runs_curves_are_in_one_chart_in_two_colours(shown: tuple[Store, Pages]) -> None:
    _, pages = shown
    pages.runs("Curves", "epoch/train_accuracy", "epoch/validation_accuracy", *NAMES, charts=True)
    lines = pages.find(".scatterlayer .trace path.js-line", least=4)
    assert len({line.get_attribute("style") for line in lines}) >= 2
    pages.scroll_to("Results")
    assert "class_f1" not in pages.see("test_accuracy")


def test_a_run_says_what_came_out_and_shows_its_pictures(shown: tuple[Store, Pages]) -> None:
    store, pages = shown
    run_id = run_called(store, NAMES[1]).info.run_id
    pages.run(run_id, "", "Test accuracy", "95 % interval", "digits train", "Logged models (1)")
    pages.run(run_id, "artifacts/curves.png", "curves.png")
    wide = "return [...document.images].some(image => image.complete && image.naturalWidth > 500)"
    assert WebDriverWait(pages.browser, SECONDS).until(lambda browser: browser.execute_script(wide))


def test_a_runs_report_opens_in_the_page(shown: tuple[Store, Pages]) -> None:
    store, pages = shown
    pages.run(run_called(store, NAMES[1]).info.run_id, "artifacts/report.html", "report.html")
    (frame,) = pages.find("iframe")
    pages.browser.switch_to.frame(frame)
    try:
        words = pages.see("Test accuracy", "Run it again")
        assert "digits, 10 classes" in words
        pictures = pages.browser.find_elements(By.CSS_SELECTOR, "figure img")
        assert len(pictures) == len(paths.PICTURES)
    finally:
        pages.browser.switch_to.default_content()

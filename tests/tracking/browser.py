"""MLflow's pages as a person sees them: Chromium without a window, what to wait for, what to press.

`Pages` is used by the tests and by `python -m tests.tracking.screenshots`.
"""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.common.exceptions import ElementClickInterceptedException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from pipeline.tracking import views

SECONDS = 180  # a busy machine is no failure
_OPTIONS = (
    *("headless=new", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking"),
    *("disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars"),
)
_ASSISTANT = ("mlflow.assistant.panelOpen_v1", "false"), ("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true")


@contextlib.contextmanager
def chromium(profile: Path, width: int = 1600, height: int = 1000) -> Iterator[Chrome]:
    """A browser with an empty profile in the folder `profile`; skips where there is none."""
    driver, program = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not program:
        pytest.skip("needs Chromium (Debian: apt-get install chromium chromium-driver)")
    options = ChromeOptions()
    options.binary_location = program
    for option in (*_OPTIONS, f"user-data-dir={profile}", f"window-size={width},{height}"):
        options.add_argument(f"--{option}")
    browser = Chrome(options=options, service=Service(driver))
    try:
        browser.set_page_load_timeout(SECONDS)
        yield browser
    finally:
        browser.quit()


@dataclass(frozen=True)
class Pages:
    """The pages of one experiment on the MLflow server at `url`."""

    browser: Chrome
    url: str
    experiment_id: str

    def runs(self, *expected: str, charts: bool = False) -> None:
        """The experiment's runs as `herbarium ui` shows them, as a table or as charts."""
        self._open(views.page(self.experiment_id) + ("&compareRunsMode=CHART" if charts else ""), *expected)

    def list(self, *expected: str) -> None:
        """All experiments."""
        self._open("/#/experiments", *expected)

    def experiment(self, *expected: str) -> None:
        """Where MLflow itself leads, from its list of experiments."""
        self._open(f"/#/experiments/{self.experiment_id}", *expected)

    def run(self, run_id: str, part: str, *expected: str) -> None:
        """A part of a run's page: "" is its description, artifacts/<path> a file of it."""
        self._open(f"/#/experiments/{self.experiment_id}/runs/{run_id}/{part}?workflowType=machine_learning", *expected)

    def compare(self, names: Sequence[str], *expected: str) -> None:
        """Tick the runs with these names in the table, then press Compare."""
        for name in names:
            self.press(f"//*[@role='row'][.//*[contains(text(), '{name}')]]//input[@type='checkbox']")
        self.press("//button[contains(., 'Compare')]")
        self.see(*expected)

    def see(self, *texts: str) -> str:
        """All that the page says, once it says all of `texts`. Raises TimeoutException naming what it does not say."""
        words = ""

        def seen(_: Chrome) -> bool:
            nonlocal words
            words = self.browser.find_element(By.TAG_NAME, "body").text
            return all(text in words for text in texts)

        WebDriverWait(self.browser, SECONDS, ignored_exceptions=[Exception]).until(seen, f"not on the page: {texts}")
        return words

    def find(self, css: str, least: int = 1) -> Sequence[WebElement]:
        """The elements, once there are `least` of them."""

        def found(_: Chrome) -> Sequence[WebElement] | bool:
            elements = self.browser.find_elements(By.CSS_SELECTOR, css)
            return elements if len(elements) >= least else False

        return WebDriverWait(self.browser, SECONDS).until(found, f"fewer than {least}: {css}")

    def press(self, xpath: str) -> None:
        element = WebDriverWait(self.browser, SECONDS).until(lambda b: b.find_element(By.XPATH, xpath), xpath)
        self.browser.execute_script("arguments[0].click()", element)

    def scroll_to(self, text: str) -> None:
        """Charts are drawn when they come into sight: those below the heading `text`."""
        place = f"//*[contains(text(), '{text}')]"
        heading = WebDriverWait(self.browser, SECONDS).until(lambda b: b.find_elements(By.XPATH, place), text)[-1]
        self.browser.execute_script("arguments[0].scrollIntoView()", heading)

    @contextlib.contextmanager
    def clicked(self, link: WebElement) -> Iterator[None]:
        """Within it, what a click on `link` leads to is the page, in this tab or in one of its own."""
        here, before = self.browser.current_window_handle, set(self.browser.window_handles)

        def pressed(browser: Chrome) -> bool:
            """MLflow covers some pages with advice, the first time they are seen."""
            for button in browser.find_elements(By.XPATH, "//button[contains(., 'Got it')]"):
                button.click()
            link.click()
            return True

        covered = [ElementClickInterceptedException, StaleElementReferenceException]
        WebDriverWait(self.browser, SECONDS, ignored_exceptions=covered).until(pressed)
        for opened in set(self.browser.window_handles) - before:
            self.browser.switch_to.window(opened)
        try:
            yield
        finally:
            if self.browser.current_window_handle != here:
                self.browser.close()
                self.browser.switch_to.window(here)

    def _open(self, place: str, *expected: str) -> None:
        self.browser.get(f"{self.url}/health")  # leaves the page: another #… alone would not load it again
        for key, value in _ASSISTANT:
            self.browser.execute_script("localStorage.setItem(arguments[0], arguments[1])", key, value)
        self.browser.get(f"{self.url}{place}")
        self.see(*expected)

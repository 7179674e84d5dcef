"""`python -m tests.tracking.screenshots docs/pictures`: the pictures of the MLflow UI that the documentation shows.

Runs the default experiment twice and sweeps it, in a folder of its own: some minutes.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from pipeline.files import paths
from pipeline.params import config
from pipeline.tracking import address, ui
from pipeline.tracking.store import connect, conversation

from .browser import Pages, chromium
from .shown import write

SETTLE_SECONDS = 4  # charts slide into place
COLOURS = 256


def main(target: Path) -> None:
    target = target.resolve()
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder) / "profile", 1600, 950) as browser:
        project = Path(folder) / "digits"
        project.mkdir()
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        write(project, small=False)
        os.chdir(project)
        tracking = config.load().tracking
        with conversation(address.tracking_uri(tracking)):
            store = connect(tracking)
        with ui.server(tracking) as url:
            pages = Pages(browser, url, store.experiment_id)
            _take(pages, target)
        os.chdir(target)


def _take(pages: Pages, target: Path) -> None:
    pages.runs("sweep digits")
    pages.press("//*[@role='row'][.//*[contains(text(), 'sweep digits')]]//button")
    pages.see("trial 0 · lr")
    _save(pages, target / "mlflow-runs.png")
    pages.runs("Curves", charts=True)
    pages.find(".scatterlayer .trace path.js-line", least=4)
    _save(pages, target / "mlflow-curves.png")
    pages.browser.get(paths.REPORT.resolve().as_uri())
    _save(pages, target / "report.png")


def _save(pages: Pages, path: Path) -> None:
    time.sleep(SETTLE_SECONDS)
    pages.browser.save_screenshot(str(path))
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The cards of the page as a browser lays them out: every row is full, however many and however wide they are."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from ..root import ROOT
from ..tracking.browser import chromium

COUNTS = (3, 4, 5, 6, 7, 8)
RECTANGLES = """return [...document.querySelectorAll("dl")].map(list => [list, ...list.children].map(
    e => (({left, right, top}) => [left, right, top])(e.getBoundingClientRect())))"""


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 700])
def test_no_card_stands_alone_beside_empty_room(width: int, tmp_path: Path) -> None:
    style = re.search(r"<style>.*?</style>", (ROOT / "pipeline/report/page.html").read_text(encoding="utf-8"), re.S)
    assert style
    card = '<div class="card"><dt>Test accuracy</dt><dd>88.3 %</dd><dd class="note">82.8 to 92.2 %</dd></div>'
    lists = [f'<dl class="cards">{card * count}</dl>' for count in COUNTS]
    page = tmp_path / "cards.html"
    page.write_text(f"<!doctype html><html>{style[0]}<body><main>{''.join(lists)}</main></body></html>")
    with chromium(tmp_path / "profile", width) as browser:
        browser.get(page.as_uri())
        found = browser.execute_script(RECTANGLES)
    for (whole, *cards), count in zip(found, COUNTS, strict=True):
        rows = defaultdict(list)
        for left, right, top in cards:
            rows[top].append((left, right))
        assert sum(map(len, rows.values())) == count
        for row in rows.values():
            assert min(left for left, _ in row) == pytest.approx(whole[0], abs=1)
            assert max(right for _, right in row) == pytest.approx(whole[1], abs=1)

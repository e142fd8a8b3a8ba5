"""The cards as a reader meets them: in a real browser, on a wide and on a narrow screen, and printed on A4."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader

from auditor.rulebook import load_rulebook
from reports.league import render_league
from reports.scorecard import render_scorecard
from tests.reports import builders

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
A4 = (595, 842)  # points


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sheets")
    card, messages = builders.audit(), load_rulebook(None).messages
    pages = {"card": render_scorecard(card, messages), "league": render_league([card], messages)}
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html, "utf-8")
    return {name: folder / f"{name}.html" for name in pages}


@pytest.mark.parametrize("name", ["card", "league"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_runs_out_of_the_screen_and_nothing_is_loaded(
    browser: Browser, sheets: dict[str, Path], name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(sheets[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_the_card_prints_on_a4_with_its_words(browser: Browser, sheets: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(sheets["card"].as_uri())
    pdf = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    page.close()
    box = pdf.pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == A4
    text = " ".join("".join(sheet.extract_text() for sheet in pdf.pages).split())
    assert "Kết quả tự động, để tham khảo" in text
    assert len(pdf.pages) < 30

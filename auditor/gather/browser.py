"""Pages that a script fills, built by an installed Chromium (extra `[browser]`, off unless configured).

Nothing that the page asks for leaves through the browser: every request is answered from the look already made or by
the polite client, with its own rules on addresses, robots.txt, pace and size; what is no GET, or a picture, font or
film, is refused. The browser itself resolves no name. Bounded in pages, requests and seconds.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from auditor.gather.network import Network
from auditor.model import Look

if TYPE_CHECKING:
    from playwright.async_api import Browser, Route

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever slips past the interception reaches nobody
]
_WANTED = frozenset({"document", "script", "xhr", "fetch", "stylesheet"})
_REQUESTS = 40  # of one page
_QUIET_MS = 500  # without a request: the page is taken as built


class BrowserMissing(Exception):
    """Playwright or an installed Chromium is not there. The text says which."""


@dataclass(slots=True)
class Renderer:
    """One browser for a run. `pages_left` bounds what it builds for one agency."""

    browser: Browser
    network: Network
    seconds: float
    pages: int
    _built: dict[str, int] = field(default_factory=dict)

    async def render(self, look: Look, owner: str, *, insecure_tls: bool = False) -> Look:
        """`look` with the document that its scripts made of it, marked `rendered`; unchanged once `owner` (an
        agency's code) has used up its pages, or if the browser could not build it."""
        from playwright.async_api import Error

        if self._built.get(owner, 0) >= self.pages:
            return look
        self._built[owner] = self._built.get(owner, 0) + 1
        context = await self.browser.new_context(service_workers="block", accept_downloads=False, locale="vi-VN")
        try:
            page = await context.new_page()
            await page.route("**/*", _Answers(look, self.network, insecure_tls).answer)
            await self._open(page, look.final_url)
            html = await page.content()
        except Error:  # a page that crashes the browser's tab stays what it was: a shell
            return look
        finally:
            await context.close()
        body = html.encode("utf-8", "replace")
        headers = (*((k, v) for k, v in look.headers if k.lower() != "content-type"), _HTML)
        return replace(look, body=body, digest=hashlib.sha256(body).hexdigest(), headers=headers, rendered=True)

    async def _open(self, page: Any, url: str) -> None:
        """Open and wait until the page asks for nothing more, or the time is over: what stands there then counts."""
        from playwright.async_api import TimeoutError as TooLong

        try:
            await page.goto(url, wait_until="networkidle", timeout=self.seconds * 1000)
            await page.wait_for_timeout(_QUIET_MS)
        except TooLong:
            return


_HTML = ("content-type", "text/html; charset=utf-8")


@dataclass  # no slots: playwright notes its wrapper on the object whose method it calls
class _Answers:
    """Answers the requests of one page."""

    look: Look
    network: Network
    insecure_tls: bool
    asked: int = 0

    async def answer(self, route: Route) -> None:
        request = route.request
        if request.method != "GET" or request.resource_type not in _WANTED or not request.url.startswith("http"):
            await route.abort()
            return
        if request.is_navigation_request():
            if urldefrag(request.url).url == urldefrag(self.look.final_url).url and request.frame.parent_frame is None:
                content_type = self.look.content_type or "text/html"
                await route.fulfill(status=200, body=self.look.body, content_type=content_type)
            else:  # a page that leads on, or frames another one, is looked at by the crawl, not here
                await route.abort()
            return
        self.asked += 1
        if self.asked > _REQUESTS:
            await route.abort()
            return
        got = await self.network.fetch(request.url, insecure_tls=self.insecure_tls)
        if got.status is None:
            await route.abort()
            return
        await route.fulfill(status=got.status, body=got.body, content_type=got.content_type or "text/plain")


def find_chromium(configured: str = "") -> str | None:
    """The configured executable, or an installed one by its usual names."""
    return configured or next((path for name in _NAMES if (path := shutil.which(name))), None)


async def try_browser(executable: str) -> tuple[str, str]:
    """Start the browser once and close it: its path and version. Raises BrowserMissing."""
    async with _launched(executable) as (browser, path):
        return path, browser.version


@asynccontextmanager
async def open_renderer(network: Network, *, executable: str, seconds: float, pages: int) -> AsyncIterator[Renderer]:
    """A browser for the length of a run. Raises BrowserMissing."""
    async with _launched(executable) as (browser, _):
        yield Renderer(browser, network, seconds, pages)


@asynccontextmanager
async def _launched(executable: str) -> AsyncIterator[tuple[Browser, str]]:
    """A running browser and the path it was started from. Raises BrowserMissing."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as error:
        raise BrowserMissing("playwright") from error
    path = find_chromium(executable)
    if path is None:
        raise BrowserMissing("chromium")
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        except Error as error:
            raise BrowserMissing(f"{path}: {error.message.splitlines()[0]}") from error
        try:
            yield browser, path
        finally:
            await browser.close()

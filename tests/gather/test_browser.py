"""Script-filled pages built by a real Chromium, every request through the polite client, on loopback."""

from __future__ import annotations

import asyncio
import shutil
from datetime import date
from pathlib import Path

import pytest

from auditor.audit import audit_agency
from auditor.audit_context import open_context
from auditor.configuration import ConfigError
from auditor.gather.browser import find_chromium
from auditor.model import Agency, AgencyAudit, SectionState, SiteScope, SiteState, SiteStatus
from auditor.settings import Settings, load_settings
from auditor.store import RunKind, open_store
from tests.gather.servers import HttpServer, Request, reply

pytest.importorskip("playwright", reason="the extra [browser] is not installed")
if find_chromium() is None:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

HOST = "sct.tinhmau.example"
AGENCY = Agency(
    code="sct",
    name="Sở Công Thương",
    url=f"http://{HOST}/",
    scope=SiteScope(HOST, "/"),
    site_status=SiteStatus.DECLARED,
)
SHELL = '<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Sở Công Thương</title></head><body><div id="root"></div><script src="/app.js"></script></body></html>'
APP = """
const menu = '<nav><a href="/tin-tuc">Tin tức</a> <a href="/lien-he">Liên hệ</a></nav>';
fetch('/api' + location.pathname).then(r => r.json()).then(data => {
  document.getElementById('root').innerHTML = menu + '<main><h1>' + data.title + '</h1>' + data.html + '</main>';
  new Image().src = '/leak.png';
  fetch('/api/vote', {method: 'POST', body: 'x'}).catch(() => 0);
});
"""
PAGES = {
    "/api/": '{"title": "Trang chủ", "html": "<p>Trang thông tin điện tử của Sở Công Thương tỉnh Mẫu.</p>"}',
    "/api/tin-tuc": '{"title": "Tin tức", "html": "<ul><li><a href=\\"/tin-tuc/1\\">Khai mạc hội chợ hàng Việt tại tỉnh</a> <i>18/11/2026</i></li><li><a href=\\"/tin-tuc/2\\">Kiểm tra thị trường dịp cuối năm</a> <i>10/11/2026</i></li></ul>"}',
    "/api/lien-he": '{"title": "Liên hệ", "html": "<p>Địa chỉ: 12 Lê Lợi. Điện thoại: 0271 3888 111. Email: sct@tinhmau.example</p>"}',
}


def answer(request: Request) -> bytes:
    if request.path == "/app.js":
        return reply(APP, Content_Type="text/javascript; charset=utf-8")
    if request.path.startswith("/api"):
        body = PAGES.get(request.path)
        return (
            reply(body, Content_Type="application/json") if body else reply("{}", 404, Content_Type="application/json")
        )
    if request.path in ("/", "/tin-tuc", "/lien-he"):
        return reply(SHELL, Content_Type="text/html; charset=utf-8")
    return reply("không có", 404, Content_Type="text/plain; charset=utf-8")


def configured(folder: Path, port: int, **browser: object) -> Settings:
    base = load_settings(folder).with_audit(
        delay_seconds=0,
        allow_private=True,
        resolvers=("127.0.0.1:9",),
        connect_to=(f"{HOST}:80:127.0.0.1:{port}", f"{HOST}:443:127.0.0.1:9"),
    )
    table = base.browser.model_copy(update={"enabled": True, "seconds": 10.0, **browser})
    return base.model_copy(update={"browser": table})


async def audited(folder: Path, **browser: object) -> tuple[AgencyAudit, HttpServer]:
    async with HttpServer(answer) as server:
        settings = configured(folder, server.port, **browser)
        async with open_context(settings, as_of=date(2026, 11, 20)) as context:
            return await audit_agency(AGENCY, context), server


def test_a_script_filled_site_is_read_as_its_readers_see_it(tmp_path: Path) -> None:
    audit, server = asyncio.run(audited(tmp_path))
    assert audit.site.state is SiteState.OK
    news = audit.site.section("news")
    assert news.state is SectionState.PRESENT
    assert news.newest is not None and news.newest.date == date(2026, 11, 18)
    assert [fact.address for fact in audit.site.addresses] == ["sct@tinhmau.example"]
    assert {look.final_url for look in audit.evidence.looks if look.rendered} >= {
        f"http://{HOST}/",
        f"http://{HOST}/tin-tuc",
    }
    assert any(trap.kind == "rendered" for trap in audit.site.traps), "the card says how the page was read"
    assert not any("vote" in path or "leak" in path for path in server.paths), "only GETs of the client leave"


def test_what_was_rendered_stays_marked_in_the_record(tmp_path: Path) -> None:
    audit, _ = asyncio.run(audited(tmp_path))
    with open_store(tmp_path / "a.db") as store:
        run = store.begin_run(RunKind.ON_DEMAND, audit.as_of, "r", ["sct"])
        number = store.save_audit(run, audit)
        loaded = store.load_audit(number)
    assert loaded is not None
    assert [look.rendered for look in loaded.evidence.looks] == [look.rendered for look in audit.evidence.looks]


def test_the_bound_on_pages_leaves_the_rest_as_shells(tmp_path: Path) -> None:
    audit, _ = asyncio.run(audited(tmp_path, pages=1))
    assert sum(look.rendered for look in audit.evidence.looks) == 1
    assert audit.site.section("news").state is SectionState.UNVERIFIABLE


def test_without_the_extra_switched_on_the_site_needs_javascript(tmp_path: Path) -> None:
    audit, _ = asyncio.run(audited(tmp_path, enabled=False))
    assert audit.site.state is SiteState.NEEDS_JAVASCRIPT
    assert not any(look.rendered for look in audit.evidence.looks)


def test_a_browser_that_is_not_there_is_said_before_any_look(tmp_path: Path) -> None:
    settings = configured(tmp_path, 9, executable=str(tmp_path / "no-such-browser"))

    async def run() -> None:
        async with open_context(settings, as_of=date(2026, 11, 20)):
            pass

    with pytest.raises(ConfigError) as caught:
        asyncio.run(run())
    assert caught.value.field == "browser.enabled"


def test_an_installed_chromium_is_found_by_its_usual_names() -> None:
    assert find_chromium() in {
        shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    }
    assert find_chromium("/opt/x") == "/opt/x"

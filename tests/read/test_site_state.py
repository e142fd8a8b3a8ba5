"""Site states, each on its own evidence."""

from __future__ import annotations

import pytest

from auditor.model import Look, Reason, SectionState, SiteState, SiteStatus
from tests.read.pages import BASE, agency, document, look, site

SPA = '<html><head><script src="/app.js"></script></head><body><div id="app"></div></body></html>'
CASES: list[tuple[str, Look, SiteState]] = [
    ("ok", look("/", document("<p>" + "Nội dung trang chủ của Sở. " * 30 + "</p>", {"/a": "Tin tức"})), SiteState.OK),
    ("redirect to another host", look("/", "<p>x</p>", final="https://moi.example/"), SiteState.MOVED),
    ("www and https are not a move", look("/", document("<p>x</p>", {"/a": "Tin"}), final=f"{BASE.replace('//', '//www.')}/"), SiteState.OK),
    ("meta refresh away", look("/", '<meta http-equiv=refresh content="0;url=https://moi.example/">'), SiteState.MOVED),
    ("parked", look("/", "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>"), SiteState.PARKED),
    ("maintenance with 200", look("/", "<h1>Website đang bảo trì, vui lòng quay lại sau</h1>"), SiteState.MAINTENANCE),
    ("maintenance with 503", look("/", "<h1>Hệ thống đang được nâng cấp</h1>", status=503, reason=Reason.HTTP_5XX), SiteState.MAINTENANCE),
    ("single-page app", look("/", SPA), SiteState.NEEDS_JAVASCRIPT),
    ("403", look("/", "<h1>403 Forbidden</h1>", status=403, reason=Reason.HTTP_403), SiteState.BLOCKED),
    ("bot wall", look("/", "<title>Just a moment...</title>", status=503, reason=Reason.HTTP_5XX), SiteState.BLOCKED),
    ("refused", look("/", reason=Reason.REFUSED), SiteState.UNREACHABLE),
    ("500", look("/", "<p>lỗi</p>", status=500, reason=Reason.HTTP_5XX), SiteState.UNREACHABLE),
]  # fmt: skip


@pytest.mark.parametrize(("name", "start", "expected"), CASES, ids=[case[0] for case in CASES])
def test_state(name: str, start: Look, expected: SiteState) -> None:
    facts = site({"/": start})
    assert facts.state is expected
    unreadable = expected is not SiteState.OK
    assert all((found.state is SectionState.UNVERIFIABLE) is True for found in facts.detectors.values() if unreadable)


def test_undeclared_and_none() -> None:
    assert site({}, who=agency(url=None, scope=None, site_status=SiteStatus.TO_VERIFY)).state is SiteState.NOT_DECLARED
    assert site({}, who=agency(url=None, scope=None, site_status=SiteStatus.NONE)).state is SiteState.NONE


def test_unreachable_is_confirmed_only_by_a_second_look() -> None:
    first = look("/", reason=Reason.REFUSED)
    assert site({"/": first}).state_confirmed is False
    assert site({"/": first}, extra=(look("/", reason=Reason.REFUSED, attempt=2),)).state_confirmed is True


def test_splash_page_is_read_behind() -> None:
    entry = look("/", '<a href="/trang-chu"><img src="b.jpg" alt="Vào trang chủ"></a>')
    home = document("<p>" + "Nội dung trang chủ của Sở. " * 30 + "</p>", {"/tin": "Tin tức"})
    facts = site(
        {"/": entry, "/trang-chu": look("/trang-chu", home), "/tin": look("/tin", document("<h2>Tin tức</h2>"))}
    )
    assert facts.state is SiteState.SPLASH
    assert facts.section("news").state is SectionState.EMPTY

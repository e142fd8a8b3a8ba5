"""Which further pages are worth one look of the budget."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.model import SiteEvidence
from auditor.read.context import SiteContext
from auditor.read.labels import LabelMatcher
from auditor.read.site import make_context, read_pages
from auditor.read.urls import same_page_key
from auditor.read.wants import Want, detail_wants, section_wants, unit_wants
from tests.read.pages import AS_OF, BASE, VOCABULARY, agency, document, look, news_list
from tests.read.test_sections import LONG

ORGANISATION = f"<p>{LONG} Chức năng và nhiệm vụ theo quy định. Các phòng chuyên môn: Văn phòng.</p>"


def context(pages: Mapping[str, str], labels: Mapping[str, str]) -> SiteContext:
    """What is known of a site of which these pages were read."""
    who = agency()
    looks = tuple(
        look(path, document(html, labels)) for path, html in ({"/": "<p>Trang chủ</p>"} | dict(pages)).items()
    )
    read = read_pages(looks, {})
    assert who.scope is not None and who.url is not None
    evidence = SiteEvidence(who.code, who.url, looks, requests=len(looks))
    start = read[same_page_key(BASE + "/")]
    return make_context(who, who.scope, evidence, LabelMatcher(VOCABULARY), AS_OF, read, start)


def paths(wants: list[Want]) -> list[str]:
    return [want.url.removeprefix(BASE) for want in wants]


def five(stamp: str) -> str:
    return news_list(
        *((f"Hội nghị triển khai nhiệm vụ trọng tâm thứ {n}", stamp) for n in ("một", "hai", "ba", "tư", "năm"))
    )


NEWS = {"/tin": "Tin tức", "/tin/su-kien": "Tin tức - Sự kiện"}
WEEKS = {"/lich": "Lịch công tác", "/lich?tuan=47": "Lịch công tác tuần 47"}


@pytest.mark.parametrize(("stamp", "wanted"), [("18/11/2026", []), ("18/03/2024", ["/tin/su-kien"])])
def test_parts_of_the_news_are_not_wanted_where_the_whole_list_is_of_these_days(stamp: str, wanted: list[str]) -> None:
    assert [path for path in paths(section_wants(context({"/tin": five(stamp)}, NEWS))) if "tin" in path] == wanted


@pytest.mark.parametrize(("week", "wanted"), [("16/11/2026 đến ngày 20/11/2026", []), ("05/01/2026 đến ngày 09/01/2026", ["/lich?tuan=47"])])  # fmt: skip
def test_other_weeks_are_not_wanted_where_the_schedule_shows_this_one(week: str, wanted: list[str]) -> None:
    html = f"<h1>Lịch công tác tuần từ ngày {week}</h1>" + "".join(
        f"<p>Thứ {day}: họp giao ban tại phòng họp số 1</p>" for day in ("hai", "ba", "tư")
    )
    assert [path for path in paths(section_wants(context({"/lich": html}, WEEKS))) if "lich" in path] == wanted


def test_articles_of_an_undated_list_are_opened_beside_a_dated_list_that_is_old() -> None:
    undated = (
        "<ul><li><a href='/a/1'>Lễ ra quân công trình xanh</a></li><li><a href='/a/2'>Hội nghị tổng kết</a></li></ul>"
    )
    pages = {"/tin": five("18/03/2024"), "/sk": undated}
    assert "/a/1" in paths(detail_wants(context(pages, {"/tin": "Tin tức", "/sk": "Tin hoạt động"})))


def test_pages_of_units_are_visited() -> None:
    links = "".join(
        f"<li><a href='/u/{n}'>{name}</a></li>" for n, name in enumerate(("Văn phòng Sở", "Phòng Quản lý nhà"))
    )
    assert paths(unit_wants(context({"/tc": f"{ORGANISATION}<ul>{links}</ul>"}, {"/tc": "Cơ cấu tổ chức"}), 8)) == [
        "/u/0",
        "/u/1",
    ]


def test_one_text_may_say_all_of_the_organisation() -> None:
    """Its further pages are wanted only where it does not."""

    def wanted(pages: Mapping[str, str]) -> list[str]:
        wants = section_wants(context(pages, {"/tc": "Cơ cấu tổ chức", "/cn": "Chức năng, nhiệm vụ"}))
        return paths([want for want in wants if want.detector == "organisation"])

    assert len(wanted({})) == 1
    assert wanted({"/tc": ORGANISATION}) == []
    assert wanted({"/tc": f"<p>{LONG}</p>"}) == ["/cn"]

"""A site that changes over thirty simulated nights, through the real nightly run and the real store.

Its news are dated and go on; a direction is dated forward night by night without a change; a project is dated forward
with a text that really changed; its dissemination shows no dates; a
document comes weeks after its date; a visitors' counter changes on every page at every look. Two banners take turns on
the page of procedures, whose text drifts by a word a night.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from auditor.audit import audit_agency, second_look
from auditor.audit_context import open_context
from auditor.model import Agency, AgencyAudit, Finding, ObservedItem, ObservedSection, SiteScope, SiteStatus, Verdict
from auditor.model.observed import observed_cadence
from auditor.nightly import Plan, run_night
from auditor.rejudge import Rules, rejudge
from auditor.rulebook import load_calendar, load_rulebook
from auditor.settings import load_settings
from auditor.store import RunKind, Store, open_store
from auditor.vocabulary import load_vocabulary
from tests.gather.servers import HttpServer, Request, reply
from tests.test_nightly import Watch

FIRST, NIGHTS = date(2026, 6, 1), 30
HOST = "snv.tinhmau.example"
AGENCY = Agency(
    code="snv",
    name="Sở Nội vụ",
    url=f"http://{HOST}/",
    scope=SiteScope(HOST, "/"),
    site_status=SiteStatus.DECLARED,
    mail_domain=None,
)
SECTIONS = {
    "/gioi-thieu": "Giới thiệu",
    "/tin-tuc": "Tin tức",
    "/chi-dao": "Chỉ đạo điều hành",
    "/pho-bien": "Phổ biến giáo dục pháp luật",
    "/van-ban": "Văn bản",
    "/thu-tuc": "Thủ tục hành chính",
    "/du-an": "Dự án đầu tư",
}
WORDS = (
    "hồ sơ nộp tại bộ phận một cửa gồm đơn đề nghị theo mẫu bản sao giấy tờ tùy thân sơ yếu lý lịch có xác nhận cùng "
    "quyết định cử đi học thành phần do cơ quan quản lý cán bộ lập biên lai thu phí lệ phí nếu pháp luật quy định"
)
CHEAT, TEXT, ARRIVAL, LATE, GONE, EDIT = 12, 9, 18, 10, 15, 20  # the nights, counted from 0, on which something happens


def night(number: int) -> date:
    return FIRST + timedelta(days=number)


@dataclass
class Site:
    """What the server shows on `number`, a night counted from 0."""

    number: int = 0
    looks: int = 0

    def answer(self, request: Request) -> bytes:
        self.looks += 1
        body = self._content(request.path)
        if body is None:
            return reply("không có", 404, Content_Type="text/plain; charset=utf-8")
        menu = "".join(f'<li><a href="{path}">{label}</a></li>' for path, label in SECTIONS.items())
        page = (
            f'<html><head><meta charset="utf-8"><title>Sở Nội vụ</title></head><body><ul class="menu">{menu}</ul>'
            f'<div class="content">{body}</div><div class="footer">Lượt truy cập: {90_000 + 37 * self.looks}</div></body></html>'
        )
        return reply(page, Content_Type="text/html; charset=utf-8")

    def _content(self, path: str) -> str | None:
        if path == "/":
            return "<p>Trang thông tin điện tử của Sở Nội vụ, cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh.</p>"
        if path == "/gioi-thieu":
            return self._about()
        if path == "/thu-tuc":
            return self._procedures()
        rows = {
            "/tin-tuc": self._news, "/chi-dao": self._direction, "/pho-bien": self._law, "/van-ban": self._laws,
            "/du-an": self._projects,
        }  # fmt: skip
        if path not in rows:
            return None
        return f"<h1>{SECTIONS[path]}</h1><ul>" + "".join(f"<li>{row}</li>" for row in rows[path]()) + "</ul>"

    def _about(self) -> str:
        units = "Văn phòng Sở, Thanh tra Sở, Phòng Tổ chức bộ máy, Phòng Công chức viên chức, Chi cục Văn thư lưu trữ"
        if self.number >= TEXT:
            units = "Văn phòng, Phòng Xây dựng chính quyền, Phòng Cải cách hành chính, Trung tâm Lưu trữ lịch sử, Ban Tôn giáo"
        return f"<h1>Giới thiệu</h1><p>Sở có chức năng tham mưu quản lý nhà nước; nhiệm vụ do tỉnh giao.</p><p>Các đơn vị: {units}.</p>"

    def _procedures(self) -> str:
        banners = (
            "Chung tay xây dựng nông thôn mới, đô thị văn minh, mỗi người dân là một người gương mẫu",
            "Toàn dân tham gia bảo hiểm y tế, vì sức khỏe cộng đồng, vì tương lai con em chúng ta",
        )
        told = WORDS.split()
        words = [told[(place + len(told) // 2 * (self.number > place)) % len(told)] for place in range(len(told))]
        return f"<h1>Thủ tục hành chính</h1><p>{banners[self.number % 2]}.</p><p>Thời hạn giải quyết: {' '.join(words)}.</p>"

    def _news(self) -> Iterator[str]:
        for n in range(self.number // 3 * 3, -13, -3):
            if not (n == 0 and self.number >= GONE):
                yield f'<a href="/tin-tuc/{n + 100}.html">Hoạt động của Sở trong kỳ số {n + 100} năm nay</a> <i>{night(n):%d/%m/%Y}</i>'

    def _direction(self) -> Iterator[str]:
        shown = night(self.number) if self.number >= CHEAT else date(2026, 2, 3)
        yield (
            f'<a href="/chi-dao/1.html">Giám đốc Sở chỉ đạo chấn chỉnh kỷ luật hành chính</a> <i>{shown:%d/%m/%Y}</i><p>Các '
            "phòng, đơn vị chấp hành nghiêm giờ giấc làm việc, giải quyết hồ sơ đúng hạn và báo cáo trước cuối tuần.</p>"
        )
        for n, day in ((2, date(2026, 2, 2)), (3, date(2026, 1, 20)), (4, date(2026, 1, 12)), (5, date(2026, 1, 5))):
            yield f'<a href="/chi-dao/{n}.html">Thông báo kết luận giao ban lần thứ {n} trong năm</a> <i>{day:%d/%m/%Y}</i>'

    def _projects(self) -> Iterator[str]:
        shown, text = (
            date(2025, 1, 15),
            "đang hoàn thiện hồ sơ mời thầu, dự kiến lựa chọn nhà thầu trong năm và khởi công sau đó",
        )
        if self.number >= EDIT:
            shown, text = (
                night(EDIT),
                "đã nghiệm thu, bàn giao đưa vào sử dụng; tổng mức đầu tư quyết toán giảm so với dự toán được duyệt",
            )
        yield f'<a href="/du-an/1.html">Dự án số hóa tài liệu lưu trữ lịch sử</a> <i>{shown:%d/%m/%Y}</i><p>Hiện nay {text}.</p>'
        for n, day in ((2, date(2024, 9, 2)), (3, date(2024, 5, 20)), (4, date(2024, 1, 12))):
            yield f'<a href="/du-an/{n}.html">Dự án nâng cấp trụ sở làm việc giai đoạn {n}</a> <i>{day:%d/%m/%Y}</i>'

    def _law(self) -> Iterator[str]:
        if self.number >= ARRIVAL:
            yield '<a href="/pho-bien/9.html">Những điểm mới của Luật Cán bộ, công chức</a>'
        for n in (3, 2, 1):
            yield f'<a href="/pho-bien/{n}.html">Hướng dẫn thực hiện chính sách phần thứ {n}</a>'

    def _laws(self) -> Iterator[str]:
        if self.number >= LATE:
            yield '<a href="/van-ban/9.pdf">15/2026/QĐ-UBND Quy định phân cấp quản lý tổ chức bộ máy</a> <i>04/05/2026</i>'
        yield '<a href="/van-ban/8.pdf">11/2026/QĐ-UBND Quy định về công tác văn thư của tỉnh</a> <i>02/03/2026</i>'
        yield '<a href="/van-ban/7.pdf">09/2026/QĐ-UBND Quy chế thi đua, khen thưởng của tỉnh</a> <i>10/02/2026</i>'


@dataclass(frozen=True)
class Month:
    database: Path
    audits: Mapping[int, AgencyAudit]

    def finding(self, criterion: str, number: int = NIGHTS - 1) -> Finding:
        return next(finding for finding in self.audits[number].findings if finding.id == criterion)


async def _live(folder: Path, site: Site, nights: int = NIGHTS) -> Month:
    """So many nights of one agency."""
    audits = {}
    database = folder / "auditor.db"
    async with HttpServer(site.answer) as server:
        base = load_settings(folder)
        settings = base.with_audit(
            delay_seconds=0,
            allow_private=True,
            resolvers=("127.0.0.1:9",),
            connect_to=(f"{HOST}:80:127.0.0.1:{server.port}", f"{HOST}:443:127.0.0.1:9"),
        )
        plan = Plan(RunKind.NIGHTLY, None, audit_agency, second_look)
        with open_store(database) as store:
            for number in range(nights):
                site.number = number
                async with open_context(settings, as_of=night(number)) as context:
                    await run_night(context, store, [AGENCY], plan, Watch())
                audit = store.latest_audit("snv", night(number + 1))
                assert audit is not None
                audits[number] = audit
    return Month(database, audits)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return asyncio.run(_live(tmp_path_factory.mktemp("month"), Site()))


@pytest.fixture
def store(month: Month) -> Iterator[Store]:
    with open_store(month.database) as opened:
        yield opened


def only(store: Store, detector: str) -> ObservedSection:
    (section,) = store.observed("snv", detector)
    return section


def named(section: ObservedSection, words: str) -> ObservedItem:
    return next(item for item in section.items if words in item.title)


def test_every_night_was_read(store: Store) -> None:
    assert only(store, "news").nights == tuple(night(number) for number in range(NIGHTS))


def test_an_item_is_observed_between_two_nights(store: Store, month: Month) -> None:
    item = named(only(store, "news"), "kỳ số 127")
    assert (item.absent_on, item.present_on) == (night(26), night(27))
    assert only(store, "news").item(item.key) == item
    notes = " ".join(month.finding("f.freshness.news").notes)
    assert f"giữa đêm {night(26):%d/%m/%Y} và đêm {night(27):%d/%m/%Y}" in notes


def test_what_was_there_before_has_no_beginning(store: Store, month: Month) -> None:
    assert named(only(store, "news"), "kỳ số 97").absent_on is None
    assert any("có từ trước" in note for note in month.finding("f.freshness.legal_documents", 5).notes)


def test_an_item_that_was_taken_away_is_noticed(store: Store) -> None:
    assert named(only(store, "news"), "kỳ số 100 ").vanished_on == night(GONE)


def test_cadence_is_counted_by_observation_once_watched_long_enough(store: Store, month: Month) -> None:
    news = [only(store, "news")]
    pace = observed_cadence(news, night(29), 28)
    assert pace is not None
    assert (pace.items, pace.days_with, pace.per_week) == (9, 9, 2.25)  # one on every third night after the first
    assert observed_cadence(news, night(29), 30) is None
    (told,) = (note for note in month.finding("f.freshness.news", 20).notes if "theo ngày ghi trên trang" in note)
    assert "trong 30 ngày qua có 10 mục mới vào 10 ngày khác nhau (bình quân 2,3 mục mỗi tuần)" in told


def test_a_date_moved_forward_under_the_same_title_is_caught(month: Month) -> None:
    before, after = month.finding("f.freshness.direction", CHEAT - 1), month.finding("f.freshness.direction")
    assert before.verdict is Verdict.FAIL
    assert after.verdict is Verdict.FAIL, "the new date counts for nothing"
    assert "03/02/2026" in after.seen
    assert not any("trong 30 ngày qua có" in note for note in after.notes), "a moved date is no new item"
    assert any("03/02/2026" in note and f"{night(CHEAT):%d/%m/%Y}" in note for note in after.notes)


def test_every_move_is_counted_and_the_unchanged_text_is_said(month: Month) -> None:
    (first,) = (note for note in month.finding("f.freshness.direction", CHEAT).notes if "03/02/2026" in note)
    assert "nội dung không đổi" in first and "lần" not in first
    (told,) = (note for note in month.finding("f.freshness.direction").notes if "03/02/2026" in note)
    assert f"đổi sang ngày muộn hơn {NIGHTS - CHEAT} lần, từ 03/02/2026 đến {night(NIGHTS - 1):%d/%m/%Y}" in told
    assert "nội dung không đổi" in told


def test_a_text_that_really_changed_makes_its_later_date_an_update(month: Month) -> None:
    before, after = (month.finding("f.freshness.projects_procurement", n) for n in (EDIT - 1, EDIT))
    assert (before.verdict, after.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert any("nội dung đã sửa" in note and "15/01/2025" in note for note in after.notes)
    assert month.finding("f.freshness.projects_procurement").verdict is Verdict.PASS


def test_a_list_without_dates_is_judged_by_observation_alone(month: Month) -> None:
    def verdict(number: int) -> tuple[Verdict, str]:
        finding = month.finding("f.freshness.legal_dissemination", number)
        return finding.verdict, finding.seen_key

    assert verdict(12) == (Verdict.UNVERIFIED, "freshness.undated")
    assert verdict(14) == (Verdict.UNVERIFIED, "freshness.observed_none.unverified")
    assert verdict(29) == (Verdict.PASS, "freshness.observed.pass")
    seen = month.finding("f.freshness.legal_dissemination").seen
    assert "Luật Cán bộ, công chức" in seen
    assert f"giữa đêm {night(ARRIVAL - 1):%d/%m/%Y} và đêm {night(ARRIVAL):%d/%m/%Y}" in seen


def test_the_text_counts_as_changed_by_its_words_not_by_its_counter(store: Store) -> None:
    assert only(store, "organisation").changed_on == (night(TEXT),)


def test_banners_that_take_turns_and_a_slow_drift_are_no_updates(store: Store) -> None:
    procedures = only(store, "procedures")
    assert len(procedures.nights) == NIGHTS
    assert len(procedures.texts) > NIGHTS // 2, "the text did change"
    assert procedures.changed_on == ()


def test_a_document_that_came_late_is_told_and_accuses_nobody_after_the_decree(month: Month) -> None:
    finding = month.finding("f.deadline.legal_documents")
    assert (finding.verdict, finding.seen_key, finding.max) == (Verdict.NOT_APPLICABLE, "deadline.lapsed_late", 0)
    assert "15/2026/QĐ-UBND" in finding.seen


def test_an_old_night_is_judged_by_what_was_known_then(store: Store, month: Month) -> None:
    number = store.audit_id("snv", night(12))
    assert number is not None
    rules = Rules(load_rulebook(), load_vocabulary(), load_calendar())
    run_id = store.begin_run(RunKind.REJUDGE, night(12), rules.rulebook.digest, ["snv"])
    again = rejudge(store, run_id, number, rules).audit
    finding = next(one for one in again.findings if one.id == "f.freshness.legal_dissemination")
    assert finding.seen_key == month.finding("f.freshness.legal_dissemination", 12).seen_key


class Moving(Site):
    """All of its directions bear the day on which a new system took them over, from the night `MOVED` on."""

    def _direction(self) -> Iterator[str]:
        for n in range(1, 6):
            shown = night(MOVED) if self.number >= MOVED else date(2026, 2, n)
            yield f'<a href="/chi-dao/{n}.html">Thông báo kết luận giao ban lần thứ {n} trong năm</a> <i>{shown:%d/%m/%Y}</i>'


MOVED = 3


def test_dates_that_all_move_in_one_night_are_believed_and_the_card_says_why(tmp_path: Path) -> None:
    week = asyncio.run(_live(tmp_path, Moving(), MOVED + 2))
    after = week.finding("f.freshness.direction", MOVED + 1)
    assert after.verdict is Verdict.PASS
    (told,) = (note for note in after.notes if "không coi là dời ngày" in note)
    assert told.startswith(f"Đêm {night(MOVED):%d/%m/%Y}, 5 trong 5 mục")
    assert "chuyển hệ thống" in told

"""The card: what stands on it, in which order, that its sums agree, and that nothing from a page can act on it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from bs4 import BeautifulSoup, Tag

from auditor.model import MEASURED, AgencyAudit, Reason, SiteState, Trap, Verdict
from reports.scorecard import MAX_BYTES, card_filename, render_scorecard
from tests.reports.builders import GRADE_WORDS, agency, audit, hostile, messages, not_declared, site

MESSAGES = messages()


def card(made: AgencyAudit, **options: object) -> str:
    return render_scorecard(made, MESSAGES, grade_words=GRADE_WORDS, **options)  # type: ignore[arg-type]


def words(page: str) -> str:
    return " ".join(BeautifulSoup(page, "lxml").get_text(" ").split()).replace("\u00a0", " ").replace(" ,", ",")


def section(page: str, title: str) -> Tag:
    soup = BeautifulSoup(page, "lxml")
    heading = next(h for h in soup.find_all("h2") if title in h.get_text())
    parent = heading.find_parent("section")
    assert isinstance(parent, Tag)
    return parent


def test_the_order_of_the_card() -> None:
    page = words(card(audit(), objection_contact="Nơi nhận ý kiến"))
    wanted = [
        "Phiếu đánh giá", "Sở Nội vụ", "Kết quả tự động, để tham khảo", "Mã cơ quan snv", "Địa chỉ trang https://snv.",
        "Ngày kiểm tra 20/11/2017", "Căn cứ áp dụng Chỉ thị 12/2014/CT-UBND", "Phiên bản bộ tiêu chí 3fa9c1d27be8",
        "Xếp loại Yếu", "22,5/38,0 điểm đo được (59,2 %), đo được 90,5 %",
        "8,0/14,0 điểm đo được (57,1 %), đo được 100 %",
        "30,5/52,0 điểm đo được (58,7 %)", "Tình trạng chung", "Thay đổi so với lần trước", "ngày 13/11/2017",
        "Việc nên làm trước", "Nội dung 12,5/20,0", "Tính cập nhật", "Truy cập", "Chức năng", "Tiêu chuẩn",
        "Điểm g:", "Hạ tầng thư điện tử dùng chung", "chưa kiểm tra được", "cần người đánh giá", "Xác nhận và miễn trừ",
        "Phương pháp", "Đề nghị xem xét lại", "Nơi nhận ý kiến", "(*) cần đối chiếu văn bản gốc",
    ]  # fmt: skip
    place = -1
    for text in wanted:
        assert text in page[place + 1 :], text
        place = page.index(text, place + 1)


def test_near_identical_pages_are_told_with_two_addresses() -> None:
    one, other = "https://snv.example.gov.vn/lich/2027-01", "https://snv.example.gov.vn/lich/2031-07"
    made = audit(site=replace(site(), traps=(Trap("near_duplicates", one, other), *site().traps)))
    part = section(card(made), "Tình trạng chung")
    assert f"Nhiều trang gần như giống hệt nhau: {one} và {other}" in words(str(part))
    assert {one, other} <= {str(link["href"]) for link in part.find_all("a")}


def test_the_sums_are_the_sums_of_the_lines_shown() -> None:
    soup = BeautifulSoup(card(audit()), "lxml")
    for item, totals in (("Điểm f", audit().scores.f), ("Điểm g", audit().scores.g)):
        heading = next(h for h in soup.find_all("h2") if item in h.get_text())
        block = heading.find_parent("section")
        assert isinstance(block, Tag)
        earned = measurable = 0
        for line in block.select("article.finding"):
            match = re.search(r"(\d+),(\d)\s*/\s*(\d+),(\d) điểm", line.get_text())
            if match:
                earned += int(match[1] + match[2])
                measurable += int(match[3] + match[4])
        assert (earned, measurable) == (totals.earned, totals.measurable)


def test_every_line_has_verdict_words_seen_expected_basis_and_evidence_with_time() -> None:
    made = audit()
    lines = BeautifulSoup(card(made), "lxml").select("article.finding")
    by_code = {line.select_one(".code").get_text(): line for line in lines}  # type: ignore[union-attr]
    for finding in made.findings:
        text = " ".join(by_code[f"Mã tiêu chí: {finding.id}"].get_text(" ").split())
        assert MESSAGES[f"verdict.{finding.verdict}"] in text
        assert finding.seen in text and finding.expected in text and finding.basis[0] in text
        assert "https://snv.example.gov.vn/vi/muc-0/" in text and "20/11/2017 01:05" in text
        assert (finding.advice in text) == (finding.verdict in (Verdict.FAIL, Verdict.PARTIAL))
        if not finding.counts:
            assert "Thông tin, không tính điểm" in text
        elif finding.verdict not in MEASURED:
            assert re.search(r"– ?/\d+,\d điểm", text)


def test_a_negative_line_says_where_it_looked_and_what_it_rejected() -> None:
    lines = BeautifulSoup(card(audit()), "lxml").select("article.f-fail")
    line = next(one for one in lines if "f.content.projects_procurement" in one.get_text())
    text = " ".join(line.get_text(" ").split())
    assert "Đã tìm ở 22 nơi" in text and "… và 7 nơi khác" in text
    assert "đã đọc" in text and "Trang không tồn tại (HTTP 404)." in text
    assert "“Liên kết website”" in text and MESSAGES["why.link_block"] in text


def test_the_three_things_to_do_first_carry_advice_and_paragraph() -> None:
    block = section(card(audit()), "Việc nên làm trước")
    entries = block.select("ol.first > li")
    assert len(entries) == 3
    for entry in entries:
        assert "mục 1 điểm f" in entry.get_text() and "Bổ sung chuyên mục" in entry.get_text()
    assert "có thể tăng thêm 8,0 điểm" in entries[0].get_text()
    anchor = entries[0].select_one("a")
    assert anchor is not None and block.find_parent("main").select_one(str(anchor["href"])) is not None  # type: ignore[union-attr]


def test_changes_say_before_and_after_and_warn_of_other_rules() -> None:
    text = " ".join(section(card(audit()), "Thay đổi").get_text(" ").split())
    assert "0b77d2c4e9a1" in text and "khác với lần này" in text
    assert "Tin tức - sự kiện được cập nhật: Đạt một phần → thành Không đạt" in text
    same = card(audit(previous_ruleset=audit().ruleset.version, changes=()))
    assert "khác với lần này" not in same and "Không có kết luận nào thay đổi." in same
    assert "chưa có kết quả để so sánh" in card(audit(previous_as_of=None, changes=()))


def test_an_agency_past_its_date() -> None:
    gone = agency(valid_to=date(2017, 6, 30))
    text = words(card(audit(agency=gone)))
    assert "cơ quan hết hiệu lực từ 01/07/2017; chưa xác định cơ quan kế thừa." in text
    heir = replace(gone, successors=("xa-a", "xa-b"))
    text = words(card(audit(agency=heir), agency_names={"xa-a": "UBND xã A"}))
    assert "cơ quan kế thừa: UBND xã A, xa-b." in text
    assert "hết hiệu lực từ" not in words(card(audit(agency=agency(valid_to=date(2017, 11, 20)))))


def test_an_agency_without_a_declared_address_is_not_accused() -> None:
    page = card(not_declared())
    text = words(page)
    assert "Địa chỉ trang chưa khai báo địa chỉ" in text and "Chưa xếp loại" in text
    assert MESSAGES["site.not_declared"] in text
    own = section(page, "Điểm f")
    assert not own.select(".f-fail") and "chưa đo được điểm nào trong 42,0 điểm" in text
    unverified = section(page, "chưa kiểm tra được").select("li")
    assert len(unverified) == 1  # one cause, said once, with all the lines that it stopped


@pytest.mark.parametrize("state", list(SiteState))
def test_every_site_state_has_its_sentence(state: SiteState) -> None:
    text = words(card(audit(site=site(state, state_detail="moi.example.gov.vn", newest_update=None))))
    assert MESSAGES[f"site.{state}"].partition("{")[0].strip() in text
    assert "{" not in text


def test_the_mail_block_names_who_answers_for_it() -> None:
    others = section(card(audit()), "Hạ tầng thư điện tử dùng chung").get_text()
    assert "không tính vào điểm của cơ quan này" in others and "Bản ghi SPF" in others
    operator = section(card(audit(agency=agency(operates_mail=True))), "Hạ tầng thư điện tử dùng chung").get_text()
    assert "chịu trách nhiệm" in operator and "không tính vào điểm" not in operator


def test_an_extra_look_that_nobody_configured_has_no_line() -> None:
    made = audit()
    spf = next(one for one in made.findings if one.id == "mail.spf")
    unasked = replace(spf, title="Hạn đăng ký", verdict=Verdict.NOT_APPLICABLE, reason=Reason.NOT_CONFIGURED)
    waived = replace(unasked, by_person="Miễn áp dụng")
    assert "Hạn đăng ký" not in words(card(replace(made, findings=(*made.findings, unasked))))
    assert "Hạn đăng ký" in words(card(replace(made, findings=(*made.findings, waived))))
    asked = replace(unasked, verdict=Verdict.UNVERIFIED)
    assert "Hạn đăng ký" in words(card(replace(made, findings=(*made.findings, asked))))


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    for made in (audit(), hostile(), not_declared()):
        soup = BeautifulSoup(card(made), "lxml")
        assert not soup.find_all(["script", "link", "img", "iframe", "object", "form", "base", "embed"])
        assert not [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
        assert "url(" not in str(soup.find("style")) and "@import" not in str(soup.find("style"))


def test_links_from_pages_are_http_and_let_go_of_the_card() -> None:
    for made in (audit(), hostile()):
        for link in BeautifulSoup(card(made), "lxml").find_all("a"):
            target = str(link["href"])
            assert target.startswith(("http://", "https://", "#tc-"))
            assert target.startswith("#") or link["rel"] == ["noopener", "noreferrer"]


def test_hostile_text_is_shown_as_text_and_cannot_reorder_the_line() -> None:
    page = card(hostile())
    assert "<script" not in page and "onerror=alert" in unescape(page)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\x00-\x08\x0b-\x1f\ud800-\udfff]", page)
    assert "{{7*7}}" in unescape(page)


@pytest.mark.parametrize("scale", [1, 20, 80])
def test_a_card_stays_small_however_much_a_page_holds(scale: int) -> None:
    assert len(card(hostile(scale=scale)).encode("utf-8")) <= MAX_BYTES


def test_an_ordinary_card_is_far_below_the_limit() -> None:
    assert len(card(audit()).encode("utf-8")) < 80_000


def test_no_number_signature_or_state_motto() -> None:
    text = words(card(audit(), department="Sở Thông tin và Truyền thông")).lower()
    for forbidden in ("cộng hòa xã hội", "độc lập - tự do", "số:", "ký tên", "đóng dấu", "nơi nhận:", "kính gửi"):
        assert forbidden not in text


def test_file_names() -> None:
    assert card_filename("snv", date(2017, 11, 20)) == "snv-2017-11-20.html"
    assert card_filename("../Sở Nội vụ", date(2017, 11, 20)) == "So-Noi-vu-2017-11-20.html"
    assert card_filename("縣", date(2017, 11, 20)) == "co-quan-2017-11-20.html"

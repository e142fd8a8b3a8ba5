"""Each written form of a date, each role, and what only looks like a date."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.date_words import DateWords
from auditor.read.dates import find_dates, is_month_first, parse_date, scan_dates, week_range
from auditor.read.weeks import week_begun

AS_OF = date(2026, 11, 23)

FORMS = [
    ("Thứ hai - 11/11/2024 04:09", "2024-11-11"),
    ("10:8, Thứ Tư, 3-4-2024", "2024-04-03"),
    ("06/06/2024 03:17:02", "2024-06-06"),
    ("29/12/2015 14:27 CH", "2015-12-29"),
    ("Thứ 5, Ngày 13/08/2009, 00:00 SA", "2009-08-13"),
    ("5/11/2009 11:08:30 AM", "2009-05-11"),
    ("28/06/2022 08:31 AM", "2022-06-28"),
    ("05/04/2017 04:43:00 PM", "2017-04-05"),
    ("06:16 08/04/2016", "2016-04-08"),
    ("00:00 17/09/2018", "2018-09-17"),
    ("13:39 - 01/08/2022", "2022-08-01"),
    ("Ngày cập nhật 11/07/2023", "2023-07-11"),
    ("Ngày đăng: 06/10/2015", "2015-10-06"),
    ("Đăng ngày 17 - 05 - 2024", "2024-05-17"),
    ("17 / 05 / 2024", "2024-05-17"),
    ("17.05.2024", "2024-05-17"),
    ("17–05–2024", "2024-05-17"),
    ("27/06/2022 17:40    91", "2022-06-27"),
    ("09:523340 27/06/2022", "2022-06-27"),
    ("27/06/2022 04:31 1.993 0", "2022-06-27"),
    ("09:5227/06/2022", "2022-06-27"),
    ("27/06/202217:40", "2022-06-27"),
    ("27/06/2022117 lượt xem", "2022-06-27"),
    ("Chủ nhật, 1/2/2015", "2015-02-01"),
    ("CN, 01/02/2015", "2015-02-01"),
    ("T2, 16/11/2026", "2026-11-16"),
    ("Đồng Xoài, ngày 09 tháng 05 năm 2014", "2014-05-09"),
    ("ngay 9 thang 5 nam 2014", "2014-05-09"),
    ("NGÀY 9 THÁNG 5 NĂM 2014", "2014-05-09"),
    ("ngày 9/5/2014", "2014-05-09"),
    ("ngày9/5/2014", "2014-05-09"),
    ("09 Tháng Năm 2014", "2014-05-09"),
    ("23 Tháng Mười Một, 2025", "2025-11-23"),
    ("ngày 9 tháng mười hai năm 2014", "2014-12-09"),
    ("ngày 9 tháng năm năm 2014", "2014-05-09"),
    ("23 Th11, 2025", "2025-11-23"),
    ("Th11 23, 2025", "2025-11-23"),
    ("Tháng Mười Một 23, 2025", "2025-11-23"),
    ("23 thg 11, 2025", "2025-11-23"),
    ("23 November 2025", "2025-11-23"),
    ("Mon, 23 Nov 2026 08:00:00 +0700", "2026-11-23"),
    ("November 23, 2025", "2025-11-23"),
    ("Sept. 3, 2025", "2025-09-03"),
    ("23-Nov-2025", "2025-11-23"),
    ("2024-05-17", "2024-05-17"),
    ("2024/05/17 08:00", "2024-05-17"),
    ("2024-05-17T20:00:00Z", "2024-05-18"),
    ("2014-12-23+0716:36:00", "2014-12-23"),
    ("6/25/2024", "2024-06-25"),
    ("16/11/17 08:30", "2017-11-16"),
    ("Ngày 16/11/17", "2017-11-16"),
    ("ngày 30 tháng 11 năm 2026", "2026-11-30"),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_form(text: str, expected: str, words: DateWords) -> None:
    assert [str(one.date) for one in find_dates(text, as_of=AS_OF, words=words)] == [expected]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_form_with_separate_accents_and_without_any(text: str, expected: str, words: DateWords) -> None:
    apart = unicodedata.normalize("NFD", text)
    found = find_dates(apart, as_of=AS_OF, words=words)
    assert [str(one.date) for one in found] == [expected]
    assert 0 <= found[0].start < found[0].end <= len(apart)
    assert any(sign.isdigit() for sign in apart[found[0].start : found[0].end])


NOT_DATES = [
    "tháng 5 năm 2014", "tháng 5/2014", "quý 2 tháng 5 năm 2014", "Báo cáo 6 tháng năm 2017",
    "KẾT QUẢ 09 THÁNG NĂM 2016",
    "Tuần 3 tháng 11 năm 2017", "02713.879110", "0271 3880 161", "(028) 38.000.001", "0271-38-80-1610", "43/2011/NĐ-CP",
    "20/11/2014/QĐ-UBND", "19-2017/NQ-CP", "giá 1.993.000 đồng", "24/7", "1/2 số", "10.12.11.2016", "192.168.1.20",
    "phiên bản 4.5.01", "tỷ số 2-1", "tỷ lệ 1/2000", "1/1/0001", "01/01/1970", "01/01/1900", "31/12/9999", "00/00/0000",
    "2-9-1945", "© 2013", "https://a.vn/2017/08/31/tin", "bao-cao_16.11.2017.pdf", "5/10",
    "IP 1.2.2013.5", "12:30:45", "",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_DATES)
def test_not_a_date(text: str, words: DateWords) -> None:
    scan = scan_dates(text, as_of=AS_OF, words=words)
    assert scan.found == ()
    assert scan.impossible == ()


@pytest.mark.parametrize(
    "text", ["16/72/2020", "31/04/2024", "ngày 31 tháng 4 năm 2024", "30/2/2017 08:00", "2024-13-45"]
)
def test_impossible_dates_are_counted_and_not_bent(text: str, words: DateWords) -> None:
    scan = scan_dates(f"Tin tức {text}", as_of=AS_OF, words=words)
    assert scan.found == ()
    assert len(scan.impossible) == 1


ROLES = [
    ("Quyết định số 5133/QĐ-UBND ngày 01/8/2017 của UBND tỉnh", "citation"),
    ("Nghị định số 43/2011/NĐ-CP ngày 13/6/2011", "citation"),
    ("Nghị quyết số 41/NQ-CP ngày 26 tháng 5 năm 2016 của Chính phủ", "citation"),
    ("08/2010/TT-BGDĐT của Bộ GD&ĐT ban hành ngày 01-03-2010 quy định", "citation"),
    ("Thông tư 41/2009/TT-BTTTT (Thông tư 41) ngày 30/12/2009", "citation"),
    ("Căn cứ Luật Công nghệ thông tin ngày 29/6/2006;", "citation"),
    ("Văn bản số 2132/BTTTT-VNCERT, ngày 18/7/2011, của Bộ", "citation"),
    ("Số 207/GP-TTĐT (31/10/2019)", "citation"),
    ("theo Nghị quyết 41/NQ-CP (26/5/2016) của Chính phủ", "citation"),
    ("Triển khai Nghị quyết số 12/NQ-CP (16/11/2017)", "plain"),
    ("Số: 12/BC-SNV Ngày: 12/11/2026", "plain"),
    ("Triển khai Nghị quyết số 12/NQ-CP 16/11/2017 18:14", "plain"),
    ("hạn cuối 30/11/2026", "deadline"),
    ("Hạn nộp hồ sơ: 30/11/2026", "deadline"),
    ("Ngày hết hạn: 30/11/2026", "deadline"),
    ("trước ngày 30/11/2026", "deadline"),
    ("hết ngày 30/11/2026", "deadline"),
    ("đến ngày 30/11/2026", "deadline"),
    ("Thời hạn nộp hồ sơ trước 17h00 ngày 22/6/2017", "deadline"),
    ("Thời hạn nhận góp ý: Đến 28/02/2018", "deadline"),
    ("diễn ra ngày 16/11/2026", "event"),
    ("sẽ tổ chức vào ngày 30/11/2026", "event"),
    ("Thời gian: 8h00 ngày 30/11/2026", "event"),
    ("Sáng ngày 16/11/2026, Sở họp", "event"),
    ("Ngày 19/01/2017, Bộ Thông tin và Truyền thông đã ban hành", "event"),
    ("có hiệu lực từ ngày 20/1/2015", "effective"),
    ("có hiệu lực kể từ ngày 20/1/2015", "effective"),
    ("Ngày bắt đầu hiệu lực 15/09/2009", "effective"),
    ("Ngày đăng: 06/10/2015", "posted"),
    ("Đăng ngày 17 - 05 - 2024", "posted"),
    ("Cập nhật lúc 10:20 ngày 17/05/2024", "posted"),
    ("Cập nhật lần cuối: Thứ hai, 11/11/2024 10:20", "posted"),
    ("Post on: 11/11/2024", "posted"),
    ("Số kí hiệu: 20/2014/TT-BTTTT Ngày ban hành: 05/12/2014", "issued"),
    ("Ngày ký: 05/12/2014", "issued"),
    ("Hôm nay: Thứ bảy, 22/06/2024, 19:08", "clock"),
    ("Copyright © 01/01/2015", "copyright"),
    ("chính phủ điện tử 15/05/2017 04:23:00 PM", "plain"),
    ("của chúng tôi 15/05/2017 04:23", "plain"),
    ("Thứ hai - 11/11/2024 04:09", "plain"),
]


@pytest.mark.parametrize(("text", "role"), ROLES)
def test_role(text: str, role: str, words: DateWords) -> None:
    assert [one.role for one in find_dates(text, as_of=AS_OF, words=words)] == [role]


@pytest.mark.parametrize(("text", "role"), ROLES)
def test_role_with_separate_accents(text: str, role: str, words: DateWords) -> None:
    assert [one.role for one in find_dates(unicodedata.normalize("NFD", text), as_of=AS_OF, words=words)] == [role]


@pytest.mark.parametrize(
    "text",
    [
        "từ ngày 16/11/2026 đến ngày 22/11/2026",
        "(01/01/1997 - 01/01/2024)",
        "16/11/2026 – 22/11/2026",
    ],
)
def test_both_ends_of_a_range_belong_to_an_event(text: str, words: DateWords) -> None:
    assert [one.role for one in find_dates(text, as_of=AS_OF, words=words)] == ["event", "event"]


def test_an_anniversary_that_began_before_1990(words: DateWords) -> None:
    found = find_dates("Kỷ niệm 93 năm (03/02/1930 - 03/02/2023)", as_of=AS_OF, words=words)
    assert [(str(one.date), one.role) for one in found] == [("2023-02-03", "event")]


def test_each_date_of_a_list_keeps_its_own_words(words: DateWords) -> None:
    text = (
        "Họp giao ban (16/11/2017) Công văn số 12/UBND-VX ngày 01/02/2017 "
        "Ngày ban hành: 03/02/2017 Tin 05/02/2017 08:00"
    )
    found = find_dates(text, as_of=AS_OF, words=words)
    assert [one.role for one in found] == ["plain", "citation", "issued", "plain"]
    assert "Họp giao ban" in found[0].excerpt
    assert text[found[0].start : found[0].end] == "16/11/2017"


def test_without_year_only_where_allowed(words: DateWords) -> None:
    for text, expected in [
        ("(23/11)", "2026-11-23"),
        ("24/11 08:00", "2025-11-24"),
        ("ngày 3/4", "2026-04-03"),
        ("29/02", "2024-02-29"),
    ]:
        assert find_dates(text, as_of=AS_OF, words=words) == []
        found = find_dates(text, as_of=AS_OF, words=words, allow_yearless=True)
        assert [str(one.date) for one in found] == [expected]
    for text in ["phục vụ 24/7 tại", "còn 1/2 số hộ", "tỷ số 2-1", "Lễ 30/4 - 1/5", "10:08-01/08/2022 xem"]:
        assert [
            one for one in find_dates(text, as_of=AS_OF, words=words, allow_yearless=True) if one.kind == "yearless"
        ] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 giờ trước", "2026-11-23"), ("15 phút trước", "2026-11-23"), ("3 ngày trước", "2026-11-20"),
        ("2 tuần trước", "2026-11-09"), ("1 tháng trước", "2026-10-23"), ("1 năm trước", "2025-11-23"),
        ("hôm qua", "2026-11-22"), ("Hôm qua, 08:30", "2026-11-22"), ("Hôm nay lúc 08:30", "2026-11-23"),
        ("hôm kia", "2026-11-21"),
    ],
)  # fmt: skip
def test_relative(text: str, expected: str, words: DateWords) -> None:
    assert find_dates(text, as_of=AS_OF, words=words) == []
    assert [str(one.date) for one in find_dates(text, as_of=AS_OF, words=words, allow_relative=True)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Hôm nay: 842",
        "Hôm qua 1.203 lượt",
        "3 ngày trước khi họp",
        "6 tháng trước đó",
        "Đang online: 7 / Hôm nay / Tổng",
    ],
)
def test_relative_words_that_tell_no_date(text: str, words: DateWords) -> None:
    assert find_dates(text, as_of=AS_OF, words=words, allow_relative=True) == []


def test_month_first_evidence(words: DateWords) -> None:
    text = "5/11/2026 8:00:00 AM"
    assert [str(d.date) for d in find_dates(text, as_of=AS_OF, words=words)] == ["2026-05-11"]
    assert find_dates(text, as_of=AS_OF, words=words)[0].ambiguous
    assert parse_date(text, as_of=AS_OF, words=words, month_first=True) == date(2026, 5, 11)
    assert parse_date(text, as_of=AS_OF, words=words, month_first=False) == date(2026, 11, 5)
    assert parse_date("12/5/2026 8:00:00 AM", as_of=AS_OF, words=words) == date(2026, 5, 12)  # 5 December has not been
    assert is_month_first(["11/5/2026 8:00:00 AM", "11/23/2026 8:00:00 AM"]) is True
    assert is_month_first(["11/5/2026", "23/11/2026"]) is False
    assert is_month_first(["11/5/2026 8:00:00 AM"]) is None
    assert is_month_first(["11/23/2026", "23/11/2026"]) is None
    assert is_month_first(["16/72/2020"]) is None


def test_days_with_am_or_pm_prove_their_order_on_their_own(words: DateWords) -> None:
    written = ["Ngày 23/11/2026", "9/27/2026 6:15:00 PM", "10/12/2026 8:32:10 am"]
    assert is_month_first(written) is None
    assert is_month_first(written, words) is True
    assert is_month_first(["23/11/2026 6:15:00 PM"], words) is False
    assert is_month_first(["9/27/2026 18:15", "9/27/2026 6:15 chiều", "10/12/2026 8:32:10 AM"], words) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 08:00:00 GMT", "2026-11-23"),
        ("Sun, 22 Nov 2026 20:00:00 GMT", "2026-11-23"),
        ("Mon, 23 Nov 2026 01:00:00 +0700", "2026-11-23"),
        ("2026-11-23T08:00:00+07:00", "2026-11-23"),
        ("2026-11-22T17:00:00.000Z", "2026-11-23"),
        ("23/11/2026 08:00:00", "2026-11-23"),
        ("Thứ hai, 23/11/2026 08:00 GMT+7", "2026-11-23"),
        ("23/11/2026 08:00 GMT+7", "2026-11-23"),
        ("11/5/2026 8:00:00 AM", "2026-11-05"),
        ("5/11/2026 8:00:00 SA", "2026-11-05"),
        ("Thu, 16 Nov 2017 11:11:00 GMT", "2017-11-16"),
        ("2014-12-23+0716:36:00", "2014-12-23"),
        ("20171116T181400", "2017-11-16"),
        ("20171116", "2017-11-16"),
    ],
)
def test_machine_date(text: str, expected: str, words: DateWords) -> None:
    assert str(parse_date(text, as_of=AS_OF, words=words)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "0001-01-01T00:00:00", "1970-01-01", "Thu, 01 Jan 1970 00:00:00 GMT", "2017-02-31", "hello", "9999-12-31"],
)
def test_machine_string_without_date(text: str, words: DateWords) -> None:
    assert parse_date(text, as_of=AS_OF, words=words) is None


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("Lịch công tác tuần 47 (từ ngày 16/11/2026 đến ngày 22/11/2026)", "2026-11-16"),
        ("Lịch công tác từ ngày 17/11/2026 đến ngày 20/11/2026", "2026-11-16"),
        ("Tuần 46 năm 2017", "2017-11-13"),
        ("Lịch tuần 46/2017", "2017-11-13"),
        ("từ 13/11 đến 17/11/2017", "2017-11-13"),
        ("Lịch làm việc tuần (13-17/11/2017)", "2017-11-13"),
        ("Lịch tuần từ ngày 13 đến ngày 17 tháng 11 năm 2017", "2017-11-13"),
        ("Lịch tuần từ 29/12 đến 04/01/2026", "2025-12-29"),
        ("Lịch công tác tuần 48", "2026-11-23"),
        ("Lịch công tác tuần 52", "2025-12-22"),
        ("Lịch công tác tuần từ ngày 18/11/2026", "2026-11-16"),
        ("Thứ hai (16/11/2026) Họp. Thứ ba (17/11/2026) Họp", "2026-11-16"),
    ],
)  # fmt: skip
def test_week(text: str, monday: str, words: DateWords) -> None:
    week = week_range(text, AS_OF, words)
    assert week is not None
    assert str(week[0]) == monday
    assert (week[1] - week[0]).days == 6


@pytest.mark.parametrize(
    "text", ["Tuần 3 tháng 11 năm 2017", "Tin tức", "Tuần 99", "Họp ngày 16/11/2026", "Báo cáo 1/2/2016 - 1/9/2016"]
)
def test_no_week(text: str, words: DateWords) -> None:
    assert week_range(text, AS_OF, words) is None


def test_words_that_are_missing_are_named() -> None:
    with pytest.raises(ValueError, match="day"):
        DateWords.from_data({})


_PIECES = st.sampled_from(
    ["ngày", "tháng", "năm", "Thứ hai", "từ", "đến", "12", "31", "2", "/", "-", ".", ":", " ", "2017", "17", "AM", "SA",
     "Nov", "số",
     "/QĐ-UBND",
     "(", ")", "trước", "hôm nay", "tuần", "0", "\u0301", "İ", "ﬁ", "99999999999999999999"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=30).map("".join)))
def test_never_fails(text: str) -> None:
    words = _shipped()
    found = scan_dates(text, as_of=AS_OF, words=words, allow_yearless=True, allow_relative=True).found
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(1990 <= one.date.year <= 2100 for one in found)
    parse_date(text, as_of=AS_OF, words=words)
    week_range(text, AS_OF, words)


@cache
def _shipped() -> DateWords:
    return DateWords.from_data(yaml.safe_load(files("config").joinpath("dates.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "Tuần 49 (30/11/2026 – 06/12/2026) Tuần 47 (16/11/2026 – 22/11/2026) Tuần 46 (09/11/2026 – 15/11/2026)",
        "Tuần 49 (30/11 - 06/12/2026) Tuần 47 (16/11 - 22/11/2026)",
        "Tuần 47: từ ngày 16/11/2026 đến ngày 22/11/2026",
    ],
)
def test_of_several_weeks_the_latest_that_has_begun_counts(text: str, words: DateWords) -> None:
    assert week_begun(text, AS_OF, words) == (date(2026, 11, 16), date(2026, 11, 22))


def test_two_days_that_are_no_range_are_no_week(words: DateWords) -> None:
    assert week_begun("Tuần 49 (30/11/2026 – 06/12/2026). Đăng 16/11/2026, sửa 18/11/2026", AS_OF, words) is None

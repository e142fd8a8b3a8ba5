"""Section states: one small site for each, judged from strings."""

from __future__ import annotations

from datetime import date

import pytest

from auditor.model import LookKind, Reason, SectionState, SiteScope
from tests.read.pages import BASE, agency, document, look, news_list, site

LONG = "Sở Xây dựng là cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh, tham mưu quản lý nhà nước về quy hoạch và xây dựng trên địa bàn. "
FRESH = news_list(
    ("Hội nghị triển khai nhiệm vụ quý bốn", "18/11/2026"), ("Kiểm tra tiến độ công trình trọng điểm", "10/11/2026")
)


def state(detector: str, pages: dict, labels: dict[str, str], **options: object) -> SectionState:  # type: ignore[type-arg]
    return site({"/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH, **pages}, labels, **options).section(detector).state  # type: ignore[arg-type]


def test_news_present_with_its_newest_date() -> None:
    facts = site({"/": "<p>Trang chủ</p>", "/tin": FRESH}, {"/tin": "Tin tức - Sự kiện"}).section("news")
    assert facts.state is SectionState.PRESENT
    assert facts.newest is not None and (facts.newest.date, facts.newest.url) == (date(2026, 11, 18), BASE + "/tin")


def test_label_without_content_is_empty() -> None:
    assert state("statistics", {"/tk": "<h2>Thống kê</h2>"}, {"/tk": "Thống kê"}) is SectionState.EMPTY
    assert (
        state("statistics", {"/tk": "<h2>Thống kê</h2><p>Nội dung đang được cập nhật</p>"}, {"/tk": "Thống kê"})
        is SectionState.EMPTY
    )


def test_dead_label_is_broken_and_waits_for_the_second_look() -> None:
    first = look("/vb", status=404)
    labels = {"/vb": "Văn bản pháp luật"}
    once = site({"/": "<p>x</p>", "/vb": first}, labels).section("legal_documents")
    assert (once.state, once.confirmed) == (SectionState.BROKEN, False)
    twice = site({"/": "<p>x</p>", "/vb": first}, labels, extra=(look("/vb", status=404, attempt=2),)).section(
        "legal_documents"
    )
    assert (twice.state, twice.confirmed) == (SectionState.BROKEN, True)


def test_a_server_error_is_unverifiable_not_broken() -> None:
    failed = look("/vb", status=500, reason=Reason.HTTP_5XX)
    facts = site({"/": "<p>x</p>", "/vb": failed}, {"/vb": "Văn bản"}).section("legal_documents")
    assert (facts.state, facts.reason) == (SectionState.UNVERIFIABLE, Reason.HTTP_5XX)


def test_hash_link_home_link_and_foreign_host_are_broken() -> None:
    for href, why in (("#", "hash_link"), ("/", "goes_home"), ("https://congty.example/", "foreign_host")):
        facts = site({"/": "<p>x</p>"}, {href: "Danh bạ thư điện tử"}).section("email_directory")
        assert (facts.state, facts.why) == (SectionState.BROKEN, why)


def test_soft_404_by_text_and_by_redirect() -> None:
    said = document("<h1>Không tìm thấy trang</h1>")
    assert state("budget_disclosure", {"/ns": look("/ns", said)}, {"/ns": "Công khai ngân sách"}) is SectionState.BROKEN
    home = document("<p>x</p>", {"/ns": "Công khai ngân sách"})
    pages = {"/": look("/", home), "/ns": look("/ns", home, final="/")}
    assert site(pages).section("budget_disclosure").why == "goes_home"


def test_absent_says_where_it_looked() -> None:
    facts = site({"/": "<p>Trang chủ</p>" + FRESH}, {"/": "Trang chủ"}).section("access_to_information")
    assert facts.state is SectionState.ABSENT and facts.looked_at


def test_absent_only_if_all_pages_could_be_read() -> None:
    failed = look("/cm", status=500, reason=Reason.HTTP_5XX)
    facts = site({"/": "<p>x</p>", "/cm": failed}, {"/cm": "Các chuyên mục"}).section("access_to_information")
    assert facts.state is SectionState.UNVERIFIABLE


def test_organisation_needs_functions_tasks_and_units() -> None:
    whole = f"<p>{LONG}</p><p>Chức năng: tham mưu. Nhiệm vụ: trình văn bản.</p><ul><li>Phòng Quản lý xây dựng</li><li>Các phòng chuyên môn</li></ul>"
    assert state("organisation", {"/tc": whole}, {"/tc": "Cơ cấu tổ chức"}) is SectionState.PRESENT
    part = f"<p>{LONG}{LONG}</p><p>Các phòng chuyên môn gồm Văn phòng Sở và Thanh tra Sở.</p>"
    facts = site({"/": "x", "/tc": part}, {"/tc": "Cơ cấu tổ chức"}).section("organisation")
    assert facts.state is SectionState.PARTIAL and set(facts.missing) == {"functions", "tasks"}


def test_old_introduction_is_present() -> None:
    whole = f"<p>Đăng ngày 01/01/2012</p><p>{LONG} Chức năng và nhiệm vụ theo quy định. Các phòng chuyên môn: Văn phòng.</p>"
    assert state("organisation", {"/tc": whole}, {"/tc": "Giới thiệu chung"}) is SectionState.PRESENT


def test_procedures_without_time_limit_are_partial() -> None:
    names = "".join(f'<li><a href="/tt/{n}">Thủ tục cấp giấy phép xây dựng loại {n}</a></li>' for n in range(4))
    assert state("procedures", {"/tt": f"<ul>{names}</ul>"}, {"/tt": "Thủ tục hành chính"}) is SectionState.PARTIAL
    detail = "<h1>Thủ tục cấp giấy phép xây dựng</h1><p>Thành phần hồ sơ: đơn. Thời hạn giải quyết: 15 ngày làm việc. Người chịu trách nhiệm: bà Lan.</p>"
    pages = {"/tt": f"<ul>{names}</ul>", "/tt/0": detail}
    assert state("procedures", pages, {"/tt": "Thủ tục hành chính"}) is SectionState.PRESENT


def test_explicit_none_is_content() -> None:
    text = "<p>Trong năm 2026, Sở Xây dựng không có dự án đầu tư, gói thầu nào phải công khai.</p>"
    assert state("projects_procurement", {"/da": text}, {"/da": "Dự án đầu tư"}) is SectionState.PRESENT


def test_directory_without_email_is_partial() -> None:
    rows = "".join(
        f"<tr><td>Nguyễn Văn {c}</td><td>Trưởng phòng</td><td>0271 3880 16{n}</td></tr>" for n, c in enumerate("ABC")
    )
    assert state("email_directory", {"/db": f"<table>{rows}</table>"}, {"/db": "Danh bạ"}) is SectionState.PARTIAL
    rows = "".join(
        f"<tr><td>Nguyễn Văn {c}</td><td>Trưởng phòng</td><td>{c.lower()}@tinhmau.example</td></tr>" for c in "ABC"
    )
    assert state("email_directory", {"/db": f"<table>{rows}</table>"}, {"/db": "Danh bạ"}) is SectionState.PRESENT


def test_link_to_the_public_service_portal_counts() -> None:
    labels = {"https://dichvucong.tinhmau.gov.vn/": "Dịch vụ công trực tuyến"}
    assert state("online_services", {}, labels) is SectionState.PRESENT


def test_parent_only_on_a_path_of_the_portal() -> None:
    who = agency(
        url="https://tinh.example/vi/snv/", scope=SiteScope("tinh.example", "/vi/snv/"), portal_hosts=("tinh.example",)
    )
    html = document("<p>Sở Nội vụ</p>", {"/vi/snv/tin": "Tin tức", "/vi/rss": "RSS", "/vi/thong-ke": "Thống kê"})
    facts = site({"/": look("https://tinh.example/vi/snv/", html)}, who=who)
    assert facts.section("statistics").state is SectionState.PARENT_ONLY


def test_xml_site_map_alone_is_partial() -> None:
    xml = f"<urlset><url><loc>{BASE}/a</loc></url></urlset>"
    extra = (look("/sitemap.xml", xml, kind=LookKind.SITEMAP, content_type="text/xml"),)
    assert state("sitemap", {}, {"/x": "Tin"}, extra=extra) is SectionState.PARTIAL


def test_login_wall_is_unverifiable_but_login_to_comment_is_not() -> None:
    wall = '<form method=post action="/login"><input name=u><input type=password name=p><button>Vào</button></form>'
    assert state("strategy_planning", {"/kh": wall}, {"/kh": "Kế hoạch"}) is SectionState.UNVERIFIABLE
    note = "<h2>Kế hoạch</h2><p>Bạn cần đăng nhập để có thể bình luận</p>"
    assert state("strategy_planning", {"/kh": note}, {"/kh": "Kế hoạch"}) is SectionState.EMPTY


@pytest.mark.parametrize(
    "demand",
    [
        "<p>Nội dung này chỉ dành cho thành viên trả phí. Vui lòng mua gói để xem.</p>",
        "<p>Bạn cần <a href='/nap-the'>nạp tiền</a> để xem danh mục thủ tục.</p><p><a href='/mua'>Mua gói</a></p>",
        "<p>Để đọc tiếp, xin nạp thẻ. Vui lòng thanh toán để xem toàn bộ nội dung.</p>",
        "<p>Đăng ký trả phí để tải văn bản.</p>",
        "<form method=post action='/vao'><p>Mua gói để xem</p><input type=password name=p><button>Vào</button></form>",
    ],
)
def test_a_demand_to_pay_in_place_of_the_content_is_a_wall(demand: str) -> None:
    pages = {"/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH, "/tthc": "<h1>Thủ tục hành chính</h1>" + demand}
    found = site(pages, {"/tthc": "Thủ tục hành chính"}).section("procedures").sections
    assert [(one.state, one.why) for one in found] == [(SectionState.UNVERIFIABLE, "payment_wall")]


@pytest.mark.parametrize(
    "content",
    [
        "<p>Cấp giấy phép. Phí, lệ phí: 200.000 đồng. Thanh toán trực tuyến qua Cổng Dịch vụ công quốc gia.</p>",
        "<p>Tổ chức, cá nhân thanh toán phí, lệ phí trên Cổng Dịch vụ công để tiếp tục nộp hồ sơ.</p>",
        "<p>Bước 3: Thanh toán nghĩa vụ tài chính về đất đai để tải biên lai điện tử.</p>",
        "<p>Danh mục thủ tục: xem miễn phí, không phải trả tiền để xem.</p>",
        "<p>Mua gói thầu tư vấn: hồ sơ mời thầu phát hành miễn phí để tải.</p>",
        "<ul><li><a href='/tin/1'>Cảnh giác chiêu nạp tiền để xem kết quả việc làm trên mạng</a> 18/11/2026</li></ul>",
        "<ul><li><a href='/tt/1'>Cấp giấy phép xây dựng nhà ở</a></li><li><a href='/tt/2'>Cấp chứng chỉ hành nghề hoạt động xây dựng</a></li></ul><p>Mua gói để xem quảng cáo</p>",
        "<p>Mua gói để xem phim là hình thức đã bị lợi dụng.</p><p>" + 5 * LONG + "</p>",
    ],
)  # fmt: skip
def test_fees_of_procedures_and_payment_on_a_portal_are_no_wall(content: str) -> None:
    pages = {"/": "<p>Trang chủ của Sở Xây dựng</p>" + FRESH, "/tthc": "<h1>Thủ tục hành chính</h1>" + content}
    found = site(pages, {"/tthc": "Thủ tục hành chính"}).section("procedures").sections
    assert found and not [one.why for one in found if one.why.endswith("wall")]


def test_side_block_on_every_page_does_not_freshen_an_empty_section() -> None:
    side = f'<div class="block"><h3>Tin mới nhất</h3>{FRESH}</div>'
    old = news_list(
        ("Thông tư mới về quản lý chất lượng công trình", "02/03/2024"),
        ("Luật Nhà ở có hiệu lực thi hành", "01/02/2024"),
    )
    labels = {"/tin": "Tin tức", "/pl": "Phổ biến pháp luật", "/tk": "Thống kê", "/kh": "Kế hoạch"}
    pages = {
        "/": "<p>Trang chủ</p>" + side,
        "/tin": FRESH + side,
        "/pl": old.replace("/tin/", "/pl/") + side,
        "/tk": "<h2>Thống kê</h2>" + side,
        "/kh": "<h2>Kế hoạch</h2>" + side,
    }
    facts = site(pages, labels)
    assert facts.section("statistics").state is SectionState.EMPTY
    newest = facts.section("legal_dissemination").newest
    assert newest is not None and newest.date == date(2024, 3, 2)


def test_undated_list_is_undated_not_stale() -> None:
    rows = (
        "<ul>"
        + "".join(f'<li><a href="/a/{n}">Bài viết giới thiệu hoạt động số {n}</a></li>' for n in range(5))
        + "</ul>"
    )
    facts = site({"/": "<p>x</p>", "/tin": rows}, {"/tin": "Tin tức"}).section("news")
    assert facts.state is SectionState.PRESENT and facts.undated and facts.newest is None


def test_schedule_is_dated_by_its_monday() -> None:
    table = "<h1>Lịch công tác tuần từ ngày 16/11/2026 đến ngày 20/11/2026</h1><table>" + "".join(
        f"<tr><td>Thứ {d}</td><td>Sáng: họp giao ban tại phòng họp số 1</td></tr>" for d in ("hai", "ba", "tư", "năm")
    ) + "</table>"  # fmt: skip
    facts = site({"/": "<p>x</p>", "/lich": table}, {"/lich": "Lịch công tác"})
    newest = facts.section("work_schedule").newest
    assert newest is not None and newest.date == date(2026, 11, 16)
    assert facts.newest_update is None  # a schedule is not an update of the site


def test_a_schedule_in_tabs_is_dated_by_the_latest_week_that_has_begun() -> None:
    week = "<section><h2>Tuần {} ({})</h2><ul><li><b>Thứ Hai {}</b>: Giám đốc họp giao ban</li></ul></section>"
    tabs = (
        ("48", "23/11 - 27/11/2026", "23/11"),
        ("47", "16/11 - 20/11/2026", "16/11"),
        ("46", "09/11 - 13/11/2026", "09/11"),
    )
    page = "<h1>Lịch công tác</h1>" + "".join(week.format(*tab) for tab in tabs)
    newest = site({"/": "<p>x</p>", "/lich": page}, {"/lich": "Lịch công tác"}).section("work_schedule").newest
    assert newest is not None and newest.date == date(2026, 11, 16)


def test_where_no_section_shows_a_day_the_start_page_tells_the_newest_update() -> None:
    home = "<h1>Thứ sáu, 20/11/2026</h1>" + news_list(
        ("Hội nghị tổng kết năm", "03/11/2026"), ("Lễ ra quân", "01/11/2026")
    )
    facts = site({"/": home, "/tin": look("/tin", status=404)}, {"/tin": "Tin tức"})
    assert facts.section("news").newest is None
    assert facts.newest_update is not None and facts.newest_update.date == date(2026, 11, 3)
    assert facts.newest_detector is None


@pytest.mark.parametrize(("kind", "expected"), [("article", date(2026, 10, 22)), ("website", None)])
def test_a_start_page_that_is_an_article_tells_its_own_day(kind: str, expected: date | None) -> None:
    head = f'<meta property="og:type" content="{kind}"><meta property="article:published_time" content="2026-10-22">'
    start = document(
        head + "<h1>Khám bệnh miễn phí cho người cao tuổi</h1><p>Sáng nay, bệnh viện đã khám cho 200 người.</p>"
    )
    newest = site({"/": look("/", start)}).newest_update
    assert (newest.date if newest is not None else None) == expected


def test_tiles_with_captions_on_a_page_of_the_menu_open_sections() -> None:
    """A page that holds little but links is a hub, whatever its label; a list of news is none."""
    tiles = (
        "<h1>Thông tin công khai</h1><a href='/ck/tk'><span><strong>Số liệu thống kê</strong><br>"
        "<small>Báo cáo định kỳ hằng quý</small></span></a>"
        "<a href='/ck/qh'><span><strong>Quy hoạch - Kế hoạch</strong><br><small>Chương trình</small></span></a>"
    )
    figures = news_list(("Tình hình kinh tế - xã hội quý ba", "05/10/2026"), ("Tình hình sáu tháng", "02/7/2026"))
    pages = {"/ck": tiles, "/ck/tk": figures, "/ck/qh": news_list(("Kế hoạch công tác năm sau", "01/11/2026"))}
    assert state("statistics", pages, {"/ck": "Thông tin công khai"}) is SectionState.PRESENT
    listed = "<ul><li><a href='/ck/tk'>Số liệu thống kê nhiệm kỳ mới</a> (18/11/2026)</li></ul>" + FRESH
    assert state("statistics", pages | {"/ck": listed}, {"/ck": "Tin tức"}) is SectionState.ABSENT


@pytest.mark.parametrize("word", ["Tìm kiếm", "Đăng ký"])
def test_a_form_between_the_rows_of_a_table_has_the_fields_that_follow_it(word: str) -> None:
    table = (
        "<table><form action='/tim.asp' method='post'><tr><td>{}</td></tr><tr><td><input type='text' name='tu'>"
        "<input type='submit' value='Gửi'></td></tr></form></table>"
    )
    expected = SectionState.PRESENT if word == "Tìm kiếm" else SectionState.ABSENT
    assert site({"/": table.format(word)}).section("search").state is expected


# -- a page that is another section's by name --------------------------------------------------------------------------

PEOPLE = "<table>" + "".join(
    f"<tr><td>Nguyễn Văn {c}</td><td>Trưởng phòng</td><td>{{}}</td></tr>".format(c.lower() + "{}") for c in "ABC"
) + "</table>"  # fmt: skip


def test_a_page_by_name_another_sections_does_not_count_where_this_one_has_its_own() -> None:
    """A general word for this one in the other's name would make what stands there this one's."""
    labels = {"/db": "Danh bạ", "/tc": "Cơ cấu tổ chức"}
    pages = {
        "/": "<p>x</p>",
        "/db": PEOPLE.replace("{}", "@tinhmau.example"),
        "/tc": PEOPLE.replace("{}", "@khac.example"),
    }
    assert [one.url for one in site(pages, labels).section("email_directory").sections] == [BASE + "/db"]
    facts = site(pages | {"/db": "<h2>Danh bạ</h2>"}, labels).section("email_directory")
    assert facts.state is SectionState.PRESENT and BASE + "/tc" in [one.url for one in facts.sections]


def test_what_the_own_page_lacks_may_stand_on_another_sections() -> None:
    pages = {
        "/": "<p>x</p>",
        "/db": PEOPLE.replace("{}", " 0271 3880 160"),
        "/tc": PEOPLE.replace("{}", "@tinhmau.example"),
    }
    facts = site(pages, {"/db": "Danh bạ", "/tc": "Cơ cấu tổ chức"}).section("email_directory")
    assert facts.state is SectionState.PRESENT

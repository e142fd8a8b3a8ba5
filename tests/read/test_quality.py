"""What a page gives away of its quality, and what looks like it and is not."""

from __future__ import annotations

import asyncio

import pytest

from auditor.model import SiteFacts, Verdict
from auditor.model.quality import QualityFacts
from auditor.read.entries import Reading
from auditor.read.published import find_streets
from auditor.read.telephones import find_phones, phone_digits, renumbered
from auditor.read.walls import wall_of
from auditor.vocabulary import load_vocabulary
from tests.factories import judge, make_facts
from tests.golden_sites import GoldenSite, read_golden
from tests.read.pages import AS_OF, page

FOOTER = "Sở Nội vụ. Điện thoại: {footer}. Email: {mail}"
SOUND = (
    "<p>Sở có chức năng tham mưu quản lý nhà nước về tổ chức bộ máy; nhiệm vụ và các phòng theo quy định của tỉnh.</p>"
)


WORDS = load_vocabulary()


def served(
    pages: dict[str, tuple[str, str]], *, header: str = "", footer: str = "", agency: dict[str, object] | None = None
) -> SiteFacts:
    """The facts of a site on loopback: `pages` are title and content by path, each in the menu under its title."""
    menu = "".join(f'<a href="{path}">{title}</a>' for path, (title, _) in pages.items() if path != "/")
    site = GoldenSite.model_validate(
        {
            "name": "quality",
            "about": "quality",
            "agency": {"name": "Sở Nội vụ", "url": "http://snv.mau.example/", "mail_domain": "mau.example", **(agency or {})},
            "as_of": "2026-11-20",
            "pages": {
                path: {
                    "body": f'<html><head><meta charset="utf-8"><title>{title}</title></head><body><header>{header}<nav>{menu}</nav></header>'
                    f"<main><h1>{title}</h1>{body}</main><footer>{footer}</footer></body></html>"
                }
                for path, (title, body) in pages.items()
            },
            "expect": {"site": {"state": "ok"}, "detectors": {}},
        }
    )  # fmt: skip
    return asyncio.run(read_golden(site, WORDS))


HOME = "<p>Trang thông tin điện tử của Sở Nội vụ, cơ quan chuyên môn thuộc Ủy ban nhân dân tỉnh.</p>"
NEWS = '<ul><li><a href="/tin/1">Công tác cải cách hành chính đang cập nhật từng ngày</a> 18/11/2026</li></ul>'


def quality(
    *,
    about: str = SOUND,
    contact: str = "0271 3888 111",
    footer: str = "(0271) 3888 111",
    mail: str = "snv@mau.example",
    registry: dict[str, object] | None = None,
) -> QualityFacts:
    pages = {
        "/": ("Sở Nội vụ", HOME),
        "/tin-tuc": ("Tin tức", NEWS),
        "/gioi-thieu": ("Giới thiệu", about),
        "/lien-he": ("Liên hệ", f"<p>Địa chỉ: 12 Lê Lợi. Điện thoại: {contact}. Email: snv@mau.example</p>"),
    }
    return served(pages, footer=FOOTER.format(footer=footer, mail=mail), agency=registry).quality


def test_a_sound_site_has_none() -> None:
    facts = quality()
    assert facts.placeholders == (), 'an item\'s title that says "đang cập nhật" is no placeholder'
    assert facts.footer is not None and facts.contact_page is not None
    assert facts.footer.phones == facts.contact_page.phones == ("02713888111",)
    assert facts.footer.mailboxes == facts.contact_page.mailboxes == ("snv@mau.example",)


@pytest.mark.parametrize(
    "about",
    [
        "<p>Nội dung đang được cập nhật...</p>",
        "<p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.</p>"
        + SOUND,
    ],
)
def test_a_page_of_a_templates_text_is_named(about: str) -> None:
    assert [one.url for one in quality(about=about).placeholders] == ["http://snv.mau.example/gioi-thieu"]


def test_a_page_that_also_says_something_is_none() -> None:
    assert quality(about=SOUND + "<p>Sơ đồ đang cập nhật.</p>").placeholders == ()


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        ("<p>Nội dung này chỉ dành cho thành viên trả phí. Vui lòng mua gói để xem.</p>", Verdict.PARTIAL),
        ("<p>Bạn cần đăng nhập để xem nội dung này.</p>", Verdict.PARTIAL),
        ("<p>Lệ phí: 200.000 đồng. Thanh toán trực tuyến trên Cổng Dịch vụ công để nhận kết quả.</p>", Verdict.PASS),
    ],
)
def test_contents_for_which_one_must_log_in_or_pay(content: str, verdict: Verdict) -> None:
    site = served({"/": ("Sở Nội vụ", HOME), "/tin": ("Tin tức", NEWS), "/tthc": ("Thủ tục hành chính", content)})
    finding = judge("f.quality.free_access", make_facts(site))
    assert (finding.verdict, "Thủ tục hành chính" in finding.seen) == (verdict, verdict is Verdict.PARTIAL)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("(0271) 3880 161", "02713880161"),
        ("02713. 879110", "02713879110"),
        ("+84 271 3880161", "02713880161"),
        ("0271.3880.161", "02713880161"),
        ("3880 161", ""),
        ("(0651) 3880 161", "06513880161"),
        ("064.3880.161", "0643880161"),
        ("(04) 3825 1234", "0438251234"),
        ("0351 3851 234", "03513851234"),
        ("0912 345 678", "0912345678"),
        ("0168 234 5678", "01682345678"),
    ],
)
def test_one_number_is_written_in_many_ways(written: str, digits: str) -> None:
    assert phone_digits(written, WORDS.telephone) == digits


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0643880161", "02543880161"),
        ("0613822222", "02513822222"),
        ("06513880161", "02713880161"),
        ("0438251234", "02438251234"),
        ("0838251234", "02838251234"),
        ("0240385123", ""),
        ("02403851234", "02043851234"),
        ("02713880161", ""),
        ("02438251234", ""),
        ("01682345678", "0382345678"),
        ("0912345678", ""),
    ],
)
def test_numbers_of_before_2017_and_2018_have_todays_spelling(old: str, new: str) -> None:
    assert renumbered(old, WORDS.telephone) == new


def test_all_59_area_codes_that_changed_and_21_mobile_prefixes_are_known() -> None:
    rows = WORDS.telephone.renumbered
    land = [(old, new) for old, new in rows if new.startswith("02")]
    assert (len(land), len({new for _, new in land}), len(rows) - len(land)) == (59, 59, 21)
    unchanged = {"0210", "0211", "0218", "0219"}  # Phú Thọ, Vĩnh Phúc, Hòa Bình, Hà Giang
    assert unchanged.isdisjoint(new for _, new in land)


def test_footer_contact_page_and_registry_are_read_for_number_mailbox_and_house() -> None:
    known = {"mailboxes": ["SNV@mau.example"], "phones": ["0271.3888.111"], "address": "Số 12 đường Lê Lợi"}
    facts = quality(registry=known, footer="(0271) 3888 111. Địa chỉ: 12 Lê Lợi, phường Tân Lập")
    places = (facts.footer, facts.contact_page, facts.registry)
    assert [place and place.phones for place in places] == [("02713888111",)] * 3
    assert [place and place.mailboxes for place in places] == [("snv@mau.example",)] * 3
    assert [place and [street.numbers for street in place.streets] for place in places] == [[("12",)]] * 3


def test_a_mailbox_for_one_purpose_is_not_the_agencys_own() -> None:
    facts = quality(mail="bbt.snv@mau.example", registry={"mailboxes": ["webmaster@mau.example"]})
    assert facts.footer is not None and facts.footer.mailboxes == ()
    assert facts.registry is not None and facts.registry.mailboxes == ()
    assert facts.contact_page is not None and facts.contact_page.mailboxes == ("snv@mau.example",)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Điện thoại: (0271) 3880 161 - máy lẻ 12", ["02713880161"]),
        ("ĐT: 0271.3880.161 (số máy lẻ: 105), 0912.345.678", ["02713880161", "0912345678"]),
        ("Điện thoại: 02713. 879110 - FAX: 02713. 879111", ["02713879110"]),
        ("Tel/Fax: 0271 3880 161", ["02713880161"]),
        ("Tel: +84 (0)271 3880161 | Hotline: (+84) 912 345 678", ["02713880161", "0912345678"]),
        ("Tel: 84.271.3880161", ["02713880161"]),
        ("Điện thoại: +84 (271) 3880161", ["02713880161"]),
        ("Điện thoại: 3880 161", ["3880161"]),
        ("Giấy phép số 1234567 ngày 12.12.2020; lượt truy cập 3880161", []),
        ("Di động: 0912 345 678 - 0987 654 321", ["0912345678", "0987654321"]),
        ("Tổng đài: 1900 1022 - 0271 3992 555", ["02713992555"]),
    ],
)
def test_numbers_of_a_contact_block(text: str, numbers: list[str]) -> None:
    assert find_phones(text, WORDS) == numbers


@pytest.mark.parametrize(
    ("text", "houses"),
    [
        ("Địa chỉ: Số 727, Quốc lộ 14, phường Tân Bình, thành phố Đồng Xoài", ["727"]),
        ("Địa chỉ: 727 QL14, P. Tân Bình - Điện thoại: 0271 3888 111", ["727"]),
        ("Trụ sở chính: Tầng 3, tòa nhà A, số 12A/3 Lê Lợi. ĐT: 0271", ["12"]),
        ("Địa chỉ: 12-14 đường 30 tháng 4", ["12", "14"]),
        ("Địa chỉ: 05 đường 3/2; Email: a@b.vn", ["5"]),
        ("Địa chỉ: 9 ĐT741, xã Phú Riềng", ["9"]),
        ("Địa chỉ Số 15 đường Phan Chu Trinh", ["15"]),
        ("Địa chỉ: Đường 30 tháng 4, thị trấn Phú Mẫu, 67000", []),
        ("Địa chỉ: Km 3, QL14, khu phố 2", []),
    ],
)  # fmt: skip
def test_the_house_number_of_an_address(text: str, houses: list[str]) -> None:
    ((_, found),) = find_streets(text, WORDS)
    assert list(found.numbers) == houses


@pytest.mark.parametrize(
    "text", ["Địa chỉ email: 12 Lê Lợi", "Khánh thành trụ sở 12 tầng", "Địa chỉ:  Điện thoại: 0271"]
)
def test_what_announces_no_address(text: str) -> None:
    assert list(find_streets(text, WORDS)) == []


@pytest.mark.parametrize(
    "footer",
    [
        "Đường dây nóng: 0919 123 456",
        "Thiết kế bởi VNPT - Hỗ trợ kỹ thuật: 0271 3999 888",
        "Chịu trách nhiệm: Ông Nguyễn Văn A, Trưởng Ban biên tập. Ban biên tập, ĐT: 0271 3777 666",
        "Điện thoại: 0271 3888 111 | Hotline: 0919 123 456",
    ],
)
def test_a_number_for_one_purpose_contradicts_nobody(footer: str) -> None:
    facts = quality(footer=footer, contact="0271 3888 111")
    assert facts.footer is None or set(facts.footer.phones) <= {"02713888111"}


@pytest.mark.parametrize(
    "text",
    [
        "Quét mã QR để thanh toán tiền nước, bấm vào đây để xem hướng dẫn.",
        "Bạn đọc đóng tiền đặt cọc làm thẻ thư viện để đọc sách tại chỗ.",
    ],
)
def test_paying_for_something_else_is_no_wall(text: str) -> None:
    site = served(
        {"/": ("Sở Nội vụ", HOME), "/tin": ("Tin tức", NEWS), "/tthc": ("Thủ tục hành chính", f"<p>{text}</p>")}
    )
    assert judge("f.quality.free_access", make_facts(site)).verdict is Verdict.PASS


PAID_FOR = """
Tổ chức, cá nhân nộp phí, lệ phí để được cấp giấy phép
Nộp lệ phí để được cấp chứng chỉ hành nghề
Người nộp hồ sơ thanh toán trực tuyến để được giải quyết
Thanh toán trước khi nhận kết quả
Thanh toán để tiếp tục quy trình cấp phép
Mua tài liệu, hồ sơ mời thầu tại phòng Kế hoạch
Nhà thầu trả tiền mua hồ sơ để đọc
Bên mời thầu bán hồ sơ, trả tiền mới được xem
Người dân trả tiền để xem bản đồ địa chính theo quy định
Tổ chức, cá nhân trả phí để đọc, sao chụp tài liệu lưu trữ
Người yêu cầu cung cấp thông tin phải trả phí để tải bản sao
Người sử dụng tài liệu trả phí sử dụng tài liệu lưu trữ để xem bản gốc
Phí khai thác dữ liệu đất đai: thanh toán để xem thông tin thửa đất
Người khai thác dữ liệu đất đai trả tiền để truy cập hệ thống
Đóng tiền để truy cập vào khu di tích
Du khách trả tiền để xem biểu diễn thực cảnh
Du khách mua vé, trả tiền mới được xem triển lãm
Trả tiền dịch vụ môi trường rừng chỉ dành cho chủ rừng
Hỗ trợ trả phí bảo hiểm chỉ dành cho hộ nghèo
Tiền trợ cấp được thanh toán chỉ dành cho người có công
Gói vay để trả tiền nhà chỉ dành cho công nhân
Quỹ thanh toán chỉ dành cho đối tượng bảo trợ
Chi trả tiền điện chỉ dành cho hộ nghèo
Nạp tiền vào tài khoản thu phí không dừng để truy cập làn ETC
Nạp tiền điện thoại để đọc tin nhắn
Quét mã thanh toán để tải biên nhận
Thanh toán học phí để xem điểm
Đăng ký, thanh toán để truy cập cơ sở dữ liệu quốc gia về đăng ký doanh nghiệp
Doanh nghiệp trả phí để tải báo cáo tài chính trên Cổng thông tin quốc gia về đăng ký doanh nghiệp
Để tải hồ sơ mời thầu, nhà thầu thanh toán chi phí
Để xem thông tin quy hoạch, người dân thanh toán phí cung cấp thông tin
Để đọc bản gốc, độc giả nộp lệ phí
Để xem kết quả xét nghiệm, người bệnh thanh toán viện phí
Khách hàng thanh toán tiền nước để tiếp tục xem hướng dẫn
Mức chi trả tiền thù lao cho thành viên để đọc, thẩm định báo cáo
Nội dung chi: thanh toán cho chuyên gia để đọc và góp ý dự thảo
Thanh toán tiền công để đọc, nhận xét tài liệu
Kinh phí thanh toán để tải, lưu trữ dữ liệu
Bài viết: người dùng mạng trả tiền để xem bóng đá
Trẻ em được trả tiền để xem quảng cáo
Người nghe trả phí để đọc báo điện tử
Cán bộ thư viện trả tiền để tải sách điện tử phục vụ bạn đọc
Hội viên đóng tiền hội phí để truy cập thư viện
Thuê bao trả phí để truy cập Internet
Khách hàng thanh toán cước để truy cập mạng
Người dân không có tiền để đóng tiền, để xem xét miễn giảm
Nộp phí, để xem xét cấp lại
Doanh nghiệp đóng tiền ký quỹ để xem xét cấp phép
Người phải thi hành án đóng tiền để xem xét miễn
Thanh toán qua ngân hàng để đọc giả mua sách
Thanh toán theo hợp đồng để tải hàng hóa
Lái xe trả tiền để tải hàng lên tàu
Mua gói bảo hiểm y tế chỉ dành cho học sinh
Mua gói cước để truy cập dịch vụ
Mua gói để xem truyền hình
Nâng cấp tài khoản định danh điện tử mức 2 để truy cập dịch vụ
Nâng cấp tài khoản để truy cập VNeID
""".strip().splitlines()  # fees of procedures, documents that are sold, tolls, tickets, benefits: real administrative sentences


def wall(text: str) -> str:
    short = page(f"<title>Thủ tục</title><main><h1>Thủ tục hành chính</h1><p>{text}.</p></main>")
    return wall_of(short, Reading(AS_OF, WORDS))


@pytest.mark.parametrize("text", PAID_FOR)
def test_what_costs_money_elsewhere_is_no_wall_before_this_page(text: str) -> None:
    assert wall(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Nội dung này chỉ dành cho thành viên trả phí",
        "Vui lòng mua gói để xem",
        "Vui lòng nạp tiền để tiếp tục xem",
        "Bạn cần trả phí để xem toàn bộ nội dung",
        "Nâng cấp tài khoản để xem đầy đủ nội dung",
        "Chỉ thành viên VIP mới xem được",
        "Quý khách vui lòng thanh toán 50.000 đồng để xem toàn bộ nội dung văn bản",
        "Mời bạn nạp thẻ để đọc tiếp bài viết này",
        "Văn bản này phải trả tiền mới xem được",
        "Subscribe to read",
    ],
)
def test_a_demand_to_pay_for_this_page_is_a_wall(text: str) -> None:
    assert wall(text) == "payment_wall"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Tổ chức, cá nhân đăng nhập để truy cập Cổng Dịch vụ công quốc gia và nộp hồ sơ", ""),
        ("Người dân dùng tài khoản VNeID đăng nhập để tiếp tục nộp hồ sơ trực tuyến", ""),
        ("Đăng nhập để xem kết quả tra cứu hồ sơ", ""),
        ("Vui lòng đăng nhập để xem nội dung hoặc đăng ký tài khoản", "login_wall"),
        ("Bạn phải đăng nhập để xem mục này", "login_wall"),
    ],
)
def test_where_one_logs_in_to_hand_in_an_application_is_no_wall(text: str, why: str) -> None:
    assert wall(text) == why


@pytest.mark.parametrize(
    "text",
    ["+84" + "-" * 20_000 + "x", "Điện thoại: 0271 3888 111. " * 6_000, "- " * 50_000, "(0" * 40_000],
    ids=["dashes", "numbers", "gaps", "brackets"],
)
@pytest.mark.timeout(5)
def test_hostile_blocks_take_no_time(text: str) -> None:
    assert len(find_phones(text, WORDS)) <= 1


# -- footers as they are: what is not the head office's contradicts nothing ---------------------------------------------


def contacts(footer: str, page: str, **agency: object) -> Verdict:
    """The verdict on a site with that footer and that contact page."""
    pages = {
        "/": ("Sở Nội vụ", HOME),
        "/tin-tuc": ("Tin tức", NEWS),
        "/gioi-thieu": ("Giới thiệu", SOUND),
        "/lien-he": ("Liên hệ", page),
    }
    finding = judge("f.quality.contacts_agree", make_facts(served(pages, footer=footer, agency=agency or None)))
    assert finding.verdict in (Verdict.PASS, Verdict.PARTIAL, Verdict.UNVERIFIED)
    return finding.verdict


OFFICE = "<p>Sở Nội vụ. Địa chỉ: 12 Lê Lợi. Điện thoại: 0271.3888.111 - Fax: 0271.3888.112. Email: snv@mau.example</p>"


@pytest.mark.parametrize(
    "footer",
    [
        OFFICE,
        "<p>Điện thoại: (0651) 3888 111</p>",
        "<p>Điện thoại: 0271 3888.110 - 3888.111; Fax: 0271 3888 119</p>",
        "<p>Điện thoại: 0271 3888.110/111</p>",
        "<p>Điện thoại: 0271 3888109-112</p>",
        "<p>Điện thoại: 0271 3888.111 (máy lẻ 105)</p>",
        "<p>Điện thoại: 0271.3888.111 - 105</p>",
        "<p>Tel: +84 271 3888 111 | Hotline: 0919 123 456</p>",
        "<p>Cơ sở 1: 12 Lê Lợi. Điện thoại: 0271 3888 111</p><p>Cơ sở 2: 45 Trần Phú. Điện thoại: 0271 3999 111</p>",
        "<p>Trụ sở chính: 12 Lê Lợi</p><p>Địa chỉ 2: 45 Trần Phú</p>",
    ],
)
def test_a_footer_that_says_the_same_in_other_ways_agrees(footer: str) -> None:
    assert contacts(footer, OFFICE) is Verdict.PASS


@pytest.mark.parametrize(
    "footer",
    [
        "<p>Đường dây nóng: 0919 123 456. Phản ánh: 0271 3777 000</p>",
        "<p>Fax: 0271 3777 111</p>",
        "<p>Thiết kế: Công ty TNHH Phần mềm Mẫu. Địa chỉ: 9 Trần Phú. Điện thoại: 0271 3999 888. Email: hotro@mau.example</p>",
        "<p>Đơn vị thiết kế: VNPT Mẫu | Điện thoại: 0271 3999 888</p>",
        "<p>Cơ sở 2: 45 Trần Phú. Điện thoại: 0271 3999 111</p>",
        "<p>Trụ sở 2: 45 Trần Phú. Điện thoại: 0271 3999 111. Email: cs.snv@mau.example</p>",
        "<p>Chi nhánh phía Nam - Địa chỉ: 45 Trần Phú - Điện thoại: 0271 3999 111</p>",
        "<p>Văn phòng đại diện: Địa chỉ: 45 Trần Phú. ĐT: 0271 3999 111</p>",
        "<p>Trưởng ban biên tập: Ông Nguyễn Văn A, Phó Giám đốc. Điện thoại: 0271 3777 666. Email: a.snv@mau.example</p>",
        "<p>Chịu trách nhiệm: Bà Trần Thị B - Điện thoại: 0271 3777 666</p>",
        "<p>Phòng Tổ chức - Hành chính: Điện thoại 0271 3777 666</p>",
        "<p>Bộ phận một cửa. Địa chỉ: 45 Trần Phú. Điện thoại: 0271 3777 666</p>",
        "<p>Email: bbt.snv@mau.example; webmaster@mau.example</p>",
        "<p>☎ 0271 3777 666</p>",
        "<p>ĐT: 3777.666 - Fax: 3777.667</p>",
        "<p>Cơ quan chủ quản: UBND tỉnh Mẫu - Điện thoại: 0271 3777 666</p>",
        "<p>Địa chỉ: Khu trung tâm hành chính, phường Tân Lập</p>",
    ],
)
def test_what_is_not_surely_the_head_offices_contradicts_nobody(footer: str) -> None:
    assert contacts(footer, OFFICE) is Verdict.UNVERIFIED
    assert contacts(OFFICE, footer) in (Verdict.UNVERIFIED, Verdict.PASS)
    assert contacts(OFFICE + footer, OFFICE) is Verdict.PASS
    assert contacts(OFFICE, OFFICE + footer) is Verdict.PASS


@pytest.mark.parametrize(
    "footer",
    [
        OFFICE.replace("3888.111", "3999.111"),
        OFFICE.replace("12 Lê Lợi", "45 Trần Phú"),
        OFFICE.replace("snv@", "sonoivu@"),
        "<p>Bản quyền thuộc Sở Nội vụ. Địa chỉ: 45 Trần Phú</p><p>Thiết kế: VNPT. Điện thoại: 0271 3888 111</p>",
        "<p>Chịu trách nhiệm: Ông Nguyễn Văn A. Địa chỉ: 45 Trần Phú. Điện thoại: 0271 3999 111</p>",
        "<p>Thiết kế: VNPT Mẫu.</p><p>Sở Nội vụ - Điện thoại: 0271 3999 111</p>",
        "<p>Điện thoại: 0271 3999.110 - 3999.111</p>",
    ],
)
def test_two_values_of_the_same_office_contradict(footer: str) -> None:
    assert contacts(footer, OFFICE) is Verdict.PARTIAL


def test_a_registry_that_differs_is_for_the_operator_to_look_at() -> None:
    assert contacts(OFFICE, OFFICE, phones=["0271 3999 111"], address="45 Trần Phú") is Verdict.PASS
    assert contacts("<p>Sở Nội vụ</p>", OFFICE, phones=["0271 3999 111"]) is Verdict.UNVERIFIED
    assert contacts("<p>Sở Nội vụ</p>", OFFICE, phones=["0651.3888.110 - 111"]) is Verdict.PASS


def test_the_names_of_an_agency_that_is_a_centre_are_no_unit_of_it() -> None:
    own = {"name": "Trung tâm Phục vụ hành chính công tỉnh Mẫu"}
    text = "Trung tâm Phục vụ hành chính công - Điện thoại: 0271 {}"
    assert contacts(text.format("3999 111"), text.format("3888 111"), **own) is Verdict.PARTIAL

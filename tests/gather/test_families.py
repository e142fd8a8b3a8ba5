"""Sites that make near-identical pages without end, against real servers; and honest sites that only look alike."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from auditor.model import SectionState, Trap
from tests.gather.servers import Handler, Request, reply
from tests.gather.test_site import FURNITURE, LABELS, Seen, article, crawl, html

BUDGET = 40
FEW = 9  # pages of a trap that may be read before it is known: two rounds of four, and the one that named it
SECTIONS = {f"/{slug}/": label for slug, label in LABELS.items()}


def pages_of(seen: Seen, prefix: str) -> list[str]:
    return [path for path in seen.paths if path.startswith(prefix)]


def told(seen: Seen) -> list[Trap]:
    return [trap for trap in seen.facts.traps if trap.kind == "near_duplicates"]


def sections(content: Callable[[str], bytes], menu: Mapping[str, str]) -> Handler:
    """A site of SECTIONS whose menus hold `menu`, too; `content` answers everything else."""

    def answer(request: Request) -> bytes:
        path = urlsplit(request.path).path
        if path == "/":
            return html(article("Trang chủ"), SECTIONS | menu)
        if path in SECTIONS and "?" not in request.path:
            return html(article(SECTIONS[path]), SECTIONS | menu)
        if "trang-khong-ton-tai" in path or path in FURNITURE:
            return reply("Không tìm thấy", status=404)
        return content(request.path)

    return answer


# -- traps ---------------------------------------------------------------------------------------------------------------


def tokens(letters: str) -> Iterator[str]:
    dice = random.Random(7)
    while True:
        yield "".join(dice.choices(letters, k=9))


def calendar(letters: str) -> Handler:
    """Every page is a month and links to 42 more under random names; random tokens stand in its text and its heading."""
    made = tokens(letters)

    def month(path: str) -> bytes:
        days = " ".join(f"<td>{day}</td>" for day in range(1, 29 + len(path) % 3))
        text = (
            f"<h1>Lịch sự kiện {next(made)}</h1><p>Mã phiên {next(made)} {next(made)}</p><table><tr>{days}</tr></table>"
            "<p>Trong tháng không ghi nhận sự kiện, cuộc họp, hội nghị của cơ quan. Chọn ngày trong bảng để xem.</p>"
        )
        return html(text, SECTIONS | {f"/su-kien/{next(made)}": f"Xem ngày {n}" for n in range(42)})

    return sections(month, {f"/su-kien/{next(made)}": f"Xem ngày {n}" for n in range(42)})


def facets() -> Handler:
    """One list of twenty documents under every order, direction and number of rows."""
    titles = [f"Quyết định ban hành quy chế thứ {chr(97 + n)} về công tác {word}" for n, word in enumerate(["tổ", "chức", "cán", "bộ", "thi", "đua", "khen", "thưởng", "văn", "thư", "lưu", "trữ", "thanh", "tra"])]  # fmt: skip

    def rows(path: str) -> bytes:
        query = parse_qs(urlsplit(path).query)
        order = random.Random(str(query)).sample(titles, len(titles))
        listed = "".join(
            f'<li><a href="/van-ban/{titles.index(title)}.html">{title}</a> <i>0{1 + titles.index(title) % 9}/11/2026</i></li>'
            for title in order
        )
        return html(f"<h1>Văn bản pháp luật</h1><ul>{listed}</ul>", SECTIONS | links())

    numbers = count()

    def links() -> dict[str, str]:
        names = ("ten", "ngay", "so", "loai", "coquan")
        return {
            f"/van-ban/?sap-xep={name}&amp;chieu={way}&amp;limit={10 * (1 + next(numbers))}": f"Văn bản theo {name}"
            for name in names
            for way in ("tang", "giam")
        }

    return sections(rows, links())


def session_marks() -> Handler:
    """Every link of every page carries a mark that is made anew."""
    made = tokens(string.hexdigits.lower())

    def answer(request: Request) -> bytes:
        path = urlsplit(request.path).path
        if "trang-khong-ton-tai" in path:
            return reply("Không tìm thấy", status=404)
        label = SECTIONS.get(path, "Trang chủ")
        mark = next(made)
        return html(article(label), {f"{section}?phien={mark}": name for section, name in SECTIONS.items()})

    return answer


def doorways() -> Handler:
    """A page of a template for every place: the same heading, the same text, another name in it."""
    words = ["Tân", "Phú", "Bình", "Long", "Lộc", "Thuận", "Hưng", "An", "Thanh", "Minh", "Đức", "Hòa"]

    def place(path: str) -> bytes:
        dice = random.Random(path)
        name = " ".join(dice.sample(words, 2))
        text = (
            "<h1>Dịch vụ tư vấn</h1><p>Chúng tôi nhận tư vấn thủ tục đất đai, xây dựng, hộ tịch cho bà con tại địa bàn "
            f"{name} và các vùng lân cận với chi phí hợp lý, nhanh gọn, đúng hẹn; xin gọi điện để được hướng dẫn tận tình.</p>"
        )
        return html(text, SECTIONS | {f"/dia-ban/{dice.randrange(10**6)}": "Tư vấn tại chỗ" for _ in range(20)})

    return sections(place, {f"/dia-ban/{n}": "Tư vấn tại chỗ" for n in range(20)})


TRAPS: dict[str, tuple[Callable[[], Handler], str]] = {
    "calendar_of_hex_tokens": (lambda: calendar("0123456789abcdef"), "/su-kien/"),
    "calendar_of_letter_tokens": (lambda: calendar("bcdfghjklmnpqrstvwxz"), "/su-kien/"),
    "sorted_facets": (facets, "/van-ban/?"),
    "doorways": (doorways, "/dia-ban/"),
}


@pytest.mark.parametrize("name", TRAPS)
def test_a_family_is_left_alone_once_it_is_known_and_told_with_two_addresses(name: str) -> None:
    make, prefix = TRAPS[name]
    seen = crawl(make(), budget=BUDGET)
    assert 3 <= len(pages_of(seen, prefix)) <= FEW
    assert not seen.evidence.budget_spent, "the budget is kept for others"
    assert set(SECTIONS) <= {urlsplit(path).path for path in seen.paths}
    (trap,) = told(seen)
    assert trap.url != trap.detail
    for url in (trap.url, trap.detail):
        parts = urlsplit(url)
        assert f"{parts.path}{'?' if parts.query else ''}".startswith(prefix)


@pytest.mark.parametrize("budget", [3, 12, BUDGET])
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_never_exceeds_its_budget(name: str, budget: int) -> None:
    seen = crawl(TRAPS[name][0](), budget=budget)
    assert len(seen.evidence.looks) <= budget
    assert len(seen.requests) <= budget + 1, "but for robots.txt nothing else is asked"


def test_marks_of_a_session_make_no_new_pages() -> None:
    seen = crawl(session_marks(), budget=60)
    read = [urlsplit(path).path for path in seen.paths]
    assert set(SECTIONS) <= set(read)
    assert len(read) <= 3 * (len(SECTIONS) + 1), "each section a few times, until the mark is known to change nothing"
    assert not seen.evidence.budget_spent
    assert told(seen)


# -- honest sites --------------------------------------------------------------------------------------------------------

FORTY = range(1, 41)
SUBJECTS = [
    "đất đai",
    "hộ tịch",
    "xây dựng",
    "giáo dục",
    "y tế",
    "thuế",
    "giao thông",
    "tài nguyên",
    "nội vụ",
    "tư pháp",
]
ASIDE = (
    "<div class='cung-loai'><b>Văn bản cùng loại</b> "
    + "Quyết định về phân công nhiệm vụ của lãnh đạo Sở; " * 12
    + "</div>"
)


def document(n: int, *, number: str, title: str, file: bool) -> str:
    link = f"<td><a href='/tep/qd-{n}.pdf'>Tải về</a></td>" if file else ""
    return (
        f"<h1>Chi tiết văn bản</h1><table><tr><td>Số, ký hiệu</td><td>{number}</td></tr><tr><td>Trích yếu</td><td>{title}</td></tr>"
        f"<tr><td>Ngày ban hành</td><td>{1 + n % 28:02}/{1 + n % 12:02}/2026</td></tr><tr><td>Cơ quan ban hành</td><td>Sở Mẫu</td>{link}</tr></table>{ASIDE}"
    )


SAME_TITLE = "Quyết định về việc bổ nhiệm công chức lãnh đạo"
NAMES = ["An", "Bình", "Cường", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Minh", "Nam"]
ENGLISH = ["construction", "finance", "transport", "agriculture", "investment", "planning", "environment"]
HONEST: dict[str, Callable[[int], str]] = {
    "documents_by_number": lambda n: document(n, number=f"{n}/QĐ-SM", title=SAME_TITLE, file=False),
    "documents_by_file": lambda n: document(n, number="", title=SAME_TITLE, file=True),
    "documents_by_title": lambda n: document(n, number="", title=f"Quyết định giao chỉ tiêu {SUBJECTS[n % 10]} năm {n}", file=False),
    "articles_of_one_template": lambda n: f"<h1>Hội nghị {SUBJECTS[n % 10]} lần thứ {n}</h1><p>Sáng nay, Sở tổ chức hội nghị.</p>{ASIDE}",
    "figures": lambda n: "<h1>Số liệu kinh tế</h1><table>" + "".join(
        f"<tr><td>{what}</td><td>{random.Random(n * 99 + k).randrange(100, 99999)}</td></tr>" for k, what in enumerate(SUBJECTS)
    ) + "</table>",
    "articles_in_english": lambda n: f"<h1>News</h1><p>The department of {ENGLISH[n % 7]} met about {ENGLISH[n % 5]} and {ENGLISH[n % 3]} {n}.</p>"
    f"<p>{' '.join(random.Random(n).sample(ENGLISH, 7))}</p>",
    "staff": lambda n: f"<h1>Cán bộ</h1><p>Họ và tên: Nguyễn Văn {NAMES[n % 10]}</p><p>Chức vụ: chuyên viên. Công tác tại Văn phòng Sở.</p>{ASIDE}",
    "albums": lambda n: f"<h1>Hình ảnh hoạt động</h1><img src='/anh/{n}.jpg'><p>Hình ảnh hoạt động của Sở trong năm, bấm vào để xem.</p>",
    "pages_of_news": lambda n: "<h1>Tin tức</h1><ul>" + "".join(
        f"<li><a href='/bai/{k}.html'>Sở làm việc về {SUBJECTS[k % 10]} với {NAMES[(k // 10) % 10]} Bình, đợt {k}</a> <i>{1 + k % 28:02}/05/2026</i></li>"
        for k in (10 * n + j * 7 for j in range(10))
    ) + "</ul>",
}  # fmt: skip


def honest(page: Callable[[int], str]) -> Handler:
    """Forty pages that differ in little, each named by the menu, so that some are opened."""

    def name(n: int) -> str:
        return f"Nguyễn Văn {NAMES[n % 10]}" if "Nguyễn" in page(n) else f"Chỉ tiêu {SUBJECTS[n % 10]}"

    menu = {f"/chi-tiet/{n}.html": name(n) for n in FORTY}

    def one(path: str) -> bytes:
        return html(page(int(path.rpartition("/")[2].removesuffix(".html"))), SECTIONS | menu)

    return sections(one, menu)


@pytest.mark.parametrize("name", HONEST)
def test_honest_pages_that_share_their_template_are_no_trap(name: str) -> None:
    seen = crawl(honest(HONEST[name]), budget=60)
    opened = pages_of(seen, "/chi-tiet/")
    assert len(opened) >= 10, "as many are opened as of pages that nobody doubts"
    assert told(seen) == []


# -- what is left alone ------------------------------------------------------------------------------------------------


PROCEDURES = "<h1>Thủ tục hành chính</h1><table><tr><th>Tên thủ tục</th><th>Thời hạn giải quyết</th><th>Thành phần hồ sơ</th></tr>" + "".join(
    f'<tr><td><a href="/tt/{n}.html">Thủ tục cấp giấy phép thứ {n} cho tổ chức</a></td><td>{5 + n} ngày làm việc</td><td>Đơn, bản sao</td></tr>'
    for n in range(1, 9)
)  # fmt: skip
OWN_NAMES = ("Góc nhìn", "Nhịp cầu", "Cẩm nang", "Bạn đọc", "Chuyên trang", "Sổ tay", "Hành trang", "Điểm hẹn", "Câu chuyện", "Một vòng")


@pytest.mark.parametrize(
    "said",
    [
        "Hệ thống đang tiếp nhận rất nhiều lượt truy cập, quý vị vui lòng quay lại sau ít phút. Xin lỗi vì sự bất tiện này.",
        "Nội dung của chuyên trang này dành cho bạn đọc gần xa, trân trọng cảm ơn sự quan tâm và đồng hành của quý vị.",
    ],
)
def test_no_section_is_called_absent_that_may_be_one_of_the_pages_left_alone(said: str) -> None:
    """Ten menu entries under names of the site's own; the first ones say the same, the eighth is the procedures."""
    menu = {f"/trang-{n}.html": name for n, name in enumerate(OWN_NAMES, 1)}

    def answer(request: Request) -> bytes:
        if request.path == "/trang-8.html":
            return html(PROCEDURES, menu)
        if request.path in menu and request.path not in ("/trang-9.html", "/trang-10.html"):
            return html(f"<p>{said}</p>", menu)
        if request.path in menu or request.path == "/":
            return html(article(menu.get(request.path, "Trang chủ")), menu)
        return reply("Không tìm thấy", status=404)

    seen = crawl(answer)
    state = seen.facts.detectors["procedures"].state
    if "/trang-8.html" in seen.paths:
        assert state in (SectionState.PRESENT, SectionState.PARTIAL)
    else:
        assert state is SectionState.UNVERIFIABLE

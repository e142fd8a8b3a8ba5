"""Forms to download: sites on loopback that serve them rightly, wrongly, or not to us; crawled and looked at again."""

from __future__ import annotations

import asyncio
import io
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import quote

import pytest

from auditor.audit import audit_agency, second_look
from auditor.audit_context import open_context
from auditor.gather.connect_to import parse_connect_to
from auditor.gather.dns import Resolver
from auditor.gather.network import Network, NetworkOptions
from auditor.gather.site import Crawl
from auditor.model import Agency, LookKind, SiteEvidence, SiteFacts, SiteScope, Verdict
from auditor.model.quality import FormState
from auditor.read.file_kinds import ending_of, fits, kind_of, promised
from auditor.read.site import read_site
from auditor.read.urls import canonical
from auditor.settings import load_settings
from auditor.vocabulary import load_vocabulary
from tests.factories import judge, make_facts
from tests.gather.servers import HttpServer, Request, redirect, reply

WORDS = load_vocabulary()
TABLE = WORDS.files
HOST = "snv.mau.example"
HTML = "text/html; charset=utf-8"
WORD = "application/msword"
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(600)
PDF = b"%PDF-1.4\n" + b"0" * 600
RTF = rb"{\rtf1\ansi M\u7851?u \u273?\u417?n}"
WORD_HTML = b"<html xmlns:o='urn:schemas-microsoft-com:office:office'><body>M\xe1\xba\xabu</body></html>"
MHTML = b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="x"\r\n\r\n'
NOT_FOUND = "<html><title>Lỗi 404</title><body><h1>Không tìm thấy trang</h1><p>Trang bạn yêu cầu không tồn tại.</p></body></html>"
HOME = "<html><title>Sở Nội vụ</title><body><p>Trang thông tin điện tử của Sở Nội vụ. Tin tức, văn bản, thủ tục.</p></body></html>"
LOGIN = "<html><title>Đăng nhập</title><body><form><input name=u><input type=password name=p></form></body></html>"
CHALLENGE = "<html><script>document.cookie='a=1';location.reload()</script></html>"
BOT_WALL = "<html><title>Just a moment...</title><body><p>Checking your browser</p></body></html>"


def office_file(first: str = "[Content_Types].xml") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(first, "<x/>" * 300)
    return target.getvalue()


Answer = Callable[[Request], bytes]


@dataclass
class Site:
    """A site whose page of procedures offers `links`; `files` answers for them. `asked` are the requests for files."""

    links: str
    files: dict[str, bytes | Answer]
    prefix: str = "/"
    missing: bytes = reply("<p>Not found</p>", 404, Content_Type=HTML)
    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> bytes:
        path = request.path.partition("?")[0]
        found = self.files.get(request.path, self.files.get(path))
        if found is not None:
            self.asked.append(request)
            return found if isinstance(found, bytes) else found(request)
        pages = {self.prefix: HOME, f"{self.prefix}tthc": self.links}
        if path not in pages:
            return self.missing
        menu = f'<nav><a href="{self.prefix}tthc">Thủ tục hành chính</a></nav>'
        body = f"<html><head><title>Sở Nội vụ</title></head><body><header>{menu}</header><main>{pages[path]}</main></body></html>"
        return reply(body, Content_Type=HTML)


def part(body: bytes, media: str = "application/octet-stream", **headers: str) -> Answer:
    """A server that keeps to RFC 9110 section 14: of `body` what the Range asks for."""

    def answer(request: Request) -> bytes:
        wanted = request.headers["range"].removeprefix("bytes=0-")
        if not body:
            return reply(b"", 416, Content_Range="bytes */0", **headers)
        sent = body[: int(wanted) + 1]
        return reply(sent, 206, Content_Type=media, Content_Range=f"bytes 0-{len(sent) - 1}/{len(body)}", **headers)

    return answer


def whole(body: bytes | str, media: str = "application/octet-stream", status: int = 200, **headers: str) -> bytes:
    return reply(body, status, Content_Type=media, **headers)


async def crawled(
    site: Site, *, looks: int = 1, forms: int = 3, budget: int = 60, usual: int = 40
) -> tuple[SiteFacts, SiteEvidence]:
    scope = SiteScope(HOST, site.prefix)
    agency = Agency("snv", "Sở Nội vụ", url=f"http://{HOST}{site.prefix}", scope=scope)
    day = date(2026, 11, 20)
    async with HttpServer(site.answer) as server:
        connect = (parse_connect_to(f":80:127.0.0.1:{server.port}"), parse_connect_to("::127.0.0.1:9"))
        options = NetworkOptions(delay=0, allow_private=True, connect_to=connect, read_timeout=0.5)
        async with Network(options, Resolver([("127.0.0.1", 9)])) as network:
            evidence = await Crawl(agency, network, WORDS, day, budget, forms=forms, usual=usual).run()
            if looks > 1:
                urls = [form.url for form in read_site(agency, evidence, WORDS, day).quality.forms if form.wrong]
                evidence = await Crawl(agency, network, WORDS, day, budget, attempt=2, forms=forms).again(
                    evidence, urls
                )
    return read_site(agency, evidence, WORDS, day), evidence


def table(*links: str) -> str:
    rows = "".join(f"<tr><th>Biểu mẫu</th><td>{link}</td></tr>" for link in links)
    return f"<h1>Cấp chứng chỉ</h1><table>{rows}<tr><th>Thời hạn giải quyết</th><td>5 ngày làm việc</td></tr></table>"


def seen(name: str, answer: bytes | Answer, *, looks: int = 1) -> tuple[FormState, bool]:
    site = Site(table(f'<a href="/tai/{name}">Mẫu đơn</a>'), {f"/tai/{name}": answer})
    facts, _ = asyncio.run(crawled(site, looks=looks))
    (form,) = facts.quality.forms
    return form.state, form.confirmed


# -- right, and right enough -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("don.doc", OLE),
        ("don.docx", office_file()),
        ("don.docx", office_file("docProps/app.xml")),
        ("bang.xls", OLE),
        ("bang.xlsx", office_file("xl/workbook.xml")),
        ("don.odt", office_file("mimetype")),
        ("don.pdf", PDF),
        ("don.pdf", b"\r\n\r\n" + PDF),
        ("don.rtf", RTF),
        ("don.doc", RTF),
        ("don.doc", WORD_HTML),
        ("don.doc", MHTML),
        ("don.doc", office_file()),
        ("don.docx", OLE),
        ("DON.DOC", OLE),
        ("bo%20mau.zip", office_file("don.doc")),
        ("bo.rar", b"Rar!\x1a\x07\x00" + bytes(50)),
    ],
)
def test_a_file_that_programs_open_under_its_name_is_right(name: str, body: bytes) -> None:
    assert seen(name, part(body)) == (FormState.RIGHT, True)
    assert seen(name, whole(body)) == (FormState.RIGHT, True), "a server that ignores Range sends it whole"


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("?attachment=5", whole(OLE, WORD)),
        ("?attachment=5", whole(OLE, Content_Disposition='attachment; filename="Mau don.doc"')),
        ("?attachment=5", whole(PDF, Content_Disposition="attachment; filename*=UTF-8''M%E1%BA%ABu.pdf")),
        ("?attachment=5", whole(office_file())),
        ("don.doc", whole(PDF, "application/pdf")),
        ("bang.xls", whole("<table><tr><td>1</td></tr></table>", "application/vnd.ms-excel")),
        ("cu.doc", redirect("/tai/moi.doc")),
    ],
)
def test_what_the_servers_headers_say_counts(target: str, answer: bytes) -> None:
    path = f"/tai{target}" if target[0] == "?" else f"/tai/{target}"
    site = Site(table(f'<a href="{path}">Tải mẫu đơn</a>'), {path: answer, "/tai/moi.doc": whole(OLE)})
    (form,) = asyncio.run(crawled(site))[0].quality.forms
    assert form.state is FormState.RIGHT


# -- wrong -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "answer", "state"),
    [
        ("don.doc", whole(NOT_FOUND, HTML, 404), FormState.GONE),
        ("don.doc", whole("", HTML, 410), FormState.GONE),
        ("don.doc", whole(b"", WORD), FormState.EMPTY),
        ("don.doc", part(b"", WORD), FormState.EMPTY),
        ("don.doc", whole(NOT_FOUND, HTML), FormState.PAGE),
        ("don.doc", whole(NOT_FOUND + LOGIN, HTML), FormState.PAGE),
        ("don.pdf", whole(LOGIN, HTML), FormState.LOGIN),
        ("don.pdf", whole("<p>Bạn cần đăng nhập để xem nội dung này</p>", HTML), FormState.LOGIN),
        ("don.pdf", whole("", HTML, 401), FormState.LOGIN),
        ("don.pdf", whole(OLE, "application/octet-stream"), FormState.OTHER_KIND),
        ("don.doc", whole(b"\xff\xd8\xff\xe0" + bytes(50), WORD), FormState.OTHER_KIND),
        ("don.doc", whole(PDF, WORD), FormState.OTHER_KIND),
    ],
)
def test_a_form_that_is_not_what_its_name_says_waits_for_the_second_look(
    name: str, answer: bytes | Answer, state: FormState
) -> None:
    assert seen(name, answer) == (state, False)
    assert seen(name, answer, looks=2) == (state, True)


@pytest.mark.parametrize(
    ("missing", "state"), [(redirect("/"), FormState.PAGE), (whole(NOT_FOUND, HTML, 404), FormState.UNKNOWN)]
)
def test_that_a_form_leads_home_proves_that_it_is_gone_only_where_every_missing_page_leads_home(
    missing: bytes, state: FormState
) -> None:
    site = Site(table('<a href="/tai/don.doc">Mẫu đơn</a>'), {"/tai/don.doc": redirect("/")}, missing=missing)
    facts, _ = asyncio.run(crawled(site, looks=2))
    assert [(form.state, form.confirmed) for form in facts.quality.forms] == [(state, True)]


def test_a_fault_that_is_gone_at_the_second_look_was_none() -> None:
    answers = iter([whole(NOT_FOUND, HTML, 404), whole(OLE, WORD)])
    assert seen("don.doc", lambda request: next(answers), looks=2) == (FormState.RIGHT, True)
    answers = iter([whole(NOT_FOUND, HTML), whole("busy", HTML, 503), whole("busy", HTML, 503)])
    assert seen("don.doc", lambda request: next(answers), looks=2) == (FormState.UNKNOWN, True)


# -- could not look ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        whole("", HTML, 403),
        whole("", HTML, 500),
        whole(CHALLENGE, HTML),
        whole(BOT_WALL, HTML),
        whole("Mẫu đơn đề nghị", "text/plain"),
        whole(b"\x00\x01\x02\x03" * 50),
        whole(b"", "text/plain", 416),
        reply(PDF, 206, Content_Range=f"bytes 40-{39 + len(PDF)}/9000"),
        redirect("http://drive.example.com/mau.doc"),
    ],
)
def test_what_proves_nothing_is_not_judged(answer: bytes) -> None:
    assert seen("don.doc", answer, looks=2) == (FormState.UNKNOWN, True)


def test_a_server_that_does_not_answer_is_no_fault_of_the_form() -> None:
    async def slow(request: Request) -> bytes:
        await asyncio.sleep(1.5)
        return whole(OLE)

    site = Site(table('<a href="/tai/don.doc">Mẫu đơn</a>'), {"/tai/don.doc": slow})  # type: ignore[dict-item]
    (form,) = asyncio.run(crawled(site))[0].quality.forms
    assert form.state is FormState.UNKNOWN


# -- which ones ------------------------------------------------------------------------------------------------------------


def test_only_a_few_first_bytes_are_asked_for_on_the_agencys_own_host() -> None:
    big = part(OLE + bytes(3_000_000))
    links = [f'<a href="/tai/{n}.doc">Mẫu số {n}</a>' for n in range(6)]
    elsewhere = '<a href="http://congty.example/don.doc">Mẫu đơn</a>'
    site = Site(table(elsewhere, *links), {f"/tai/{n}.doc": big for n in range(6)})
    facts, evidence = asyncio.run(crawled(site))
    assert [request.path for request in site.asked] == ["/tai/0.doc", "/tai/1.doc", "/tai/2.doc"]
    assert {(r.headers["range"], r.headers["accept-encoding"]) for r in site.asked} == {("bytes=0-4095", "identity")}
    looks = [look for look in evidence.looks if look.kind is LookKind.FORM]
    assert [len(look.body) for look in looks] == [4096] * 3
    assert facts.requests == len(evidence.looks), "they count among the site's requests"
    assert len(facts.quality.forms) == 3
    assert asyncio.run(crawled(site, forms=0))[0].quality.forms == ()
    site.asked.clear()
    spent = len(evidence.looks) - 2
    assert len(asyncio.run(crawled(site, budget=spent))[0].quality.forms) == 1, "the budget holds for them, too"
    before = len(evidence.looks) - 3
    assert len(asyncio.run(crawled(site, usual=before + 2))[0].quality.forms) == 2, "a usual site stays one"
    assert len(asyncio.run(crawled(site, usual=before))[0].quality.forms) == 1, "of a larger one at least one is seen"


def test_the_bytes_of_a_server_that_ignores_range_are_bounded() -> None:
    site = Site(table('<a href="/tai/1.doc">Mẫu đơn</a>'), {"/tai/1.doc": whole(OLE + bytes(3_000_000))})
    _, evidence = asyncio.run(crawled(site))
    (look,) = [look for look in evidence.looks if look.kind is LookKind.FORM]
    assert (len(look.body), look.truncated, look.ok) == (4096, True, True)


def test_forms_come_before_other_files_of_procedures_and_files_of_other_pages_are_left() -> None:
    content = "<h1>Thủ tục</h1><p><a href='/tai/qd.pdf'>Quyết định công bố thủ tục</a></p>" + table(
        "<a href='/tai/a.doc'>Tải về</a>"
    )
    site = Site(content, {"/tai/qd.pdf": whole(PDF), "/tai/a.doc": whole(OLE)})
    asyncio.run(crawled(site))
    assert [request.path for request in site.asked] == ["/tai/a.doc", "/tai/qd.pdf"]
    content += "<p><a href='/tai/tk.doc'>Tờ khai</a></p>"
    site = Site(content, {**site.files, "/tai/tk.doc": whole(OLE)})
    asyncio.run(crawled(site))
    assert [request.path for request in site.asked] == ["/tai/tk.doc", "/tai/a.doc", "/tai/qd.pdf"]
    plain = "<h1>Thủ tục</h1><p>Thời hạn: 5 ngày.</p></main><footer><a href='/tai/a.doc'>Mẫu đơn</a></footer>"
    site = Site(plain, {"/tai/a.doc": whole(OLE)})
    asyncio.run(crawled(site))
    assert site.asked == [], "a footer is the site's furniture"


def test_a_path_of_a_portal_keeps_its_files_above_its_path() -> None:
    site = Site(table('<a href="/uploads/snv/don.doc">Mẫu đơn</a>'), {"/uploads/snv/don.doc": whole(OLE)}, "/vi/snv/")
    (form,) = asyncio.run(crawled(site))[0].quality.forms
    assert form.state is FormState.RIGHT


def test_a_download_address_without_a_name_that_opens_a_page_is_no_form() -> None:
    page = whole("<html><title>Danh sách biểu mẫu</title><p>Danh sách các biểu mẫu của Sở</p></html>", HTML)
    site = Site(table('<a href="/bieu-mau?download=1">Tải mẫu đơn</a>'), {"/bieu-mau?download=1": page})
    assert asyncio.run(crawled(site))[0].quality.forms == ()


# -- the verdict -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "looks", "verdict", "said"),
    [
        ([whole(OLE), whole(office_file())], 1, Verdict.PASS, "2 tệp"),
        ([whole(OLE), whole("", HTML, 403)], 1, Verdict.UNVERIFIED, "còn 1 tệp, 0 trang chưa xem được"),
        ([whole(OLE), whole(NOT_FOUND, HTML, 404)], 1, Verdict.UNVERIFIED, "cần một lần xem nữa"),
        ([whole(OLE), whole(NOT_FOUND, HTML, 404)], 2, Verdict.PARTIAL, "máy chủ báo không còn tệp"),
        ([whole(OLE), whole(NOT_FOUND, HTML)], 2, Verdict.PARTIAL, '"Lỗi 404" thay vì tệp .docx'),
        ([whole(OLE), whole(PDF)], 2, Verdict.PARTIAL, "tên tệp .docx nhưng nội dung là tệp PDF"),
        ([whole("", HTML, 403), whole("", HTML, 500)], 2, Verdict.UNVERIFIED, "Chưa tải thử được"),
    ],
)  # fmt: skip
def test_the_line_on_the_card(answers: list[bytes], looks: int, verdict: Verdict, said: str) -> None:
    files = {
        f"/tai/{n}.{ending}": answer for n, (ending, answer) in enumerate(zip(("doc", "docx"), answers, strict=True))
    }
    links = [f'<a href="{path}">Mẫu số {path[5]}</a>' for path in files]
    site, _ = asyncio.run(crawled(Site(table(*links), {**files}), looks=looks))
    finding = judge("f.quality.forms", make_facts(site))
    assert (finding.verdict, finding.max, said in finding.seen) == (verdict, 0, True), finding.seen
    if verdict is Verdict.PARTIAL:
        assert [proof.url for proof in finding.evidence] == [f"http://{HOST}/tai/1.docx", f"http://{HOST}/tthc"]


@pytest.mark.parametrize(
    ("answer", "state", "verdict", "said"),
    [
        (whole(NOT_FOUND, HTML, 404), FormState.GONE, Verdict.UNVERIFIED, "cần một lần xem nữa"),
        (whole(PDF, WORD), FormState.OTHER_KIND, Verdict.UNVERIFIED, "cần một lần xem nữa"),
        (whole(OLE, WORD), FormState.RIGHT, Verdict.PASS, "đều tải được"),
    ],
)
@pytest.mark.parametrize("failed", ["/tthc", "/"])
def test_a_form_of_a_page_that_answers_only_at_the_second_look_was_seen_once(
    failed: str, answer: bytes, state: FormState, verdict: Verdict, said: str
) -> None:
    site = Site(table('<a href="/tai/1.doc">Mẫu đơn</a>'), {"/tai/1.doc": answer, failed: whole("", HTML, 500)})
    facts, evidence = asyncio.run(again(site, failed))
    assert [(one.state, one.confirmed) for one in facts.quality.forms] == [(state, state is FormState.RIGHT)]
    assert [look.attempt for look in evidence.looks if look.kind is LookKind.FORM] == [2]
    finding = judge("f.quality.forms", make_facts(facts))
    assert (finding.verdict, said in finding.seen) == (verdict, True), finding.seen


@pytest.mark.parametrize(("limits", "seen"), [({}, 3), ({"usual_pages": 1}, 1), ({"form_files": 2}, 2)])
def test_how_many_forms_are_looked_at_is_a_setting(limits: dict[str, int], seen: int) -> None:
    links = [f'<a href="/tai/{n}.doc">Mẫu số {n}</a>' for n in range(5)]
    site = Site(table(*links), {f"/tai/{n}.doc": whole(OLE) for n in range(5)} | {"/unused": whole("")})
    facts, _ = asyncio.run(again(site, "/unused", **limits))
    assert len(facts.quality.forms) == seen


async def again(site: Site, failed: str, **limits: int) -> tuple[SiteFacts, SiteEvidence]:
    """A site of which the page at `failed` answers only when it is looked at for the second time."""
    agency = Agency("snv", "Sở Nội vụ", url=f"http://{HOST}/", scope=SiteScope(HOST, "/"))
    async with HttpServer(site.answer) as server:
        settings = load_settings(None).with_audit(
            connect_to=(f":80:127.0.0.1:{server.port}", "::127.0.0.1:9"),
            resolvers=("127.0.0.1:9",), second_resolvers=(), delay_seconds=0.0, allow_private=True,
            **limits,
        )  # fmt: skip
        async with open_context(settings, as_of=date(2026, 11, 20)) as context:
            first = await audit_agency(agency, context)
            del site.files[failed]
            audit = await second_look(first, context)
    return audit.site, audit.evidence


def test_a_page_that_did_not_answer_may_offer_the_form_that_is_wrong() -> None:
    more = '<p><a href="/tthc/cap-lai">Thủ tục cấp lại chứng chỉ hành nghề đã mất, hỏng</a></p>'
    files = {"/tai/1.doc": whole(OLE), "/tthc/cap-lai": whole("", HTML, 500)}
    site, _ = asyncio.run(crawled(Site(table('<a href="/tai/1.doc">Mẫu đơn</a>') + more, {**files})))
    finding = judge("f.quality.forms", make_facts(site))
    assert (finding.verdict, "0 tệp, 1 trang" in finding.seen) == (Verdict.UNVERIFIED, True)


def test_a_site_without_forms_is_not_judged() -> None:
    site, _ = asyncio.run(crawled(Site("<h1>Thủ tục</h1><p>Thời hạn giải quyết: 5 ngày làm việc.</p>", {})))
    assert judge("f.quality.forms", make_facts(site)).verdict is Verdict.UNVERIFIED


# -- the table ---------------------------------------------------------------------------------------------------------------


def test_every_ending_and_media_type_of_the_table_leads_to_known_kinds() -> None:
    kinds = {*TABLE.magic, "office_html", "html_as_office"}
    assert all(set(allowed) <= kinds for allowed in TABLE.endings.values())
    assert set(TABLE.media.values()) <= set(TABLE.endings)


@pytest.mark.parametrize(
    ("url", "disposition", "media", "ending"),
    [
        ("http://x/a.DOCX?v=2", "", "", "docx"),
        ("http://x/get?file=m%E1%BA%ABu.xls", "", "", "xls"),
        ("http://x/a.doc", 'attachment; filename="b.pdf"', WORD, "pdf"),
        ("http://x/get?id=5", "inline", f"{WORD}; charset=binary", "doc"),
        ("http://x/get?id=5", "attachment; filename=khongten", "application/octet-stream", ""),
        ("http://x/trang.html", "", HTML, ""),
    ],
)
def test_the_name_under_which_a_browser_keeps_a_file(url: str, disposition: str, media: str, ending: str) -> None:
    assert promised(url, disposition, media, TABLE) == ending


def test_a_page_is_a_document_only_if_the_server_calls_it_one() -> None:
    page = b"\xef\xbb\xbf\r\n<!DOCTYPE html><html><body>x</body></html>"
    assert kind_of(page, TABLE) == "html"
    assert not fits("html", "doc", HTML, TABLE)
    assert fits("html", "doc", WORD, TABLE)
    assert not fits("html", "pdf", "application/pdf", TABLE)
    assert kind_of(b"", TABLE) == kind_of(b"Kinh gui", TABLE) == ""
    assert ending_of("http://x/a.doc.html", TABLE) == ""


# -- what is no accusation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/viewer.html?file=/tai/mau01.pdf", "/Xem.aspx?tep=mau01.pdf"])
def test_a_viewer_is_no_broken_form(address: str) -> None:
    viewer = whole("<html><title>Xem tài liệu</title><body><p>Bạn đang xem biểu mẫu số 01.</p></body></html>", HTML)
    site = Site(table(f'<a href="{address}">Mẫu đơn</a>'), {address: viewer})
    facts, _ = asyncio.run(crawled(site, looks=2))
    assert not any(form.wrong for form in facts.quality.forms)


@pytest.mark.parametrize(
    "said",
    [
        "High Security Alert!!! You are not permitted to download the file",
        "Web Page Blocked! The page you have requested has been blocked. FortiGuard",
        "Hệ thống đang bận, quý vị vui lòng quay lại sau ít phút",
    ],
)
def test_a_wall_in_place_of_a_form_proves_nothing(said: str) -> None:
    page = whole(f"<html><title>Thông báo</title><body><p>{said}</p></body></html>", HTML)
    assert seen("don.doc", page, looks=2)[0] is FormState.UNKNOWN


@pytest.mark.parametrize(
    "content",
    [
        "<h1>Firewall Notice</h1><p>The transfer has triggered a policy of your network administrator.</p>",
        "<h1>Sở Nội vụ</h1><p>Đã có lỗi xảy ra, mời quý vị thử lại.</p>",
        "<h1>Biểu mẫu số 01</h1><p>Đơn đề nghị cấp giấy phép. Bấm vào đây để tải về máy tính của bạn.</p>",
        f"<h1>Mẫu số 02</h1><p>{'Tôi cam đoan các thông tin trên là đúng sự thật. ' * 15} Nếu doanh nghiệp không tồn tại …</p>",
    ],
)
def test_a_page_that_does_not_say_why_it_came_instead_of_a_form_proves_nothing(content: str) -> None:
    page = whole(f"<html><title>Thông báo</title><body>{content}</body></html>", HTML)
    assert seen("don.doc", page, looks=2) == (FormState.UNKNOWN, True)


@pytest.mark.parametrize("path", ["/download.aspx?file=mau.doc", "/download.php?f=1&name=mau01.pdf"])
def test_a_handler_that_says_it_gives_a_download_is_still_looked_at(path: str) -> None:
    link = table(f'<a href="{path}">Mẫu đơn</a>')
    facts, _ = asyncio.run(crawled(Site(link, {path: whole(OLE, WORD)})))
    assert [form.state for form in facts.quality.forms] == [FormState.RIGHT]
    facts, _ = asyncio.run(crawled(Site(link, {path: whole(NOT_FOUND, HTML, 404)}), looks=2))
    assert [(form.state, form.confirmed) for form in facts.quality.forms] == [(FormState.GONE, True)]


@pytest.mark.parametrize(
    ("href", "asked"),
    [
        (r"\tai\mau.doc", "/tai/mau.doc"),
        (r"tai\mau.doc?t=a\b", r"/tai/mau.doc?t=a\b"),  # a browser leaves the query as it is
        ("  /tai/m\tau.doc\n#trang-2 ", "/tai/mau.doc"),
        ("/tai/bo%20mau so 1.doc", "/tai/bo%20mau%20so%201.doc"),
        ("/tai//mau.doc", "/tai//mau.doc"),
    ],
)
def test_a_form_is_asked_for_as_a_browser_would(href: str, asked: str) -> None:
    site = Site(table(f'<a href="{href}">Mẫu đơn</a>'), {asked: whole(OLE)})
    facts, _ = asyncio.run(crawled(site))
    assert [request.path for request in site.asked] == [asked]
    assert [form.state for form in facts.quality.forms] == [FormState.RIGHT]


@pytest.mark.parametrize("gone", [whole(NOT_FOUND, HTML, 404), whole(NOT_FOUND, HTML)], ids=["404", "200"])
@pytest.mark.parametrize("text", ["", "Cấp giấy phép, mẫu số một, hồ sơ đề nghị"])
def test_a_form_whose_address_we_composed_is_not_gone(text: str, gone: bytes) -> None:
    name = unicodedata.normalize("NFD", "mẫu đơn.doc")
    content = table(f'<a href="/tai/{name}">Mẫu đơn</a>') + f"<p>{unicodedata.normalize('NFD', text)}</p>"
    composed = quote(unicodedata.normalize("NFC", f"/tai/{name}"))
    facts, _ = asyncio.run(crawled(Site(content, {composed: gone}), looks=2))
    assert [(form.state, form.confirmed) for form in facts.quality.forms] == [(FormState.UNKNOWN, True)]


def test_a_plain_address_on_a_page_that_we_composed_is_gone_all_the_same() -> None:
    text = unicodedata.normalize("NFD", "Cấp giấy phép, mẫu số một, hồ sơ đề nghị")
    links = ['<a href="/tai/1.doc">Mẫu đơn</a>', f'<a href="/tai/{quote("mẫu")}.doc">Mẫu hai</a>']
    gone = whole(NOT_FOUND, HTML, 404)
    site = Site(table(*links) + f"<p>{text}</p>", {"/tai/1.doc": gone, f"/tai/{quote('mẫu')}.doc": gone})
    facts, _ = asyncio.run(crawled(site, looks=2))
    assert [(form.state, form.confirmed) for form in facts.quality.forms] == [(FormState.GONE, True)] * 2


@pytest.mark.parametrize(
    ("href", "state"), [("/tai/a%2Fb.doc", FormState.UNKNOWN), ("/tai/b.doc", FormState.GONE)], ids=["altered", "same"]
)
def test_an_answer_to_an_address_that_we_altered_is_no_proof(href: str, state: FormState) -> None:
    gone = whole(NOT_FOUND, HTML, 404)
    site = Site(table(f'<a href="{href}">Mẫu đơn</a>'), {href: gone})
    _, evidence = asyncio.run(crawled(site, looks=2))
    altered = [
        replace(look, url=canonical(look.url), final_url=canonical(look.final_url)) if "/tai/" in look.url else look
        for look in evidence.looks
    ]  # as audits have it from when the spelling for comparison was asked for
    agency = Agency("snv", "Sở Nội vụ", url=f"http://{HOST}/", scope=SiteScope(HOST, "/"))
    facts = read_site(agency, replace(evidence, looks=tuple(altered)), WORDS, date(2026, 11, 20))
    assert [form.state for form in facts.quality.forms] == [state]


@pytest.mark.parametrize("name", ["M%E1u.doc", "a%2Fb.doc", "don.doc?sid=7"])
def test_a_form_is_asked_for_as_its_link_is_written(name: str) -> None:
    site = Site(table(f'<a href="/tai/{name}">Mẫu đơn</a>'), {f"/tai/{name}": whole(OLE)})
    facts, _ = asyncio.run(crawled(site))
    assert [request.path for request in site.asked] == [f"/tai/{name}"]
    assert [form.state for form in facts.quality.forms] == [FormState.RIGHT]

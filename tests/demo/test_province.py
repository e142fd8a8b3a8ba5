"""The demo province: it starts, answers by name with its CA, dates all by its day, and leaves nothing running."""

from __future__ import annotations

import gzip
import http.client
import smtplib
import socket
import ssl
import threading
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import dns.message
import dns.query
import dns.rcode
import pytest
from selectolax.lexbor import LexborHTMLParser

from auditor.demo.pages import Book
from auditor.demo.province import Province
from auditor.demo.sites import Site, day, load_sites
from auditor.demo.web import Behaviour, Request
from auditor.registry import load_agencies
from auditor.settings import load_settings

AS_OF = date(2026, 11, 23)
DETECTORS = {
    "organisation", "legal_documents", "procedures", "legal_dissemination", "strategy_planning", "email_directory",
    "projects_procurement", "online_services", "feedback", "news", "direction", "work_schedule", "budget_disclosure",
    "statistics", "access_to_information", "contact", "search", "sitemap", "rss", "english",
}  # fmt: skip
STATES = {"present", "partial", "empty", "broken", "absent", "parent_only", "unverifiable"}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    with Province(AS_OF, tmp_path_factory.mktemp("province")) as running:
        yield running


def fetch(
    province: Province, host: str, path: str = "/", *, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) over verified TLS for `host`, through the province's own listener."""
    context = ssl.create_default_context(cafile=str(province.ca_file))
    raw = socket.create_connection(("127.0.0.1", province.web.https_port), timeout=10)
    with context.wrap_socket(raw, server_hostname=host) as secured:
        connection = http.client.HTTPConnection(host)
        connection.sock = secured
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def book(as_of: date = AS_OF, built_on: date | None = None) -> Book:
    start = built_on or as_of
    return Book(load_sites(as_of, start), as_of, start)


def get(pages: Book, url: str) -> tuple[int, str, str]:
    """(status, location, text) without a socket."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    response = pages.answer(Request(True, "GET", parts.hostname or "", target or "/"))
    text = response.body.decode("utf-8") if "text/" in response.header("content-type") else ""
    return response.status, response.header("location"), text


def content_sites(pages: Book) -> list[Site]:
    return [site for site in pages.sites.values() if site.data["mode"] == "content"]


# -- servers ---------------------------------------------------------------------------------------------------------


def test_each_site_answers_over_tls_by_name(province: Province) -> None:
    for host in province.hosts:
        if host in province.plan["expired_certificates"]:
            continue
        status, headers, body = fetch(province, host)
        assert status in (200, 503), host
        assert headers["Content-Type"].startswith("text/html"), host
        assert body


def test_expired_certificate_is_refused_and_content_answers_over_plain_http(province: Province) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        fetch(province, "phumau.tinhmau.example")
    connection = http.client.HTTPConnection("127.0.0.1", province.web.http_port, timeout=10)
    connection.request("GET", "/", headers={"Host": "phumau.tinhmau.example"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert "Phú Mẫu" in answer.read().decode("utf-8")
    connection.close()


def test_plain_http_leads_to_https(province: Province) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", province.web.http_port, timeout=10)
    connection.request("GET", "/tin-tuc/", headers={"Host": "sct.tinhmau.example"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, "https://sct.tinhmau.example/tin-tuc/")
    connection.close()


def test_unknown_host_head_and_gzip(province: Province) -> None:
    assert fetch(province, "tinhmau.example", headers={"Host": "elsewhere.example"})[0] == 421
    status, headers, body = fetch(province, "sct.tinhmau.example", method="HEAD")
    assert status == 200 and body == b"" and int(headers["Content-Length"]) > 1000
    _, headers, packed = fetch(province, "sct.tinhmau.example", headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == fetch(province, "sct.tinhmau.example")[2]


def test_connection_is_kept_alive(province: Province) -> None:
    context = ssl.create_default_context(cafile=str(province.ca_file))
    raw = socket.create_connection(("127.0.0.1", province.web.https_port), timeout=10)
    with context.wrap_socket(raw, server_hostname="sct.tinhmau.example") as secured:
        connection = http.client.HTTPConnection("sct.tinhmau.example")
        connection.sock = secured
        for path in ("/", "/tin-tuc/"):
            connection.request("GET", path)
            assert connection.getresponse().read()
            assert connection.sock is secured


def test_refused_host_has_no_listener(province: Province) -> None:
    override = next(entry for entry in province.connect_to if entry.startswith("dongmau.tinhmau.example:443:"))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(override.rsplit(":", 1)[1])), timeout=5)


def test_dns_answers_sites_and_mail_domain(province: Province) -> None:
    def ask(name: str, kind: str) -> dns.message.Message:
        host, port = province.resolver.split(":")
        return dns.query.udp(dns.message.make_query(name, kind), host, port=int(port), timeout=5)

    assert "127.0.0.1" in ask("sct.tinhmau.example", "A").answer[0].to_text()
    assert len(ask("tinhmau.example", "MX").answer[0]) == 2
    spf = [str(record) for record in ask("tinhmau.example", "TXT").answer[0] if "v=spf1" in str(record)]
    assert len(spf) == 2
    assert "p=none" in ask("_dmarc.tinhmau.example", "TXT").answer[0].to_text()
    assert ask("khong-co.tinhmau.example", "A").rcode() == dns.rcode.NXDOMAIN


def test_smtp_stores_a_mail_over_starttls(province: Province) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "kiemtra@tinhmau.example", "stttt@tinhmau.example", "Phiếu đánh giá"
    mail.set_content("Kính gửi Sở Thông tin và Truyền thông.")
    before = set(province.mailbox.glob("*.eml"))
    with smtplib.SMTP(*province.smtp, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(province.ca_file)))
        client.send_message(mail)
    (stored,) = set(province.mailbox.glob("*.eml")) - before
    assert b"X-Envelope-To: stttt@tinhmau.example" in stored.read_bytes()


def test_a_host_can_be_made_to_misbehave(province: Province) -> None:
    province.misbehave("stp.tinhmau.example", Behaviour(status=429, headers=(("Retry-After", "5"),)))
    status, headers, _ = fetch(province, "stp.tinhmau.example")
    province.misbehave("stp.tinhmau.example", None)
    assert (status, headers["Retry-After"]) == (429, "5")
    assert fetch(province, "stp.tinhmau.example")[0] == 200


def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Province(AS_OF, tmp_path) as running:
        web, smtp = running.web, running.smtp
        idle = socket.create_connection(("127.0.0.1", web.http_port), timeout=5)
        ports = (web.https_port, web.http_port, smtp[1], running.dns.address[1])
    idle.close()
    assert set(threading.enumerate()) == before
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


# -- files -----------------------------------------------------------------------------------------------------------


def test_registry_and_settings_can_be_loaded(province: Province) -> None:
    registry = load_agencies(province.agencies_file)
    codes = {agency.code for agency in registry.agencies}
    assert codes == set(province.expected["agencies"])
    settings = load_settings(province.folder)
    assert settings.audit.allow_private and settings.audit.delay_seconds == 0
    assert settings.delivery.smtp_port == province.smtp[1]
    assert settings.ca_file == province.ca_file.resolve()


def test_expectations_speak_of_known_detectors_states_and_ages(province: Province) -> None:
    for code, wanted in province.expected["agencies"].items():
        assert not set(wanted["detectors"]) - DETECTORS, code
        if wanted["detectors"]:
            assert set(wanted["detectors"]) == DETECTORS, code
        for detector, entry in wanted["detectors"].items():
            assert entry[0] in STATES, (code, detector)
            if len(entry) > 1 and entry[1] not in (None, "undated"):
                assert province.day(entry[1]) <= AS_OF


def test_expected_dates_are_dates_of_the_sites_own_items(province: Province) -> None:
    sites = load_sites(AS_OF, AS_OF)
    for code, wanted in province.expected["agencies"].items():
        if not wanted["detectors"]:
            continue
        shown = {entry.posted.date() for s in sites[code].sections for entry in s.entries if entry.posted}
        assert province.day(wanted["newest_update"]) == max(shown), code
        for detector, entry in wanted["detectors"].items():
            if detector != "work_schedule" and len(entry) > 1 and entry[1] not in (None, "undated"):
                assert province.day(entry[1]) in shown, (code, detector)


# -- content ---------------------------------------------------------------------------------------------------------


def test_links_of_every_site_lead_somewhere_but_for_the_planted_ones() -> None:
    pages, dead = book(), set()
    for site in content_sites(pages):
        todo, seen = [f"{site.origin}{site.prefix}"], set()
        while todo and len(seen) < 300:
            url = todo.pop()
            seen.add(url)
            status, _, text = get(pages, url)
            if status != 200:
                dead.add(url)
            tree = LexborHTMLParser(text)
            base = tree.css_first("base")
            for link in tree.css("a[href]"):
                target = urljoin((base and base.attributes["href"]) or url, link.attributes["href"] or "").split("#")[0]
                endless = "/vi/thong-bao" in target or "thang=" in target
                if urlsplit(target).hostname == site.host and target not in seen and not endless:
                    todo.append(target)
    assert dead == {
        "https://sgddt.tinhmau.example/index.php/tiep-can-thong-tin",
        "https://tanmau.tinhmau.example/cong-khai-ngan-sach-310555",
        "https://tanmau.tinhmau.example/Portals/0/Documents/2024/cap-giay-phep-xay-dung-nha-o-rieng-le.docx",
    }


def test_served_files_are_what_their_names_say() -> None:
    pages = book()
    for (host, path), recipe in pages.recipes.items():
        if path.endswith(".pdf"):
            assert recipe().body.startswith(b"%PDF-"), (host, path)
        elif path.endswith(".docx"):
            assert "word/document.xml" in zipfile.ZipFile(BytesIO(recipe().body)).namelist(), (host, path)
        elif path.endswith(".png"):
            assert recipe().body.startswith(b"\x89PNG"), (host, path)


def test_two_documents_never_share_an_address() -> None:
    for site in content_sites(book()):
        entries = [entry for section in site.sections for entry in section.entries]
        for addresses in ([e.url for e in entries if e.url], [e.file for e in entries if e.file]):
            assert len(addresses) == len(set(addresses)), site.code


@pytest.mark.parametrize("as_of", [AS_OF, date(2024, 2, 29), date(2026, 11, 22), date(2027, 1, 1)])
def test_items_are_dated_before_the_day_and_on_working_days(as_of: date) -> None:
    for site in content_sites(book(as_of)):
        for section in site.sections:
            for entry in section.entries:
                if entry.posted:
                    assert entry.posted.date() < as_of, (site.code, entry.title)
                    assert entry.posted.weekday() < 5, (site.code, entry.title)


def test_ages_skip_weekends_both_ways() -> None:
    monday = date(2026, 11, 23)
    assert day(monday, "1w") == date(2026, 11, 20)
    assert day(date(2026, 11, 22), "1w") == date(2026, 11, 20)
    assert day(monday, 1) == date(2026, 11, 20)
    assert day(monday, -5) == date(2026, 11, 30)
    with pytest.raises(ValueError):
        day(monday, "soon")


def test_pages_show_the_dates_of_their_day() -> None:
    earlier, later = book(date(2025, 3, 12)), book(AS_OF)
    url = "https://sct.tinhmau.example/tin-tuc/"
    assert f"{day(AS_OF, '1w'):%d/%m/%Y}" in get(later, url)[2]
    assert f"{day(AS_OF, '1w'):%d/%m/%Y}" not in get(earlier, url)[2]
    assert "11/03/2025" in get(earlier, url)[2]
    assert "từ ngày 23/11/2026 đến ngày 27/11/2026" in get(later, "https://sct.tinhmau.example/lich-cong-tac-tuan/")[2]


def test_the_next_night_adds_items_and_keeps_the_old_ones() -> None:
    first = {e.url: e.posted for s in load_sites(AS_OF, AS_OF)["sct"].sections for e in s.entries if e.url}
    tonight = AS_OF + timedelta(days=1)
    second = {e.url: e.posted for s in load_sites(tonight, AS_OF)["sct"].sections for e in s.entries if e.url}
    assert first.items() <= second.items()
    (new,) = second.keys() - first.keys()
    assert second[new] is not None and second[new].date() == tonight


def test_turning_to_a_later_night_changes_what_is_served(tmp_path: Path) -> None:
    with Province(AS_OF, tmp_path) as running:
        before = fetch(running, "sct.tinhmau.example", "/tin-tuc/")[2]
        running.turn_to(AS_OF + timedelta(days=1))
        assert "24/11/2026" in fetch(running, "sct.tinhmau.example", "/tin-tuc/")[2].decode("utf-8")
        assert before != fetch(running, "sct.tinhmau.example", "/tin-tuc/")[2]
        with pytest.raises(ValueError):
            running.turn_to(AS_OF)


def test_the_same_day_gives_the_same_pages() -> None:
    one, two = book(), book()
    assert one.recipes.keys() == two.recipes.keys()
    for key in list(one.recipes)[::7]:
        assert one.recipes[key]().body == two.recipes[key]().body, key


def test_planted_faults_are_there() -> None:
    pages = book()
    assert get(pages, "https://tinhmau.example/vi/skhdt/")[:2] == (301, "https://khdt.tinhmoi.example/")
    assert get(pages, "https://syt.tinhmau.example/gioi-thieu")[0] == 503
    assert get(pages, "https://tanmau.tinhmau.example/khong-co-123456")[:2] == (301, "/")
    assert get(pages, "https://sct.tinhmau.example/khong-co.html")[0] == 404
    assert "Nội dung đang được cập nhật" in get(pages, "https://sgddt.tinhmau.example/index.php/van-ban")[2]
    spa = LexborHTMLParser(get(pages, "https://stnmt.tinhmau.example/")[2])
    assert spa.body is not None and not (spa.css_first("#root").text() or "").strip()
    contact = get(pages, "https://tinhmau.example/vi/stc/lien-he/")[2]
    assert "sotaichinhmau@gmail.com" in contact and "stc (at) tinhmau.example" in contact
    directory = get(pages, "https://tinhmau.example/vi/stc/danh-ba-thu-ien-tu/")[2]
    assert "data-cfemail" in directory and "@tinhmau.example" not in directory
    assert get(pages, "https://stp.tinhmau.example/web/guest/vi/vi/thong-bao")[0] == 200
    assert "thang=12&amp;nam=2026" in get(pages, "https://stp.tinhmau.example/web/guest/lich-su-kien")[2]
    stale = get(pages, "https://sxd.tinhmau.example/")[2]
    assert "23/11/2026" in stale and "Copyright © 2026" in stale


def test_page_of_a_path_agency_carries_the_portals_menu_and_footer() -> None:
    page = get(book(), "https://tinhmau.example/vi/snv/tin-tuc/")[2]
    assert "/vi/laws/" in page and "CỔNG THÔNG TIN ĐIỆN TỬ TỈNH MẪU" in page and "/vi/snv/thu-tuc-hanh-chinh/" in page

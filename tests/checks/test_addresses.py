from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.model import (
    AddressClass,
    AddressFact,
    AddressPlace,
    Finding,
    MailDomainUse,
    Reason,
    SectionState,
    Verdict,
)
from tests.factories import (
    AS_OF,
    SITE,
    judge,
    make_address,
    make_agency,
    make_facts,
    make_items,
    make_section,
    make_site,
)

OFFICIAL = make_address()
SUBDOMAIN = make_address("vp@snv.example.gov.vn", AddressClass.SUBDOMAIN)
IN_ARTICLE = make_address(contact=False, where="article", url=SITE + "tin-1.html")
GMAIL = make_address("sonoivu@gmail.com", AddressClass.FREE, where="footer")
ISP = make_address("snv@hcm.vnn.vn", AddressClass.ISP)
GMAIL_QUOTED = make_address("congdan@gmail.com", AddressClass.FREE, contact=False, where="article")
MINISTRY = make_address("bp@moha.gov.vn", AddressClass.OTHER_GOV)
COMPANY = make_address("info@company.vn", AddressClass.OTHER)
IMAGE = AddressPlace("contact_page", SITE + "lien-he/", "email.png", "image")
UNREAD = make_section("contact", SectionState.UNVERIFIABLE, reason=Reason.READ_TIMEOUT)
NO_PAGE = make_section("contact", SectionState.ABSENT)


def site_finding(check_id: str, addresses: tuple[AddressFact, ...], **changes: Any) -> Finding:
    return judge(check_id, make_facts(make_site(addresses=addresses, **changes)))


@pytest.mark.parametrize(
    ("addresses", "changes", "verdict", "key"),
    [
        ((OFFICIAL,), {}, Verdict.PASS, "addresses.official"),
        ((SUBDOMAIN,), {}, Verdict.PASS, "addresses.official"),
        ((GMAIL, OFFICIAL), {}, Verdict.PASS, "addresses.official"),
        ((IN_ARTICLE,), {}, Verdict.PARTIAL, "addresses.official_only_elsewhere"),
        ((GMAIL,), {}, Verdict.FAIL, "addresses.no_official"),
        ((), {}, Verdict.FAIL, "addresses.no_official"),
        ((), {"contact": NO_PAGE}, Verdict.FAIL, "addresses.no_official"),
        ((), {"contact": UNREAD}, Verdict.UNVERIFIED, "addresses.contact_unread"),
        ((), {"pages": 0}, Verdict.UNVERIFIED, "addresses.contact_unread"),
        ((), {"image_addresses": (IMAGE,)}, Verdict.UNVERIFIED, "addresses.images"),
        ((OFFICIAL,), {"image_addresses": (IMAGE,)}, Verdict.PASS, "addresses.official"),
    ],
)
def test_official_address(
    addresses: tuple[AddressFact, ...], changes: dict[str, Any], verdict: Verdict, key: str
) -> None:
    finding = site_finding("g.official_address", addresses, **changes)
    assert (finding.verdict, finding.seen_key) == (verdict, key)


def test_a_contact_page_not_seen_for_sure_proves_nothing() -> None:
    doubtful = make_section("contact", SectionState.BROKEN, confirmed=False)
    assert site_finding("g.official_address", (), contact=doubtful).verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(("from_", "verdict"), [(None, Verdict.PASS), (AS_OF + timedelta(days=1), Verdict.FAIL)])
def test_a_successors_address_is_official_within_its_dates(from_: object, verdict: Verdict) -> None:
    use = MailDomainUse("dongnai.gov.vn", from_=from_, successor=True)  # type: ignore[arg-type]
    address = make_address("snv@dongnai.gov.vn", AddressClass.SUCCESSOR)
    facts = make_facts(make_site(addresses=(address,)), agency=make_agency(accepted_mail_domains=(use,)))
    assert judge("g.official_address", facts).verdict is verdict


@pytest.mark.parametrize("check_id", ["g.official_address", "g.other_domains", "g.directory_addresses"])
def test_without_a_mail_domain_nothing_is_official_or_foreign(check_id: str) -> None:
    facts = make_facts(make_site(addresses=(COMPANY,)), agency=make_agency(mail_domain=None))
    finding = judge(check_id, facts)
    assert (finding.verdict, finding.reason) == (Verdict.UNVERIFIED, Reason.NOT_CONFIGURED)


@pytest.mark.parametrize(
    ("addresses", "changes", "verdict", "key"),
    [
        ((OFFICIAL, GMAIL), {}, Verdict.FAIL, "addresses.free"),
        ((ISP,), {}, Verdict.FAIL, "addresses.free"),
        ((OFFICIAL, GMAIL_QUOTED), {}, Verdict.PASS, "addresses.free_elsewhere"),
        ((OFFICIAL,), {}, Verdict.PASS, "addresses.no_free"),
        ((), {}, Verdict.PASS, "addresses.no_free"),
        ((), {"contact": UNREAD}, Verdict.UNVERIFIED, "addresses.contact_unread"),
        ((), {"image_addresses": (IMAGE,)}, Verdict.UNVERIFIED, "addresses.images"),
    ],
)
def test_free_mail(addresses: tuple[AddressFact, ...], changes: dict[str, Any], verdict: Verdict, key: str) -> None:
    finding = site_finding("g.free_mail", addresses, **changes)
    assert (finding.verdict, finding.seen_key) == (verdict, key)


def test_a_free_address_is_shown_with_the_page_on_which_it_stands() -> None:
    spread = AddressFact(
        "a@gmail.com",
        AddressClass.FREE,
        True,
        (AddressPlace("article", SITE + "tin.html"), AddressPlace("footer", SITE, "Email: a@gmail.com")),
    )
    finding = site_finding("g.free_mail", (spread,))
    assert finding.evidence[0].url == SITE
    assert "a@gmail.com" in finding.seen
    assert "chân trang" in finding.seen


@pytest.mark.parametrize(
    ("addresses", "changes", "verdict", "key"),
    [
        ((OFFICIAL,), {}, Verdict.PASS, "addresses.no_other"),
        ((OFFICIAL, MINISTRY), {}, Verdict.PARTIAL, "addresses.other_gov"),
        ((OFFICIAL, COMPANY), {}, Verdict.PARTIAL, "addresses.other"),
        ((OFFICIAL, GMAIL), {}, Verdict.PASS, "addresses.no_other"),
        ((), {"contact": UNREAD}, Verdict.UNVERIFIED, "addresses.contact_unread"),
    ],
)
def test_other_domains(addresses: tuple[AddressFact, ...], changes: dict[str, Any], verdict: Verdict, key: str) -> None:
    finding = site_finding("g.other_domains", addresses, **changes)
    assert (finding.verdict, finding.seen_key) == (verdict, key)


@pytest.mark.parametrize(
    ("official", "rows", "verdict"),
    [(5, 5, Verdict.PASS), (4, 5, Verdict.PASS), (3, 5, Verdict.PARTIAL), (0, 5, Verdict.FAIL)],
)
def test_directory_addresses(official: int, rows: int, verdict: Verdict) -> None:
    items = make_items(official, "name", "email", "official_email") + make_items(rows - official, "name", "phone")
    section = make_section("email_directory", items=items, url=SITE + "danh-ba/")
    finding = site_finding("g.directory_addresses", (OFFICIAL,), email_directory=section)
    assert finding.verdict is verdict
    assert f"{official}/{rows}" in finding.seen


def test_a_directory_whose_rows_were_not_told_apart_is_judged_by_its_addresses() -> None:
    section = make_section("email_directory", url=SITE + "danh-ba/")
    there = [make_address(f"p{n}@example.gov.vn", where="directory", url=SITE + "danh-ba/") for n in range(3)]
    finding = site_finding("g.directory_addresses", tuple(there), email_directory=section)
    assert finding.verdict is Verdict.PASS
    unread = site_finding("g.directory_addresses", (OFFICIAL,), email_directory=section)
    assert (unread.verdict, unread.seen_key) == (Verdict.UNVERIFIED, "addresses.directory_unread")


def test_the_footer_of_the_directorys_page_is_no_row_of_it() -> None:
    section = make_section("email_directory", items=make_items(5, "name", "phone"), url=SITE + "danh-ba/")
    footer = make_address(where="footer", url=SITE + "danh-ba/")
    finding = site_finding("g.directory_addresses", (footer,), email_directory=section)
    assert (finding.verdict, "0/5" in finding.seen) == (Verdict.FAIL, True)


def test_addresses_in_images_of_the_directory_prove_nothing() -> None:
    section = make_section("email_directory", items=make_items(5, "name", "phone"))
    image = (AddressPlace("directory", SITE, "a.png", "image"),)
    finding = site_finding("g.directory_addresses", (), email_directory=section, image_addresses=image)
    assert finding.verdict is Verdict.UNVERIFIED


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (SectionState.ABSENT, Verdict.FAIL),
        (SectionState.EMPTY, Verdict.FAIL),
        (SectionState.UNVERIFIABLE, Verdict.UNVERIFIED),
    ],
)
def test_no_directory(state: SectionState, verdict: Verdict) -> None:
    section = make_section("email_directory", state)
    assert site_finding("g.directory_addresses", (OFFICIAL,), email_directory=section).verdict is verdict

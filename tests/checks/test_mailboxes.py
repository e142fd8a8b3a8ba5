from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.model import AddressClass, Finding, RegisteredMailbox, SectionState, Verdict
from tests.factories import AS_OF, judge, make_address, make_facts, make_register, make_section, make_site

OLD = AS_OF - timedelta(days=91)
OFFICE = RegisteredMailbox("snv", "snv@example.gov.vn", True, AS_OF)
PERSON = RegisteredMailbox("snv", "lan.tt@example.gov.vn", False, AS_OF)


def finding(*boxes: RegisteredMailbox, addresses: tuple[str, ...] = ("snv@example.gov.vn",), **site: Any) -> Finding:
    published = tuple(make_address(text) for text in addresses)
    facts = make_facts(make_site(addresses=published, **site), register=make_register(*boxes))
    return judge("g.mailbox_register", facts)


def box(address: str = "vanphong.snv@example.gov.vn", **changes: Any) -> RegisteredMailbox:
    return RegisteredMailbox(**{"code": "snv", "address": address, "office": True, "last_used": AS_OF, **changes})


def test_a_register_that_agrees() -> None:
    found = finding(OFFICE, PERSON)
    assert (found.verdict, found.seen_key) == (Verdict.PASS, "register.agrees")
    assert not found.counts and found.max == 0


@pytest.mark.parametrize(
    ("boxes", "addresses", "said", "not_said"),
    [
        # published and in nobody's row
        ((OFFICE,), ("snv@example.gov.vn", "la@example.gov.vn"), "la@example.gov.vn", "không thấy công bố"),
        # an office's, on no page
        ((OFFICE, box()), ("snv@example.gov.vn",), "vanphong.snv@example.gov.vn", "không có trong danh sách"),
        ((OFFICE, box(last_used=OLD)), ("snv@example.gov.vn", "vanphong.snv@example.gov.vn"), "quá 90 ngày", "công bố:"),
        ((OFFICE, box(last_used=None, never_used=True)), ("snv@example.gov.vn", "vanphong.snv@example.gov.vn"), "quá 90 ngày", "công bố:"),
        ((OFFICE, box("lan@example.gov.vn", office=False, last_used=OLD)), ("snv@example.gov.vn",), "1 hộp thư của cá nhân", "lan@"),
    ],
)  # fmt: skip
def test_what_differs_is_said(
    boxes: tuple[RegisteredMailbox, ...], addresses: tuple[str, ...], said: str, not_said: str
) -> None:
    found = finding(*boxes, addresses=addresses)
    assert (found.verdict, found.seen_key) == (Verdict.PARTIAL, "register.differs")
    assert said in found.seen
    assert not_said not in found.seen


@pytest.mark.parametrize(
    ("boxes", "addresses"),
    [
        ((OFFICE, box(last_used=AS_OF - timedelta(days=90))), ("snv@example.gov.vn", "vanphong.snv@example.gov.vn")),
        ((OFFICE, box(last_used=None)), ("snv@example.gov.vn", "vanphong.snv@example.gov.vn")),  # it does not say
        ((OFFICE, PERSON), ("snv@example.gov.vn",)),  # people's need not be published
        ((OFFICE,), ("snv@example.gov.vn", "bp@moha.gov.vn")),  # a domain that the register does not cover
        ((OFFICE, box("stttt@example.gov.vn", code="stttt")), ("snv@example.gov.vn", "stttt@example.gov.vn")),
    ],
)
def test_what_is_no_difference(boxes: tuple[RegisteredMailbox, ...], addresses: tuple[str, ...]) -> None:
    assert finding(*boxes, addresses=addresses).verdict is Verdict.PASS


def test_idle_days_end_with_the_register_not_with_the_audit() -> None:
    old = make_register(box("snv@example.gov.vn", last_used=OLD), recorded_on=OLD)
    assert judge("g.mailbox_register", make_facts(register=old)).verdict is Verdict.PASS


@pytest.mark.parametrize(
    "site",
    [{"contact": make_section("contact", SectionState.UNVERIFIABLE)}, {"budget_spent": True}],
    ids=["contact page unread", "budget spent"],
)
def test_nothing_is_unpublished_while_a_place_was_not_read(site: dict[str, Any]) -> None:
    found = finding(OFFICE, box(), addresses=("x@gmail.com",), **site)
    assert (found.verdict, found.seen_key) == (Verdict.UNVERIFIED, "register.unread")
    unused = finding(OFFICE, box(last_used=OLD), addresses=(), **site)
    assert unused.verdict is Verdict.PARTIAL
    assert "không thấy công bố" not in unused.seen


def test_without_a_register_or_a_row_nothing_is_compared() -> None:
    none = judge("g.mailbox_register", make_facts(register=None))
    assert (none.verdict, none.seen_key) == (Verdict.NOT_APPLICABLE, "register.not_imported")
    assert "mã (1)" in none.seen  # how the published names are made is shown all the same
    other = finding(box("stttt@example.gov.vn", code="stttt"), addresses=())
    assert (other.verdict, other.seen_key) == (Verdict.NOT_APPLICABLE, "register.no_mailbox")


def test_an_address_quoted_in_an_article_is_not_unknown() -> None:
    quoted = make_address("la@example.gov.vn", AddressClass.OFFICIAL, contact=False, where="article")
    facts = make_facts(make_site(addresses=(make_address(), quoted)), register=make_register(OFFICE))
    assert judge("g.mailbox_register", facts).verdict is Verdict.PASS


def test_patterns_of_names_are_shown() -> None:
    boxes = [
        OFFICE,
        *(box(f"{name}.snv@example.gov.vn", office=False) for name in ("lan", "hoa")),
        box("a1@example.gov.vn", office=False),
    ]
    assert "tên.mã (2), mã (1), tênsố (1)" in finding(*boxes).seen

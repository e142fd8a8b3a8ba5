"""A web host's name as a sender of mail: protected, not protected, not looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.model import Completed, DnsAnswer, HostLook, HostMail, HostMailFacts, Outcome, Reason
from auditor.read.host_mail import read_host_mail
from tests.read.records.looks import DOWN, NODATA, NXDOMAIN, TIMEOUT, txt

NAME = "sct.tinh.example"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
INHERITED = ((f"_dmarc.{NAME}", NXDOMAIN), ("_dmarc.tinh.example", txt("v=DMARC1; p=none; sp=reject")), ("_dmarc.example", NXDOMAIN))  # fmt: skip
NOWHERE = tuple((name, NXDOMAIN) for name, _ in INHERITED)


def read(
    text: Outcome[DnsAnswer] = NODATA,
    mx: Outcome[DnsAnswer] = NODATA,
    dmarc: tuple[tuple[str, Outcome[DnsAnswer]], ...] = NOWHERE,
) -> HostMailFacts:
    facts = read_host_mail(HostLook(NAME, NOW, Completed(("192.0.2.1",)), mail=HostMail(NAME, text, mx, dmarc)))
    assert facts is not None
    return facts


def test_nothing_protects_it() -> None:
    facts = read()
    assert (facts.sends_nothing, facts.null_mx, facts.policy, facts.reason) == (False, False, "", None)


def test_the_inherited_policy() -> None:
    facts = read(dmarc=INHERITED)
    assert (facts.policy, facts.location) == ("reject", "_dmarc.tinh.example")


@pytest.mark.parametrize(
    ("record", "closed"),
    [
        ("v=spf1 -all", True),
        ("v=spf1 -all exp=why.example", True),
        ("v=spf1 ~all", False),
        ("v=spf1 mx -all", False),
        ("v=spf1 redirect=a.example", False),
        ("v=spf1 nonsense -all", False),
        ("hello", False),
    ],
)
def test_spf_that_lets_nobody_send(record: str, closed: bool) -> None:
    assert read(text=txt(record)).sends_nothing is closed


def test_two_spf_records_let_nobody_in_and_nobody_out() -> None:
    assert not read(text=txt("v=spf1 -all", "v=spf1 -all")).sends_nothing


def test_null_mx() -> None:
    assert read(mx=txt("0 .")).null_mx and not read(mx=txt("10 mail.tinh.example.")).null_mx


@pytest.mark.parametrize(("look", "reason"), [(TIMEOUT, Reason.DNS_TIMEOUT), (DOWN, Reason.RESOLVER_DOWN)])
def test_no_answer(look: Outcome[DnsAnswer], reason: Reason) -> None:
    assert read(text=look).reason is reason
    assert read(mx=look).reason is reason
    assert read(dmarc=((f"_dmarc.{NAME}", look),)).reason is reason


def test_not_looked_at() -> None:
    assert read_host_mail(None) is None
    assert read_host_mail(HostLook(NAME, NOW, NXDOMAIN)) is None  # type: ignore[arg-type]

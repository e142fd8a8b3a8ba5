"""Records that are shown without points: BIMI, CAA (RFC 8659), SRV (RFC 6186, RFC 8314)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DnsAnswer, Outcome
from auditor.read.records import Problem
from auditor.read.records.bimi import read_bimi
from auditor.read.records.caa import climb, parse_caa, read_caa
from auditor.read.records.services import parse_srv, read_service
from tests.read.records.looks import NODATA, NXDOMAIN, SERVFAIL, txt


@pytest.mark.parametrize(
    ("text", "state", "problems"),
    [
        ("v=BIMI1; l=https://x.vn/logo.svg; a=https://x.vn/vmc.pem", "valid", ()),
        ("v=BIMI1; l=https://x.vn/logo.svg", "valid", (Problem.BIMI_NO_CERTIFICATE,)),
        ("v=BIMI1; l=; a=;", "declined", ()),
        ("v=BIMI1; l=http://x.vn/l.svg; a=https://x.vn/v", "invalid", (Problem.BIMI_NOT_HTTPS,)),
        ("v=BIMI1; l=https://x.vn/l.png; a=https://x.vn/v", "valid", (Problem.BIMI_NOT_SVG,)),
        ("v=BIMI1; a=https://x.vn/v", "invalid", (Problem.BIMI_BAD_RECORD,)),
        ("v=spf1 -all", "none", ()),
    ],
)
def test_bimi(text: str, state: str, problems: tuple[Problem, ...]) -> None:
    assert (read_bimi(txt(text)).state, read_bimi(txt(text)).problems) == (state, problems)


def caa(*records: str) -> Outcome[DnsAnswer]:
    return Completed(DnsAnswer("", "CAA", records))


def test_caa_climbs_to_the_lowest_name_with_records_section_3() -> None:
    assert climb("a.b.vn") == ("a.b.vn", "b.vn", "vn")
    walk = (("a.b.vn", NODATA), ("b.vn", caa('0 issue "ca.example"')), ("vn", caa('0 issue "other.example"')))
    facts = read_caa(walk)
    assert (facts.state, facts.name, facts.issuers) == ("valid", "b.vn", ("ca.example",))
    assert read_caa((("a.vn", NXDOMAIN), ("vn", NODATA))).state == "none"
    assert read_caa((("a.vn", SERVFAIL),)).state == "unverifiable"


def test_caa_accounts_rfc_8657_section_3() -> None:
    facts = read_caa(
        (("a.vn", caa('0 issue "ca.example; accounturi=https://ca.example/acct/1; validationmethods=dns-01"')),)
    )
    assert (facts.issuers, facts.accounts) == (("ca.example",), ("https://ca.example/acct/1",))


def test_caa_that_lets_nobody_issue_section_4_2() -> None:
    assert read_caa((("a.vn", caa('0 issue ";"')),)).closed
    assert not read_caa((("a.vn", caa('0 iodef "mailto:a@a.vn"')),)).closed


def test_an_unknown_critical_property_section_4_1() -> None:
    assert read_caa((("a.vn", caa('128 tbs "unknown"')),)).problems == (Problem.CAA_UNKNOWN_CRITICAL,)
    assert read_caa((("a.vn", caa('0 tbs "unknown"')),)).problems == ()


def test_srv() -> None:
    def service(*records: str) -> str:
        return read_service("_imaps._tcp", Completed(DnsAnswer("", "SRV", records))).state

    assert service("0 1 993 mail.tinh.example.") == "offered"
    assert service("0 0 0 .") == "not_offered"  # RFC 6186 section 3.4
    assert service("nonsense") == "invalid"
    assert read_service("_imaps._tcp", NODATA).state == "none"
    assert read_service("_imaps._tcp", SERVFAIL).state == "unverifiable"


@given(st.text(max_size=200))
def test_no_text_crashes_the_readers(text: str) -> None:
    read_bimi(txt("v=BIMI1;" + text))
    parse_caa("0 issue " + text)
    parse_srv(text)
    read_caa((("a.vn", caa(text)),))

"""Aggregate reports as vendors write them: RFC 7489 appendix C, RFC 9990, and what lies between."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.read.dmarc_report import ReportError, ReportProblem, read_report

ROW = """<record><row><source_ip>203.0.113.9</source_ip><count>12</count>
<policy_evaluated><disposition>none</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>Tinh.gov.example</header_from></identifiers>
<auth_results><dkim><domain>tinh.gov.example</domain><result>pass</result></dkim>
<spf><domain>khac.example</domain><result>pass</result></spf></auth_results></record>"""


def report(rows: str = ROW, *, root: str = "<feedback>", org: str = "google.com", begin: str = "1763942400") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{root}<report_metadata><org_name>{org}</org_name><email>noreply@google.com</email><report_id>123</report_id>
<date_range><begin>{begin}</begin><end>1764028799</end></date_range></report_metadata>
<policy_published><domain>tinh.gov.example</domain><p>none</p></policy_published>{rows}</feedback>""".encode()


def test_a_report() -> None:
    read = read_report(report())
    assert (read.org, read.report_id, read.domain, read.policy) == ("google.com", "123", "tinh.gov.example", "none")
    assert read.begin == datetime(2025, 11, 24, tzinfo=UTC)
    (row,) = read.rows
    assert (row.source_ip, row.count, row.dkim, row.spf, row.passed) == ("203.0.113.9", 12, True, False, True)
    assert (row.header_from, row.dkim_domains, row.spf_domain) == (
        "tinh.gov.example",
        ("tinh.gov.example",),
        "khac.example",
    )


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (report(root='<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">'), "a namespace, RFC 9990"),
        (report().replace(b"<feedback>", b'<d:feedback xmlns:d="http://dmarc.org/dmarc-xml/0.1">').replace(b"</feedback>", b"</d:feedback>"), "a prefix"),
        (b"\xef\xbb\xbf" + report(), "a byte order mark"),
        (b"\r\n " + report() + b"\0\n", "white space around"),
        (report(begin="2025-11-24T00:00:00Z"), "ISO dates"),
        (report(begin="1763942400.0"), "seconds with a fraction"),
        (report(org=""), "no name of the organisation: the domain of its address"),
        (report(ROW.replace("203.0.113.9", "::ffff:203.0.113.9")), "IPv4 in IPv6"),
        (report(ROW.replace("identifiers", "identities")), "an early draft's element"),
        (report(ROW.replace(">pass<", "> PASS\n<")), "capitals and white space"),
    ],
)  # fmt: skip
def test_variants_say_the_same(document: bytes, why: str) -> None:
    assert read_report(document) == read_report(report()), why


def test_what_is_not_stated_is_not_a_pass() -> None:
    (row,) = read_report(report("<record><row><source_ip>2001:db8::1</source_ip><count>1</count></row></record>")).rows
    assert (row.dkim, row.spf, row.passed, row.header_from) == (False, False, False, "")


def test_a_report_without_rows_is_one() -> None:
    assert read_report(report("")).rows == ()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"", ReportProblem.NOT_XML),
        (report()[:-20], ReportProblem.NOT_XML),  # cut off: half a report is none
        (b"<html><body/></html>", ReportProblem.NOT_A_REPORT),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + report()[39:], ReportProblem.HAS_DTD),
        (b'<!DOCTYPE f SYSTEM "http://127.0.0.1/x.dtd">' + report()[39:], ReportProblem.HAS_DTD),
        (report().replace(b"<report_id>123</report_id>", b""), ReportProblem.MISSING),
        (report(ROW.replace("<count>12</count>", "")), ReportProblem.MISSING),
        (report(ROW.replace("12", "-1")), ReportProblem.BAD_VALUE),
        (report(ROW.replace("203.0.113.9", "mail.example")), ReportProblem.BAD_VALUE),
        (report(begin="hôm qua"), ReportProblem.BAD_VALUE),
        (b"<feedback>" + b"<a>" * 100_000, ReportProblem.NOT_XML),  # deeper than libxml2 allows
    ],
)
def test_what_is_no_report_is_said(document: bytes, problem: ReportProblem) -> None:
    with pytest.raises(ReportError) as error:
        read_report(document)
    assert error.value.problem is problem


def test_an_entity_is_never_expanded() -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE b [<!ENTITY a0 "ha">{levels}]>'.encode() + report(org="&a9;")[39:]
    with pytest.raises(ReportError) as error:
        read_report(bomb)
    assert error.value.problem is ReportProblem.HAS_DTD


@settings(max_examples=300)
@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: report(text, root="<feedback>", org="x")))
)
def test_nothing_crashes_the_reader(document: bytes) -> None:
    try:
        read_report(document)
    except ReportError as error:
        assert isinstance(error.problem, ReportProblem)

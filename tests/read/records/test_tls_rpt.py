"""TLS-RPT records, from the text of RFC 8460; each case names its section."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Failed
from auditor.read.records import Problem
from auditor.read.records.tls_rpt import is_report_uri, read_tls_rpt
from tests.read.records.looks import NODATA, NXDOMAIN, TIMEOUT, txt


@pytest.mark.parametrize(
    ("section", "text", "state", "problems"),
    [
        ("3.1.1 example", "v=TLSRPTv1;rua=mailto:reports@example.com", "valid", ()),
        ("3.1.2 example", "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", "valid", ()),
        ("3 list", "v=TLSRPTv1; rua = mailto:a@example.com , https://example.com/r ;", "valid", ()),
        ("3 extension", "v=TLSRPTv1; rua=mailto:a@example.com; x=y", "valid", ()),
        ("3 one bad of two", "v=TLSRPTv1; rua=mailto:a@example.com,ftp://x", "valid", (Problem.TLS_RPT_BAD_URI,)),
        ("3 http", "v=TLSRPTv1; rua=http://example.com/", "invalid", (Problem.TLS_RPT_NO_RUA, Problem.TLS_RPT_BAD_URI)),
        ("3 no rua", "v=TLSRPTv1;", "invalid", (Problem.TLS_RPT_NO_RUA,)),
        ("3 rua twice", "v=TLSRPTv1; rua=mailto:a@b; rua=mailto:c@d", "valid", ()),
        ("3 extension", "v=TLSRPTv1; rua=mailto:a@b; x=a b", "invalid", (Problem.TLS_RPT_BAD_RECORD,)),
        ("3 case", "v=tlsrptv1; rua=mailto:a@b", "none", (Problem.TLS_RPT_MISSING, Problem.TLS_RPT_NEAR_MISS)),
        ("3 no delimiter", "v=TLSRPTv1 rua=mailto:a@b", "none", (Problem.TLS_RPT_MISSING, Problem.TLS_RPT_NEAR_MISS)),
        ("3 other text", "v=spf1 -all", "none", (Problem.TLS_RPT_MISSING,)),
    ],
)
def test_the_record(section: str, text: str, state: str, problems: tuple[Problem, ...]) -> None:
    facts = read_tls_rpt(txt(text))
    assert (facts.state, facts.problems) == (state, problems), section


def test_several_records_are_none_section_3() -> None:
    facts = read_tls_rpt(txt("v=TLSRPTv1; rua=mailto:a@b.vn", "v=TLSRPTv1; rua=mailto:c@b.vn"))
    assert (facts.state, facts.problems) == ("multiple", (Problem.TLS_RPT_MULTIPLE,))


@pytest.mark.parametrize("answer", [NXDOMAIN, NODATA])
def test_no_record(answer: Failed) -> None:
    assert (read_tls_rpt(answer).state, read_tls_rpt(answer).reason) == ("none", answer.reason)


def test_an_answer_that_failed_says_nothing() -> None:
    assert (read_tls_rpt(TIMEOUT).state, read_tls_rpt(TIMEOUT).problems) == ("unverifiable", ())


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    read_tls_rpt(txt("v=TLSRPTv1; rua=" + text))
    read_tls_rpt(txt(text))
    is_report_uri(text)

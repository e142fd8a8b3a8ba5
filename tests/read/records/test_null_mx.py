"""Null MX, from the text of RFC 7505; each case names its section."""

from __future__ import annotations

import pytest

from auditor.model import Completed, DnsAnswer, MxTarget, NotRun, Reason
from auditor.read.records import Problem
from auditor.read.records.mx import parse_mx, read_mx
from auditor.read.records.transport import mail_servers

_NO_ADDRESS = NotRun(Reason.OUT_OF_SCOPE)


@pytest.mark.parametrize(
    ("section", "records", "state", "problem"),
    [
        ("3 one record, preference 0, empty label", ("0 .",), "null", Problem.MX_NULL),
        ("3 the preference is not what makes it", ("10 .",), "null", Problem.MX_NULL),
        ("3 never beside other records", ("0 .", "10 mail.example.com."), "valid", Problem.MX_NULL_WITH_OTHERS),
    ],
)
def test_what_is_a_null_mx(section: str, records: tuple[str, ...], state: str, problem: Problem) -> None:
    parsed = sorted([one for text in records if (one := parse_mx(text))])
    targets = tuple(
        MxTarget(host, preference, _NO_ADDRESS if host == "." else Completed(("203.0.113.5",)))
        for preference, host in parsed
    )
    facts = read_mx(Completed(targets), _NO_ADDRESS)
    assert (facts.state, facts.problems) == (state, (problem,)), section


@pytest.mark.parametrize(
    ("section", "records", "servers"),
    [
        ("4.1 there is nobody to connect to", ("0 .",), ()),
        ("3 the others are still mail servers", ("0 .", "10 mail.example.com."), ("mail.example.com",)),
    ],
)
def test_whom_to_connect_to(section: str, records: tuple[str, ...], servers: tuple[str, ...]) -> None:
    assert mail_servers(Completed(DnsAnswer("example.com", "MX", records))) == servers, section

"""MTA-STS records and policies, from the text of RFC 8461; each case names its section."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, Failed, Look, LookKind, MtaStsFacts, NotRun, Outcome, Reason
from auditor.read.records import Problem
from auditor.read.records.mta_sts import announced, covers, parse_policy, read_mta_sts, record_problems
from tests.read.records.looks import NODATA, NXDOMAIN, SERVFAIL, txt

GOOD = "v=STSv1; id=20160831085700Z;"  # the example of section 3.1
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"
HOSTS = ("mail.example.com", "mx1.example.net")


def fetched(body: bytes = POLICY, *, kind: str = "text/plain; charset=utf-8", **changes: object) -> Outcome[Look]:
    url = "https://mta-sts.example.com/.well-known/mta-sts.txt"
    look = Look(
        url, LookKind.FILE, datetime(2026, 11, 1, tzinfo=UTC), url, 200, headers=(("content-type", kind),), body=body
    )
    return Completed(replace(look, **changes))  # type: ignore[arg-type]


def read(record: str = GOOD, policy: Outcome[Look] | None = None, hosts: tuple[str, ...] = HOSTS) -> MtaStsFacts:
    return read_mta_sts("example.com", txt(record), policy or fetched(), hosts)


def test_the_example_of_section_3() -> None:
    facts = read()
    assert (facts.state, facts.mode, facts.max_age, facts.problems, facts.unmatched) == (
        "valid",
        "enforce",
        604800,
        (),
        (),
    )
    assert facts.patterns == ("mail.example.com", "*.example.net")
    assert facts.policy_url == "https://mta-sts.example.com/.well-known/mta-sts.txt"


@pytest.mark.parametrize(
    ("section", "text", "counts"),
    [
        ("3.1 version first", "v=STSv1; id=1", True),
        ("3.1 blanks around the delimiter", "v=STSv1 ;\tid=1", True),
        ("3.1 case-sensitive version", "v=stsv1; id=1", False),
        ("3.1 version not first", "id=1; v=STSv1;", False),
        ("3.1 another version", "v=STSv2; id=1", False),
        ("3.1 a longer word", "v=STSv10; id=1", False),
        ("3.1 no delimiter", "v=STSv1", False),
        ("3.1 blanks around =", "v = STSv1; id=1", False),
    ],
)
def test_which_records_count(section: str, text: str, counts: bool) -> None:
    assert bool(announced((text,))) is counts, section


@pytest.mark.parametrize(
    ("section", "text", "wrong"),
    [
        ("3.1 sts-id 1*32", "v=STSv1; id=" + "a" * 32, ()),
        ("3.1 sts-id too long", "v=STSv1; id=" + "a" * 33, (Problem.MTA_STS_BAD_ID,)),
        ("3.1 sts-id alphanumeric", "v=STSv1; id=2016-08-31", (Problem.MTA_STS_BAD_ID,)),
        ("3.1 sts-id missing", "v=STSv1;", (Problem.MTA_STS_BAD_ID,)),
        ("3.1 sts-id empty", "v=STSv1; id=;", (Problem.MTA_STS_BAD_ID,)),
        ("3.1 extension", "v=STSv1; id=1; a.b_c-d=x/y", ()),
        ("3.1 extension without value", "v=STSv1; id=1; a=", (Problem.MTA_STS_BAD_RECORD,)),
        ("3.1 extension with =", "v=STSv1; id=1; a=b=c", (Problem.MTA_STS_BAD_RECORD,)),
        ("3.1 empty field", "v=STSv1; id=1;; a=b", (Problem.MTA_STS_BAD_RECORD,)),
    ],
)
def test_the_grammar_of_the_record(section: str, text: str, wrong: tuple[Problem, ...]) -> None:
    assert record_problems(text) == wrong, section


def test_several_records_are_none_section_3_1() -> None:
    facts = read_mta_sts("example.com", txt(GOOD, "v=STSv1; id=2;"), fetched(), HOSTS)
    assert (facts.state, facts.problems) == ("multiple", (Problem.MTA_STS_MULTIPLE,))
    assert read_mta_sts("example.com", txt(GOOD, "v=spf1 -all"), fetched(), HOSTS).state == "valid"


@pytest.mark.parametrize("answer", [NXDOMAIN, NODATA])
def test_no_record_is_none_and_rests_on_that_answer(answer: Failed) -> None:
    facts = read_mta_sts("example.com", answer, NotRun(Reason.OUT_OF_SCOPE), HOSTS)
    assert (facts.state, facts.reason) == ("none", answer.reason)


def test_an_answer_that_failed_says_nothing() -> None:
    facts = read_mta_sts("example.com", SERVFAIL, NotRun(Reason.OUT_OF_SCOPE), HOSTS)
    assert (facts.state, facts.reason, facts.problems) == ("unverifiable", Reason.DNS_SERVFAIL, ())


@pytest.mark.parametrize(
    ("section", "policy", "problem"),
    [
        ("3.3 redirects", fetched(status=301, reason=Reason.TOO_MANY_REDIRECTS), Problem.MTA_STS_POLICY_REDIRECTS),
        ("3.3 only 200", fetched(status=404, reason=Reason.HTTP_404), Problem.MTA_STS_POLICY_STATUS),
        ("3.3 only 200", fetched(status=206), Problem.MTA_STS_POLICY_STATUS),
        ("3.3 certificate", fetched(status=None, reason=Reason.TLS_INVALID), Problem.MTA_STS_POLICY_CERTIFICATE),
        ("3.2 text/plain", fetched(kind="text/html"), Problem.MTA_STS_POLICY_TYPE),
        ("3.2 text/plain", fetched(kind=""), Problem.MTA_STS_POLICY_TYPE),
        ("3.3 size", fetched(truncated=True), Problem.MTA_STS_POLICY_TOO_LARGE),
        ("3.3 not served", fetched(status=None, reason=Reason.REFUSED), Problem.MTA_STS_POLICY_UNREACHED),
    ],
)
def test_how_a_policy_must_be_served(section: str, policy: Outcome[Look], problem: Problem) -> None:
    facts = read(policy=policy)
    assert (facts.state, facts.problems) == ("policy_failed", (problem,)), section


@pytest.mark.parametrize(
    "policy",
    [
        NotRun(Reason.NOT_CONFIGURED),
        fetched(status=None, reason=Reason.BLOCKED_ADDRESS, not_run=True),
        fetched(status=None, reason=Reason.DNS_TIMEOUT),
    ],
)
def test_a_policy_that_we_could_not_ask_for_is_no_fault(policy: Outcome[Look]) -> None:
    assert read(policy=policy).state == "unverifiable"


@pytest.mark.parametrize(
    ("section", "body", "problems"),
    [
        ("3.2 LF alone", POLICY.replace(b"\r\n", b"\n"), ()),
        ("3.2 no final line break", POLICY.rstrip(), ()),
        ("3.2 no blank after the colon", POLICY.replace(b": ", b":"), ()),
        ("3.2 version missing", POLICY.replace(b"version: STSv1\r\n", b""), (Problem.MTA_STS_POLICY_VERSION,)),
        ("3.2 other version", POLICY.replace(b"STSv1", b"STSv2"), (Problem.MTA_STS_POLICY_VERSION,)),
        ("3.2 mode unknown", POLICY.replace(b"enforce", b"Enforce"), (Problem.MTA_STS_POLICY_MODE,)),
        ("3.2 max_age missing", POLICY.replace(b"max_age: 604800", b""), (Problem.MTA_STS_POLICY_MAX_AGE,)),
        ("3.2 max_age at the limit", POLICY.replace(b"604800", b"31557600"), ()),
        ("3.2 max_age over it", POLICY.replace(b"604800", b"31557601"), (Problem.MTA_STS_POLICY_MAX_AGE,)),
        ("3.2 max_age no number", POLICY.replace(b"604800", b"1w"), (Problem.MTA_STS_POLICY_MAX_AGE,)),
        ("3.2 no mx", b"version: STSv1\nmode: testing\nmax_age: 604800\n", (Problem.MTA_STS_POLICY_MX,)),
        ("3.2 mode none needs no mx", b"version: STSv1\nmode: none\nmax_age: 86400\n", ()),
        ("3.2 wildcard inside", POLICY.replace(b"*.example.net", b"mx.*.net"), (Problem.MTA_STS_POLICY_MX,)),
        ("3.2 wildcard of a part", POLICY.replace(b"*.example.net", b"mx*.example.net"), (Problem.MTA_STS_POLICY_MX,)),
        ("3.2 leading dot", POLICY.replace(b"*.example.net", b".example.net"), (Problem.MTA_STS_POLICY_MX,)),
        ("3.2 extension", POLICY + b"new-field: whatever\n", ()),
    ],
)
def test_the_grammar_of_the_policy(section: str, body: bytes, problems: tuple[Problem, ...]) -> None:
    assert parse_policy(body).problems == problems, section


def test_of_a_repeated_field_the_first_counts_section_3_2() -> None:
    policy = parse_policy(POLICY + b"mode: none\n")
    assert (policy.mode, policy.problems, policy.remarks) == ("enforce", (), (Problem.MTA_STS_POLICY_DUPLICATE,))


@pytest.mark.parametrize(
    ("pattern", "host", "matches"),
    [
        ("mail.example.com", "MAIL.example.com.", True),
        ("*.example.net", "mx1.example.net", True),
        ("*.example.net", "a.mx1.example.net", False),  # the wildcard is one label
        ("*.example.net", "example.net", False),
        ("mail.example.com", "xmail.example.com", False),
    ],
)
def test_matching_section_4_1(pattern: str, host: str, matches: bool) -> None:
    assert covers(pattern, host) is matches


def test_a_mail_server_that_no_pattern_covers() -> None:
    facts = read(hosts=("mail.example.com", "other.example.org"))
    assert (facts.unmatched, facts.problems) == (("other.example.org",), (Problem.MTA_STS_MX_UNMATCHED,))


@pytest.mark.parametrize(
    ("mode", "problem"), [(b"testing", Problem.MTA_STS_MODE_TESTING), (b"none", Problem.MTA_STS_MODE_NONE)]
)
def test_modes_that_protect_nothing_section_5(mode: bytes, problem: Problem) -> None:
    facts = read(policy=fetched(POLICY.replace(b"enforce", mode)))
    assert (facts.state, facts.mode, facts.problems[0]) == ("valid", mode.decode(), problem)


@given(st.binary(max_size=400), st.text(max_size=200))
def test_no_text_crashes_the_readers(body: bytes, text: str) -> None:
    read(record="v=STSv1; " + text, policy=fetched(body))
    read(record=text)
    parse_policy(POLICY + body)

"""DMARC: the record and its discovery (RFC 9989), each rule passing, failing and not looked at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DmarcFacts, DnsAnswer, Outcome, Reason
from auditor.read.records.dmarc import (
    discover,
    dmarc_records,
    near_misses,
    parse_dmarc,
    read_dmarc,
    stops_walk,
    walk_names,
)
from auditor.read.records.dmarc_reports import read_reports, report_questions
from auditor.read.records.problems import Problem
from tests.read.records.looks import DOWN, NODATA, NXDOMAIN, SERVFAIL, TIMEOUT, txt

RUA = "rua=mailto:bc@tinh.gov.example"
DOMAIN = "so.tinh.gov.example"


def read(record: str) -> DmarcFacts:
    return read_dmarc(DOMAIN, [(f"_dmarc.{DOMAIN}", txt(record))])


def walk(exists: bool = True, **records: Outcome[DnsAnswer] | str) -> DmarcFacts:
    """The facts of DOMAIN with the records `so`, `tinh`, `gov`, `example` at its levels; NXDOMAIN elsewhere."""
    found = []
    for name in walk_names(DOMAIN):
        answer = records.get(name.partition(".")[0], NXDOMAIN)
        found.append((f"_dmarc.{name}", txt(answer) if isinstance(answer, str) else answer))
    return read_dmarc(DOMAIN, found, domain_exists=exists)


@pytest.mark.parametrize(
    ("text", "is_record", "is_near"),
    [
        pytest.param("v=DMARC1", True, False, id="4.8-version-only"),
        pytest.param("v=DMARC1; p=none", True, False, id="4.7"),
        pytest.param("V = DMARC1 ;p=none", True, False, id="4.8-white-space"),
        pytest.param("v=dmarc1; p=none", False, True, id="4.7-case-sensitive"),
        pytest.param("v=DMARC1 p=none", False, True, id="4.8-no-separator"),
        pytest.param("v=DMARC10; p=none", False, True, id="4.7-other-version"),
        pytest.param("p=none; v=DMARC1", False, True, id="4.7-not-first"),
        pytest.param(" v=DMARC1; p=none", False, True, id="4.8-leading-space"),
        pytest.param("v=spf1 -all", False, False, id="4.7-other"),
    ],
)
def test_which_text_records_are_dmarc(text: str, is_record: bool, is_near: bool) -> None:
    assert bool(dmarc_records([text])) is is_record
    assert bool(near_misses([text])) is is_near


def test_a_good_record() -> None:
    facts = read(
        f"v=DMARC1; p=reject; sp=reject; np=reject; adkim=s; aspf=r; fo=1:d; t=n; psd=n; {RUA}; ruf=mailto:a@b.vn"
    )
    assert (facts.state, facts.policy, facts.effective_policy, facts.subdomain_policy) == ("valid",) + ("reject",) * 3
    assert (facts.location, facts.rua, facts.problems) == (f"_dmarc.{DOMAIN}", ("mailto:bc@tinh.gov.example",), ())


@pytest.mark.parametrize(
    ("record", "effective", "problem"),
    [
        pytest.param(f"v=DMARC1; p=none; {RUA}", "none", Problem.DMARC_POLICY_NONE, id="4.7-p-none"),
        pytest.param("v=DMARC1; p=reject", "reject", Problem.DMARC_NO_RUA, id="4.7-no-rua"),
        pytest.param(f"v=DMARC1; p=reject; t=y; {RUA}", "quarantine", Problem.DMARC_TESTING, id="4.7-t-reject"),
        pytest.param(f"v=DMARC1; p=quarantine; t=y; {RUA}", "none", Problem.DMARC_TESTING, id="4.7-t-quarantine"),
        pytest.param(f"v=DMARC1; p=none; t=y; {RUA}", "none", Problem.DMARC_TESTING, id="4.7-t-none"),
        pytest.param(f"v=DMARC1; {RUA}", "none", Problem.DMARC_POLICY_MISSING, id="4.7-no-p"),
        pytest.param(f"v=DMARC1; p=block; {RUA}", "none", Problem.DMARC_POLICY_INVALID, id="4.10.1-bad-p"),
        pytest.param(f"v=DMARC1; p=reject; sp=x; {RUA}", "none", Problem.DMARC_POLICY_INVALID, id="4.10.1-bad-sp"),
        pytest.param(f"v=DMARC1; p=reject; np=x; {RUA}", "none", Problem.DMARC_POLICY_INVALID, id="4.10.1-bad-np"),
        pytest.param(f"v=DMARC1; p=reject; sp=none; {RUA}", "reject", Problem.DMARC_SUBDOMAIN_WEAKER, id="4.7-sp"),
        pytest.param(f"v=DMARC1; p=reject; np=none; {RUA}", "reject", Problem.DMARC_SUBDOMAIN_WEAKER, id="4.7-np"),
        pytest.param(f"v=DMARC1; p=reject; pct=50; {RUA}", "reject", Problem.DMARC_PCT, id="A.6-pct"),
        pytest.param(f"v=DMARC1; p=reject; ri=86400; {RUA}", "reject", Problem.DMARC_REMOVED_TAG, id="9-ri"),
        pytest.param(f"v=DMARC1; p=reject; xyz=1; {RUA}", "reject", Problem.DMARC_UNKNOWN_TAG, id="4.7-unknown"),
        pytest.param(f"v=DMARC1; p=reject; adkim=q; {RUA}", "reject", Problem.DMARC_BAD_TAG, id="4.8-bad-value"),
        pytest.param(f"v=DMARC1; p=reject; nonsense; {RUA}", "reject", Problem.DMARC_BAD_TAG, id="4.8-no-equals"),
        pytest.param(f"v=DMARC1; p=reject; {RUA}!10m", "reject", Problem.DMARC_URI_SIZE, id="4.8-size"),
        pytest.param(f"v=DMARC1; p=reject; {RUA},bc@x.vn", "reject", Problem.DMARC_BAD_URI, id="4.6-no-scheme"),
        pytest.param(f"v=DMARC1; p=Reject; {RUA}; psd=y", "reject", Problem.DMARC_PSD, id="4.7-psd"),
    ],
)
def test_remarks_on_a_record_that_works(record: str, effective: str, problem: Problem) -> None:
    facts = read(record)
    assert (facts.state, facts.effective_policy) == ("valid", effective)
    assert problem in facts.problems


@pytest.mark.parametrize("tags", ["p=reject; p=none", "p=reject; p=reject", "p=reject; rua=mailto:a@x.vn", "p=none; x=1; x=1"])
def test_a_tag_that_stands_twice_makes_the_whole_record_invalid(tags: str) -> None:
    """RFC 9989 section 4.7 takes its syntax from DKIM; RFC 6376 section 3.2: "the entire tag-list is invalid"."""
    facts = read(f"v=DMARC1; {tags}; {RUA}")
    assert (facts.state, facts.effective_policy) == ("invalid", "")
    assert Problem.DMARC_DUPLICATE_TAG in facts.problems
    assert Problem.DMARC_POLICY_INVALID not in facts.problems


@pytest.mark.parametrize(
    "record",
    ["v=DMARC1", "v=DMARC1; p=block", "v=DMARC1; p=none; sp=x; rua=bc@x.vn", "v=DMARC1; rua=mailto:nobody"],
    ids=["4.10.1-nothing", "4.10.1-bad-p", "4.10.1-bad-uri", "4.10.1-bad-mail-uri"],
)
def test_without_policy_and_report_address_no_processing_follows(record: str) -> None:
    facts = read(record)
    assert (facts.state, facts.effective_policy) == ("invalid", "")


def test_the_size_limit_is_not_part_of_the_address() -> None:
    assert read(f"v=DMARC1; p=none; {RUA}!10m , https://x.vn/r").rua == ("mailto:bc@tinh.gov.example", "https://x.vn/r")


def test_walk_example_section_4_10() -> None:
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )


@pytest.mark.parametrize("labels", range(1, 20))
def test_never_more_than_eight_names(labels: int) -> None:
    names = walk_names(".".join(f"l{n}" for n in range(labels)))
    assert len(names) == min(labels, 8)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("record", "first", "stops"),
    [
        ("v=DMARC1; p=none", True, True),
        ("v=DMARC1; p=none", False, False),
        ("v=DMARC1; p=none; psd=u", False, False),
        ("v=DMARC1; p=none; psd=n", False, True),
        ("v=DMARC1; p=none; psd=y", False, True),
        ("v=spf1 -all", True, False),
    ],
    ids=["4.10.1-own", "4.10-parent", "4.10-psd-u", "4.10-psd-n", "4.10-psd-y", "4.10-other"],
)
def test_where_the_walk_stops(record: str, first: bool, stops: bool) -> None:
    assert stops_walk([record], first=first) is stops


def test_two_records_do_not_stop_the_walk_section_4_10() -> None:
    assert not stops_walk(["v=DMARC1; p=none", "v=DMARC1; p=reject"], first=True)


@pytest.mark.parametrize(
    ("records", "location", "effective"),
    [
        pytest.param({"so": f"v=DMARC1; p=none; {RUA}", "tinh": "v=DMARC1; p=reject"}, DOMAIN, "none", id="own-first"),
        pytest.param({"tinh": "v=DMARC1; p=reject"}, "tinh.gov.example", "reject", id="parent-p"),
        pytest.param({"tinh": "v=DMARC1; p=reject; sp=none"}, "tinh.gov.example", "none", id="parent-sp"),
        pytest.param({"tinh": "v=DMARC1; p=none; np=reject"}, "tinh.gov.example", "none", id="np-not-for-existing"),
        pytest.param(
            {"tinh": "v=DMARC1; p=none", "gov": "v=DMARC1; p=reject"}, "gov.example", "reject", id="fewest-labels"
        ),
        pytest.param(
            {"tinh": "v=DMARC1; p=none; psd=n", "gov": "v=DMARC1; p=reject"}, "tinh.gov.example", "none", id="psd-n"
        ),
        pytest.param(
            {"tinh": "v=DMARC1; p=none", "gov": "v=DMARC1; p=reject; psd=y"}, "tinh.gov.example", "none", id="psd-y"
        ),
        pytest.param({"gov": "v=DMARC1; p=reject; psd=y"}, "gov.example", "reject", id="psd-policy"),
        pytest.param(
            {"tinh": "v=DMARC1; p=none", "example": "v=DMARC1; p=reject; psd=y"},
            "example",
            "reject",
            id="psd-y-organization-below-has-none",
        ),
    ],
)
def test_discovery_section_4_10_1(records: dict[str, str], location: str, effective: str) -> None:
    facts = walk(**records)
    assert (facts.state, facts.location, facts.effective_policy) == ("valid", f"_dmarc.{location}", effective)
    assert (Problem.DMARC_INHERITED in facts.problems) is (location != DOMAIN)


@pytest.mark.parametrize(
    ("record", "effective"),
    [("p=none; np=reject", "reject"), ("p=none; sp=quarantine", "quarantine"), ("p=reject", "reject")],
    ids=["np", "np-falls-back-to-sp", "np-falls-back-to-p"],
)
def test_a_name_that_does_not_exist_section_4_7(record: str, effective: str) -> None:
    assert walk(exists=False, tinh=f"v=DMARC1; {record}").effective_policy == effective


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(NXDOMAIN, Reason.DNS_NXDOMAIN), (NODATA, Reason.DNS_NODATA), (txt("other"), None)],
    ids=["nxdomain", "nodata", "other-text"],
)
def test_none(answer: Outcome[DnsAnswer], reason: Reason | None) -> None:
    facts = walk(so=answer)
    assert (facts.state, facts.problems, facts.reason) == ("none", (Problem.DMARC_MISSING,), reason)


def test_a_near_miss_is_told() -> None:
    assert walk(so="v=DMARC1 p=none").problems == (Problem.DMARC_MISSING, Problem.DMARC_NEAR_MISS)


def test_multiple_records_are_all_discarded_section_4_10() -> None:
    two = txt("v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert (walk(so=two).state, walk(so=two).problems) == ("multiple", (Problem.DMARC_MULTIPLE,))
    assert walk(so=two, tinh="v=DMARC1; p=reject").effective_policy == "reject"
    assert walk(tinh=two).state == "none"


@pytest.mark.parametrize("answer", [TIMEOUT, SERVFAIL, DOWN], ids=["time-out", "servfail", "resolver-down"])
@pytest.mark.parametrize("level", ["so", "tinh", "gov", "example"])
def test_an_unseen_name_makes_it_unverifiable(level: str, answer: Outcome[DnsAnswer]) -> None:
    facts = walk(**{level: answer})
    assert not isinstance(answer, Completed)
    assert (facts.state, facts.reason) == ("unverifiable", answer.reason)


def test_an_unseen_name_above_the_own_record_changes_nothing() -> None:
    assert walk(so=f"v=DMARC1; p=reject; {RUA}", tinh=TIMEOUT).state == "valid"


def test_a_walk_that_was_cut_short_is_unverifiable() -> None:
    assert read_dmarc(DOMAIN, [(f"_dmarc.{DOMAIN}", NXDOMAIN)]).reason is Reason.BUDGET_SPENT
    assert read_dmarc(DOMAIN, []).state == "unverifiable"


_TAGS = st.sampled_from(
    ["p=none", "p=x", "sp=reject", "np=", "rua=mailto:a@b.c", "rua=,!1k", "psd=y", "t=y", "pct=a", "="]
)
_RECORDS = st.one_of(st.text(), st.lists(_TAGS).map(lambda tags: "; ".join(["v=DMARC1", *tags])))


@given(_RECORDS, _RECORDS, st.booleans())
def test_no_record_crashes_the_reader(own: str, parent: str, exists: bool) -> None:
    facts = walk(exists=exists, so=own, tinh=parent)
    assert facts.state in {"valid", "none", "invalid"}
    assert facts.effective_policy in {"", "none", "quarantine", "reject"}


@given(st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    assert parse_dmarc("v=DMARC1;" + text).p in {"none", "quarantine", "reject"}


# -- names below, alignment, outside receivers of reports ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "below", "absent"),
    [
        ("v=DMARC1; p=reject", "reject", "reject"),
        ("v=DMARC1; p=reject; sp=none", "none", "none"),
        ("v=DMARC1; p=none; np=reject", "none", "reject"),
        ("v=DMARC1; p=reject; sp=quarantine; np=none; t=y", "none", "none"),
        ("v=DMARC1; p=x", "", ""),
    ],
)
def test_what_names_below_inherit(record: str, below: str, absent: str) -> None:
    facts = read_dmarc("tinh.example", [("_dmarc.tinh.example", txt(record))])
    assert (facts.below_policy, facts.absent_policy) == (below, absent)


def test_alignment() -> None:
    facts = read_dmarc("tinh.example", [("_dmarc.tinh.example", txt("v=DMARC1; p=none; adkim=s; aspf=x"))])
    assert facts.alignment == ("s", "r")


@pytest.mark.parametrize(
    ("uris", "asked"),
    [
        ("mailto:a@tinh.example", []),
        ("mailto:a@bao.tinh.example", []),
        ("mailto:a@example", []),
        ("mailto:a@rua.test,mailto:b@RUA.test.", ["tinh.example._report._dmarc.rua.test"]),
        ("mailto:a@rua.test!10m?subject=x", []),
        ("https://rua.test/in", []),
        (
            ",".join(f"mailto:a@r{n}.test" for n in range(9)),
            [f"tinh.example._report._dmarc.r{n}.test" for n in range(5)],
        ),
    ],
)
def test_whom_to_ask_about_reports(uris: str, asked: list[str]) -> None:
    found = discover("tinh.example", [("_dmarc.tinh.example", txt(f"v=DMARC1; p=none; rua={uris}"))])
    assert list(report_questions(found)) == asked


def test_who_accepts_reports() -> None:
    name = "tinh.gov.example._report._dmarc."
    answers = [
        (name + "yes.test", txt("v=DMARC1")),
        (name + "no.test", NXDOMAIN),
        (name + "other.test", txt("hello")),
        (name + "slow.test", TIMEOUT),
        (name + "bao.gov.example", NXDOMAIN),
    ]
    assert read_reports(answers) == (
        ("yes.test", "authorized"), ("no.test", "refused"), ("other.test", "refused"), ("slow.test", "unverifiable"),
        ("bao.gov.example", "unverifiable"),
    )  # fmt: skip

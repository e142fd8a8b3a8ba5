"""How many IPv4 addresses an SPF record lets pass, which ranges lie inside others, and what each term costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DnsAnswer, SpfFacts
from auditor.read.records.problems import Problem
from auditor.read.records.spf import read_spf
from tests.read.records.looks import NXDOMAIN, TIMEOUT, tree, txt

DOMAIN = "tinh.example"


def read(record: str, **others: str) -> SpfFacts:
    hosts = {("www.example", "A"): Completed(DnsAnswer("www.example", "A", ("192.0.2.1", "2001:db8::1")))}
    return read_spf(DOMAIN, txt(record), tree(**others), hosts)


@pytest.mark.parametrize(
    ("record", "addresses", "widest"),
    [
        pytest.param("v=spf1 -all", 0, "", id="nobody"),
        pytest.param("v=spf1 ip4:192.0.2.1 -all", 1, "ip4:192.0.2.1", id="one"),
        pytest.param("v=spf1 ip4:10.0.0.0/8 ip4:10.1.0.0/16 -all", 2**24, "ip4:10.0.0.0/8", id="inside-another"),
        pytest.param("v=spf1 ip4:192.0.2.0/25 ip4:192.0.2.128/25 -all", 256, "ip4:192.0.2.0/25", id="side-by-side"),
        pytest.param("v=spf1 -ip4:192.0.2.0/24 ?ip4:198.51.100.0/24 ~all", 0, "", id="not-a-pass"),
        pytest.param("v=spf1 a:www.example/24 -all", 256, "a:www.example/24", id="a-host"),
        pytest.param("v=spf1 include:a.example -all", 256, "ip4:203.0.113.0/24", id="include"),
        pytest.param("v=spf1 ?include:a.example -all", 0, "", id="include-that-is-neutral"),
        pytest.param("v=spf1 redirect=a.example", 256, "ip4:203.0.113.0/24", id="redirect"),
        pytest.param("v=spf1 +all", 2**32, "+all", id="everybody"),
        pytest.param("v=spf1 -all ip4:192.0.2.0/24", 0, "", id="after-all"),
        pytest.param("v=spf1 ip4:192.0.2.1 nonsense -all", 0, "", id="a-record-with-an-error"),
        pytest.param("v=spf1 include:tinh.example ip4:192.0.2.1 -all", 1, "ip4:192.0.2.1", id="loop"),
    ],
)
def test_cover(record: str, addresses: int, widest: str) -> None:
    facts = read(record, a_example="v=spf1 ip4:203.0.113.0/24 -all")
    assert (facts.addresses, facts.widest) == (addresses, widest)


def test_overlaps_name_the_domains_own_terms() -> None:
    facts = read(
        "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 include:a.example ip4:203.0.113.5 -all",
        a_example="v=spf1 ip4:203.0.113.0/24 ip4:203.0.113.9 -all",
    )
    assert facts.overlaps == ("ip4:192.0.2.7", "ip4:203.0.113.5")
    assert Problem.SPF_OVERLAP in facts.problems


def test_costs_by_term() -> None:
    facts = read_spf(
        DOMAIN,
        txt("v=spf1 include:a.example a:gone.example ip4:192.0.2.1 redirect=b.example"),
        tree(a_example="v=spf1 mx a -all", b_example="v=spf1 -all"),
        {("gone.example", "A"): NXDOMAIN},
    )
    assert [(one.term, one.lookups, one.void_lookups) for one in facts.branches] == [
        ("include:a.example", 3, 0), ("a:gone.example", 1, 1), ("redirect=b.example", 1, 0),
    ]  # fmt: skip
    assert sum(one.lookups for one in facts.branches) == facts.lookups


def test_what_could_not_be_looked_at_covers_nothing_and_is_no_fault() -> None:
    facts = read_spf(DOMAIN, txt("v=spf1 include:a.example -all"), {"a.example": TIMEOUT})
    assert (facts.state, facts.addresses, facts.overlaps) == ("temperror", 0, ())


@given(st.lists(st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), max_size=30))
def test_any_ranges(ranges: list[tuple[object, int]]) -> None:
    facts = read(" ".join(["v=spf1", *(f"ip4:{ip}/{prefix}" for ip, prefix in ranges), "-all"]))
    assert (facts.addresses == 0) == (not ranges)
    assert facts.addresses <= 2**32

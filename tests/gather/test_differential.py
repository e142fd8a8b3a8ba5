"""check_host() against pyspf, another evaluator of RFC 7208, on generated records and zones.

Every disagreement that is allowed stands in `_explained`, with the section that says who is right.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.api import SpfCheck, ZoneResolver, check_host

spf = pytest.importorskip("spf", reason="pyspf is not installed")

Zone = dict[str, dict[str, list[str] | str]]

NAMES = ("a.example", "b.example", "c.example", "m.a.example", "gone.example")
CLIENTS = ("192.0.2.1", "192.0.2.200", "198.51.100.7", "2001:db8::1")
_V4 = ("192.0.2.1", "192.0.2.200", "198.51.100.7")
_V6 = ("2001:db8::1", "2001:db8:1::7")


def _terms() -> st.SearchStrategy[str]:
    qualifier = st.sampled_from(["", "", "-", "~", "?", "+"])
    domain = st.sampled_from(
        [*NAMES * 4, "%{d}", "%{o}", "m.%{d}", "%{l}.example", "%{d1r}.a.example", "A.Example", "%{x}", "nodot", ""]
    )
    cidr = st.sampled_from([""] * 8 + ["/24", "/24", "/0", "/32", "//64", "/24//64", "/33", "/"])
    host = st.builds("{}{}{}".format, st.sampled_from(["a", "mx"]), st.just(""), cidr)
    other = st.builds("{}:{}{}".format, st.sampled_from(["a", "mx"]), domain, cidr)
    named = st.builds("{}:{}".format, st.sampled_from(["include"] * 3 + ["exists", "ptr"]), domain)
    address = st.sampled_from(
        ["ip4:192.0.2.0/24", "ip4:192.0.2.1", "ip6:2001:db8::/32", "ip6:2001:db8::1"] * 3
        + ["ip4:192.0.2.1/33", "ip4:1.2.3", "ip6:zz", "ip4:192.0.2.1/"]
    )
    bare = st.sampled_from(["all"] * 8 + ["ptr"] * 4 + ["foo", "all:x"])
    mechanism = st.one_of(host, other, named, address, bare)
    modifier = st.builds("{}={}".format, st.sampled_from(["redirect", "exp", "moo"]), domain)
    directive = st.builds("{}{}".format, qualifier, mechanism)
    return st.one_of(directive, directive, directive, modifier)


records = st.builds(lambda terms: " ".join(["v=spf1", *terms]), st.lists(_terms(), max_size=5))


def _types() -> st.SearchStrategy[dict[str, list[str] | str]]:
    hosts = st.lists(st.sampled_from(["10 m.a.example", "20 b.example", "30 gone.example"]), max_size=3, unique=True)
    return st.fixed_dictionaries(
        {},
        optional={
            "A": st.one_of(st.lists(st.sampled_from(_V4), min_size=1, max_size=2, unique=True), st.just("TIMEOUT")),
            "AAAA": st.lists(st.sampled_from(_V6), min_size=1, max_size=2, unique=True),
            "MX": hosts,
            "TXT": st.one_of(st.lists(records, min_size=1, max_size=1), records.map(lambda r: [r, "other text"])),
        },
    )


#: What includes and redirects lead to: short records that come to something.
_ends = st.builds(
    "v=spf1 {}{}".format, st.sampled_from(["", "a ", "-mx ", "include:c.example ", "ip4:192.0.2.0/24 "]),
    st.sampled_from(["-all", "~all", "?all", "+all", "exists:b.example", "redirect=c.example"]),
)  # fmt: skip


def _target() -> st.SearchStrategy[dict[str, list[str] | str]]:
    return st.builds(lambda types, text: {**types, "TXT": [text]}, _types(), _ends)


zones = st.fixed_dictionaries(
    {"a.example": _types(), "b.example": _target(), "c.example": _target()}, optional={"m.a.example": _types()}
)


def _as_pyspf(zone: Mapping[str, Mapping[str, list[str] | str]]) -> object:
    """`zone` behind the function through which pyspf asks the DNS."""

    def lookup(name: str, qtype: str, strict: bool = True, timeout: int = 20) -> Iterator[tuple[object, object]]:
        found = zone.get(name.lower().rstrip("."), {}).get(qtype, [])
        if found == "TIMEOUT":
            raise spf.TempError("DNS timeout")
        for text in found:
            value: object = text
            if qtype == "TXT":
                value = (text.encode(),)
            elif qtype == "MX":
                preference, host = text.split()
                value = (int(preference), host)
            elif qtype == "AAAA":
                value = socket.inet_pton(socket.AF_INET6, text)
            yield (name, qtype), value

    return lookup


def _theirs(zone: Zone, ip: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """pyspf's result and what it says to it."""
    with monkeypatch.context() as patch:
        patch.setattr(spf, "DNSLookup", _as_pyspf(zone))
        result, _, text = spf.query(i=ip, s="a@a.example", h="h.example", strict=True).check()
    return str(result), str(text)


def _explained(zone: Zone, ours: SpfCheck, theirs: str, text: str) -> bool:
    """True where the two may differ."""
    written = [record.split() for types in zone.values() for record in types.get("TXT", [])]
    if theirs == "temperror":
        # Section 5.4 compares the client with each host's addresses, section 4.6.2 ends with the first match. pyspf looks
        # up every host of an mx term beforehand, so that one which does not answer hides a host that matches.
        lazy = any("mx" in term for terms in written for term in terms)
        return lazy and ours.result in ("pass", "fail", "softfail", "neutral")
    if theirs != "permerror":
        return False
    return (
        # Section 4.6.4 limits the *terms* whose queries find nothing; pyspf counts the queries, so that one mx with
        # three dead hosts, or one ptr with three, is over its limit.
        ("Void lookup limit" in text and ours.void_lookups <= 2)
        # Section 4.6.2: evaluation ends with the first match. pyspf looks for an include of the record's own domain
        # beforehand, also behind a term that matches.
        or "trivial recursion" in text
        # Section 6: unknown modifiers are ignored "no matter where, or how often, they appear"; pyspf refuses a second.
        or any(sum(term.startswith("moo=") for term in terms) > 1 for terms in written)
    )


@settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(zone=zones, record=records, ip=st.sampled_from(CLIENTS))
def test_results_agree_with_pyspf(zone: Zone, record: str, ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    zone = {**zone, "a.example": {**zone["a.example"], "TXT": [record]}}
    ours = check_host(ip, "a@a.example", "h.example", ZoneResolver(zone))
    theirs, text = _theirs(zone, ip, monkeypatch)
    assert ours.result == theirs or _explained(zone, ours, theirs, text), (ours, theirs, text)


@given(record=st.text(max_size=80).map("v=spf1 ".__add__) | records, explanation=st.text(max_size=40))
def test_no_record_breaks_the_evaluation(record: str, explanation: str) -> None:
    zone: Zone = {"a.example": {"TXT": [record], "A": ["192.0.2.9"]}, "b.example": {"TXT": [explanation]}}
    assert check_host("192.0.2.1", "a@a.example", "h.example", ZoneResolver(zone)).result

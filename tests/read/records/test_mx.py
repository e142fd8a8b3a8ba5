"""MX: each rule passing, failing and not looked at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Completed, DnsAnswer, Failed, MxTarget, NotRun, Outcome, Reason, ReverseLook
from auditor.read.records.mx import is_private, parse_mx, read_mx
from auditor.read.records.problems import Problem

Addresses = Outcome[tuple[str, ...]]
GOOD: Addresses = Completed(("203.0.113.5", "2001:db8::5"))
NONE: Addresses = Failed(Reason.DNS_NODATA)
GONE: Addresses = Failed(Reason.DNS_NXDOMAIN)
TIMEOUT: Addresses = Failed(Reason.DNS_TIMEOUT)
SERVFAIL: Addresses = Failed(Reason.DNS_SERVFAIL)
DOWN: Addresses = NotRun(Reason.RESOLVER_DOWN)
NULL = MxTarget(".", 0, NotRun(Reason.OUT_OF_SCOPE))


def target(addresses: Addresses, host: str = "mail.tinh.example", *, alias: bool = False) -> MxTarget:
    return MxTarget(host, 10, addresses, alias)


@pytest.mark.parametrize(
    ("targets", "state", "problems", "reason"),
    [
        pytest.param((target(GOOD),), "valid", (), None, id="5321-5.1"),
        pytest.param((NULL,), "null", (Problem.MX_NULL,), None, id="7505-3"),
        pytest.param((NULL, target(GOOD)), "valid", (Problem.MX_NULL_WITH_OTHERS,), None, id="7505-3-with-others"),
        pytest.param((target(GOOD, alias=True),), "valid", (Problem.MX_TARGET_ALIAS,), None, id="2181-10.3"),
        pytest.param((target(NONE),), "invalid", (Problem.MX_TARGET_UNRESOLVED,), Reason.DNS_NODATA, id="no-address"),
        pytest.param((target(GONE),), "invalid", (Problem.MX_TARGET_UNRESOLVED,), Reason.DNS_NXDOMAIN, id="no-name"),
        pytest.param(
            (target(GOOD), target(GONE, "b.x")),
            "valid",
            (Problem.MX_TARGET_UNRESOLVED,),
            Reason.DNS_NXDOMAIN,
            id="one-gone",
        ),
        pytest.param(
            (target(TIMEOUT),), "unverifiable", (Problem.MX_TARGET_UNCHECKED,), Reason.DNS_TIMEOUT, id="time-out"
        ),
        pytest.param(
            (target(SERVFAIL),), "unverifiable", (Problem.MX_TARGET_UNCHECKED,), Reason.DNS_SERVFAIL, id="servfail"
        ),
        pytest.param(
            (target(GONE), target(DOWN, "b.x")),
            "unverifiable",
            (Problem.MX_TARGET_UNRESOLVED, Problem.MX_TARGET_UNCHECKED),
            Reason.RESOLVER_DOWN,
            id="gone-and-unknown",
        ),
        pytest.param(
            (target(GOOD), target(TIMEOUT, "b.x")), "valid", (Problem.MX_TARGET_UNCHECKED,), None, id="one-unknown"
        ),
        pytest.param(
            (target(Completed(("10.0.0.1",))),), "invalid", (Problem.MX_PRIVATE_ADDRESS,), None, id="6890-private"
        ),
        pytest.param(
            (target(Completed(("10.0.0.1", "203.0.113.5"))),),
            "valid",
            (Problem.MX_PRIVATE_ADDRESS,),
            None,
            id="6890-mixed",
        ),
        pytest.param(
            (target(GONE, "203.0.113.5"),),
            "invalid",
            (Problem.MX_TARGET_IS_ADDRESS,),
            Reason.DNS_NXDOMAIN,
            id="5321-5.1-address",
        ),
        pytest.param((), "invalid", (Problem.MX_UNREADABLE,), None, id="unreadable"),
    ],
)
def test_records(
    targets: tuple[MxTarget, ...], state: str, problems: tuple[Problem, ...], reason: Reason | None
) -> None:
    facts = read_mx(Completed(targets), GOOD)
    assert (facts.state, facts.problems, facts.reason) == (state, problems, reason)


@pytest.mark.parametrize(
    ("mx", "address", "state", "reason"),
    [
        pytest.param(NONE, GOOD, "implicit", Reason.DNS_NODATA, id="5321-5.1-implicit"),
        pytest.param(NONE, NONE, "none", Reason.DNS_NODATA, id="no-mx-no-address"),
        pytest.param(GONE, GONE, "none", Reason.DNS_NXDOMAIN, id="no-name"),
        pytest.param(NONE, TIMEOUT, "unverifiable", Reason.DNS_TIMEOUT, id="address-unknown"),
        pytest.param(TIMEOUT, GOOD, "unverifiable", Reason.DNS_TIMEOUT, id="time-out"),
        pytest.param(SERVFAIL, GOOD, "unverifiable", Reason.DNS_SERVFAIL, id="servfail"),
        pytest.param(DOWN, DOWN, "unverifiable", Reason.RESOLVER_DOWN, id="resolver-down"),
    ],
)
def test_without_records(mx: Failed | NotRun, address: Addresses, state: str, reason: Reason) -> None:
    facts = read_mx(mx, address)
    assert (facts.state, facts.reason) == (state, reason)


def test_targets_are_listed_by_preference() -> None:
    facts = read_mx(Completed((MxTarget("b.x", 20, TIMEOUT), MxTarget("a.x", 5, GOOD))), NONE)
    assert facts.targets == ((5, "a.x", ("203.0.113.5", "2001:db8::5")), (20, "b.x", ()))


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("10 Mail.Example.VN.", (10, "mail.example.vn")),
        ("0 .", (0, ".")),
        ("mail.x", None),
        ("x y", None),
        ("10 a b", None),
        ("70000 a.x", None),
        ("", None),
    ],
)
def test_record_text(text: str, record: tuple[int, str] | None) -> None:
    assert parse_mx(text) == record


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "169.254.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
    ],
)
def test_private_addresses(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2606:4700::1", "203.0.113.5", "nonsense"])
def test_other_addresses(address: str) -> None:
    assert not is_private(address)


@given(st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    parse_mx(text)
    parse_mx("10 " + text)
    is_private(text)


def reverse(name: Outcome[DnsAnswer], back: Outcome[tuple[str, ...]] | None = None) -> MxTarget:
    return MxTarget(
        "mail.tinh.example", 10, Completed(("203.0.113.5",)), False, (ReverseLook("203.0.113.5", name, back),)
    )


NAMED: Outcome[DnsAnswer] = Completed(DnsAnswer("5.113.0.203.in-addr.arpa", "PTR", ("mail.tinh.example.",)))


@pytest.mark.parametrize(
    ("seen", "problems"),
    [
        pytest.param(reverse(NAMED, Completed(("203.0.113.5",))), (), id="1912-2.1-confirmed"),
        pytest.param(reverse(NAMED, Completed(("203.0.113.9",))), (Problem.MX_PTR_UNCONFIRMED,), id="1912-2.1-another"),
        pytest.param(reverse(Failed(Reason.DNS_NXDOMAIN)), (Problem.MX_NO_PTR,), id="1912-2.1-no-name"),
        pytest.param(reverse(Failed(Reason.DNS_TIMEOUT)), (), id="time-out"),
        pytest.param(reverse(NAMED, Failed(Reason.DNS_SERVFAIL)), (), id="name-not-seen"),
    ],
)
def test_a_servers_address_and_its_name_confirm_each_other(seen: MxTarget, problems: tuple[Problem, ...]) -> None:
    facts = read_mx(Completed((seen,)), NONE)
    assert (facts.state, facts.problems) == ("valid", problems)


@pytest.mark.parametrize(
    ("wildcard", "problems"),
    [
        (Completed(DnsAnswer("x.tinh.example", "MX", ("10 mail.tinh.example.",))), (Problem.MX_WILDCARD,)),
        (Failed(Reason.DNS_NXDOMAIN), ()),
        (Failed(Reason.DNS_TIMEOUT), ()),
        (None, ()),
    ],
)
def test_mx_for_every_name_is_noted(wildcard: Outcome[DnsAnswer] | None, problems: tuple[Problem, ...]) -> None:
    assert read_mx(Completed((target(GOOD),)), NONE, wildcard).problems == problems

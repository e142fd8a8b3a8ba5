"""The callable forms: what docs/api.md shows is what happens, with every kind of resolver, inside and outside of a loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.resolver
import pytest

from auditor.api import (
    SpfResult,
    ZoneResolver,
    check_host,
    check_host_async,
    discover_policy,
    discover_policy_async,
)
from auditor.model import Completed, DnsAnswer, Failed, Outcome, Reason

DOC = Path(__file__).parent.parent / "docs/api.md"
ZONE = ZoneResolver(
    {
        "a.example": {"TXT": ["v=spf1 a -all"], "A": ["192.0.2.1"]},
        "_dmarc.a.example": {"TXT": ["v=DMARC1; p=reject"]},
        "slow.example": "TIMEOUT",
    }
)


class Asynchronous:
    async def lookup(self, name: str, rdtype: str) -> Sequence[str | Sequence[str]] | None:
        await asyncio.sleep(0)
        return ZONE.lookup(name, rdtype)


class Engine:
    async def lookup(self, name: str, rdtype: str) -> Outcome[DnsAnswer]:
        found = await Asynchronous().lookup(name, rdtype)
        if not found:
            return Failed(Reason.DNS_NXDOMAIN if found is None else Reason.DNS_NODATA)
        return Completed(DnsAnswer(name, rdtype, tuple(map(str, found))))


RESOLVERS = [
    pytest.param(ZONE, id="synchronous"),
    pytest.param(ZONE.lookup, id="function"),
    pytest.param(Asynchronous(), id="asynchronous"),
    pytest.param(Engine(), id="outcomes"),
]


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL))
def test_the_examples_of_the_document_run(block: str) -> None:
    exec(compile(block, str(DOC), "exec"), {})


@pytest.mark.parametrize("resolver", RESOLVERS)
def test_every_kind_of_resolver(resolver: object) -> None:
    result, explanation = check_host("192.0.2.1", "x@a.example", "h.example", resolver)
    assert (result, explanation) == ("pass", "") and result is SpfResult.PASS
    location, policy, queries = discover_policy("a.example", resolver)
    assert (location, policy, queries) == ("_dmarc.a.example", "reject", ("_dmarc.a.example",))


def test_calls_from_within_a_running_loop() -> None:
    async def inside() -> None:
        assert check_host("192.0.2.1", "x@a.example", "h.example", ZONE).result == "pass"
        assert (await check_host_async("192.0.2.9", "x@a.example", "h.example", ZONE)).result == "fail"
        assert (await discover_policy_async("a.example", ZONE)).effective_policy == "reject"

    asyncio.run(inside())


@pytest.mark.parametrize("trouble", [TimeoutError(), ConnectionRefusedError(), Failed(Reason.DNS_SERVFAIL)])
def test_no_answer_is_temperror_and_no_policy(trouble: OSError | Failed) -> None:
    def lookup(name: str, rdtype: str) -> Failed:
        if isinstance(trouble, OSError):
            raise trouble
        return trouble

    assert check_host("192.0.2.1", "x@a.example", "h", lookup).result == "temperror"
    assert discover_policy("a.example", lookup).facts.state == "unverifiable"


@pytest.mark.parametrize(
    ("error", "result", "state"),
    [
        (dns.resolver.NXDOMAIN(), "none", "none"),
        (dns.resolver.NoAnswer(response=dns.message.Message()), "none", "none"),
        (dns.exception.Timeout(), "temperror", "unverifiable"),
        (dns.resolver.NoNameservers(), "temperror", "unverifiable"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_exceptions_of_dnspython(error: Exception, result: str, state: str) -> None:
    def lookup(name: str, rdtype: str) -> None:
        raise error

    assert check_host("192.0.2.1", "x@a.example", "h", lookup).result == result
    assert discover_policy("a.example", lookup).facts.state == state


@pytest.mark.parametrize("below", ["a" * 64, "a.", ".".join(["a" * 60] * 4)], ids=["label", "empty label", "length"])
def test_what_can_be_no_name_does_not_exist_and_is_not_asked_rfc_1035_2_3_4(below: str) -> None:
    def lookup(name: str, rdtype: str) -> list[str] | None:
        dns.name.from_text(name)  # what dnspython does first: it raises for such a name
        return ["v=DMARC1; p=reject; sp=none; np=quarantine"] if name == "_dmarc.a.example" else None

    found = discover_policy(f"{below}.a.example", lookup)
    assert (found.location, found.effective_policy) == ("_dmarc.a.example", "quarantine")
    assert found.queries[0] == f"_dmarc.{below}.a.example"


def test_the_default_explanation_stands_in_for_a_fail_only() -> None:
    assert check_host("192.0.2.9", "x@a.example", "h", ZONE, default_explanation="no").explanation == "no"
    assert check_host("192.0.2.1", "x@a.example", "h", ZONE, default_explanation="no").explanation == ""


def test_an_address_that_is_none_is_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="address"):
        check_host("192.0.2", "x@a.example", "h", ZONE)


@pytest.mark.parametrize("domain", ["", ".", "a..example", "é" * 70, "\0.example", "-", "a" * 300])
def test_odd_domains_have_no_policy(domain: str) -> None:
    assert discover_policy(domain, ZONE).effective_policy == ""
    assert check_host("192.0.2.1", f"x@{domain}", "h", ZONE).result == "none"

"""Whether mail can be forged in the web host's name: information, never a failure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model import Completed, Failed, HostMailFacts, NotRun, Outcome, Reason, Verdict
from tests.factories import HOST, NOW, judge, make_facts, make_host


@pytest.mark.parametrize(
    ("seen", "verdict", "key"),
    [
        ({"policy": "reject"}, Verdict.PASS, "enforced"),
        ({"policy": "quarantine", "reason": Reason.DNS_TIMEOUT}, Verdict.PASS, "enforced"),
        ({"policy": "none", "sends_nothing": True}, Verdict.PARTIAL, "sends_nothing"),
        ({"null_mx": True}, Verdict.PARTIAL, "sends_nothing"),
        ({"policy": "none"}, Verdict.PARTIAL, "open"),
        ({}, Verdict.PARTIAL, "open"),
        ({"reason": Reason.DNS_TIMEOUT}, Verdict.UNVERIFIED, "unverified"),
        ({"sends_nothing": True, "reason": Reason.RESOLVER_DOWN}, Verdict.UNVERIFIED, "unverified"),
    ],
)
def test_web_host(seen: dict[str, Any], verdict: Verdict, key: str) -> None:
    finding = judge("g.web_host", make_facts(host_mail=HostMailFacts(HOST, NOW, **seen)))
    assert (finding.verdict, finding.seen_key, finding.max) == (verdict, f"web_host.{key}", 0)
    assert HOST in finding.seen and "{" not in finding.seen


@pytest.mark.parametrize(
    ("addresses", "verdict"),
    [
        (Completed(("203.0.113.1",)), Verdict.NOT_APPLICABLE),
        (NotRun(Reason.OVERRIDDEN), Verdict.NOT_APPLICABLE),
        (Failed(Reason.DNS_NXDOMAIN), Verdict.NOT_APPLICABLE),
        (Failed(Reason.DNS_TIMEOUT), Verdict.UNVERIFIED),
        (NotRun(Reason.RESOLVER_DOWN), Verdict.UNVERIFIED),
    ],
)
def test_a_host_that_was_not_looked_at(addresses: Outcome[tuple[str, ...]], verdict: Verdict) -> None:
    facts = make_facts(host_mail=None, host=replace(make_host(), addresses=addresses))
    assert judge("g.web_host", facts).verdict is verdict
    assert judge("g.web_host", make_facts(host_mail=None, host=None)).verdict is Verdict.NOT_APPLICABLE

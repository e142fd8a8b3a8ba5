"""Looks for an MTA-STS policy: the record that announces it, and the policy file under rules of its own (RFC 8461)."""

from __future__ import annotations

from dataclasses import replace

from auditor.gather.mail.lookups import Lookups, WebHosts
from auditor.model import Completed, DnsAnswer, Look, LookKind, NotRun, Outcome, Reason
from auditor.read.records.mta_sts import MAX_POLICY, PREFIX, announced, policy_url
from auditor.read.records.outcomes import texts


async def look_at_mta_sts(
    domain: str, resolver: Lookups, hosts: WebHosts | None, *, attempt: int = 1
) -> tuple[Outcome[DnsAnswer], Outcome[Look]]:
    """The answer for the record, and the policy if exactly one record announces one.

    Section 3.3: only at its well-known place, redirects not followed, the certificate valid for that name. The file
    is made for programs, so robots.txt says nothing about it.
    """
    record = await resolver.lookup(PREFIX + domain, "TXT")
    if len(announced(texts(record))) != 1:
        return record, NotRun(Reason.OUT_OF_SCOPE, "no policy is announced")
    if hosts is None:
        return record, NotRun(Reason.NOT_CONFIGURED)
    look = await hosts.fetch(
        policy_url(domain),
        LookKind.FILE,
        attempt=attempt,
        max_bytes=MAX_POLICY,
        respect_robots=False,
        fresh=attempt > 1,
        follow=False,
    )
    return record, Completed(replace(look, body=look.body[:MAX_POLICY]))

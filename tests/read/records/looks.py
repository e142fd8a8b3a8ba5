"""Outcomes of look-ups, written short, for the tests of the record readers."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model import Completed, DnsAnswer, Failed, NotRun, Outcome, Reason

NXDOMAIN: Outcome[DnsAnswer] = Failed(Reason.DNS_NXDOMAIN)
NODATA: Outcome[DnsAnswer] = Failed(Reason.DNS_NODATA)
TIMEOUT: Outcome[DnsAnswer] = Failed(Reason.DNS_TIMEOUT)
SERVFAIL: Outcome[DnsAnswer] = Failed(Reason.DNS_SERVFAIL)
DOWN: Outcome[DnsAnswer] = NotRun(Reason.RESOLVER_DOWN)


def txt(*records: str) -> Outcome[DnsAnswer]:
    return Completed(DnsAnswer("", "TXT", records))


def tree(**domains: str) -> Mapping[str, Outcome[DnsAnswer]]:
    """`a_example=...` is the TXT record of a.example."""
    return {name.replace("_", "."): txt(text) for name, text in domains.items()}

"""Whether mail in a web host's name would be recognised as forged: its SPF record, its MX, the DMARC policy it has or
inherits (RFC 7208, RFC 7505, RFC 9989)."""

from __future__ import annotations

from datetime import datetime

from auditor.model import DnsAnswer, HostMail, HostMailFacts, Outcome, Reason
from auditor.read.records.dmarc import read_dmarc
from auditor.read.records.mx import parse_mx
from auditor.read.records.outcomes import absence, blindness, texts
from auditor.read.records.spf_syntax import SpfError, parse_spf, spf_records


def read_name(seen: HostMail, looked_at: datetime) -> HostMailFacts:
    """The facts of one name. Of one that does not exist (RFC 8020) np is what it inherits."""
    exists = absence(seen.txt) is not Reason.DNS_NXDOMAIN
    dmarc = read_dmarc(seen.name, seen.dmarc, domain_exists=exists)
    return HostMailFacts(
        host=seen.name,
        looked_at=looked_at,
        sends_nothing=_closed(texts(seen.txt)),
        null_mx=any((parse_mx(text) or (0, ""))[1] == "." for text in texts(seen.mx)),
        policy=dmarc.effective_policy,
        location=dmarc.location,
        record=dmarc.record,
        reason=_reason(dmarc.reason if dmarc.state == "unverifiable" else None, seen.txt, seen.mx),
    )


def _closed(records: tuple[str, ...]) -> bool:
    """True for one SPF record that lets nobody send: `v=spf1 -all`."""
    found = spf_records(records)
    if len(found) != 1:
        return False
    try:
        record = parse_spf(found[0])
    except SpfError:
        return False
    return record.all is not None and record.all.qualifier == "-" and not record.evaluated


def _reason(policy: Reason | None, *looks: Outcome[DnsAnswer]) -> Reason | None:
    return policy or next((reason for look in looks if (reason := blindness(look))), None)

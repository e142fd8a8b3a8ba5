"""SRV records by which mail programs find servers: RFC 6186, RFC 8314 section 5.1, and Microsoft's autodiscover."""

from __future__ import annotations

from auditor.model import DnsAnswer, Outcome, ServiceFacts
from auditor.read.records.outcomes import absence, blindness, texts

SERVICES = ("_autodiscover._tcp", "_submissions._tcp", "_imaps._tcp")


def parse_srv(text: str) -> tuple[int, int, int, str] | None:
    """`"0 1 465 mail.example.vn."` as (priority, weight, port, host; "." for "not offered"); None if it is none."""
    fields = text.split()
    numbers = fields[:3]
    if len(fields) != 4 or not all(f.isascii() and f.isdigit() and len(f) <= 5 for f in numbers):
        return None
    priority, weight, port = map(int, numbers)
    if max(priority, weight, port) > 65535:
        return None
    return priority, weight, port, fields[3].lower().rstrip(".") or "."


def read_service(name: str, outcome: Outcome[DnsAnswer]) -> ServiceFacts:
    """One service's records. A single target "." says that the service is not offered (RFC 6186 section 3.4)."""
    if blind := blindness(outcome):
        return ServiceFacts(name, "unverifiable", reason=blind)
    if gone := absence(outcome):
        return ServiceFacts(name, "none", reason=gone)
    parsed = sorted([record for text in texts(outcome) if (record := parse_srv(text))])
    if not parsed:
        return ServiceFacts(name, "invalid")
    if all(host == "." for *_, host in parsed):
        return ServiceFacts(name, "not_offered")
    return ServiceFacts(name, "offered", tuple(f"{host}:{port}" for *_, port, host in parsed if host != "."))

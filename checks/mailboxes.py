"""Item g: what the agency publishes beside what the operator's register of mailboxes says. Information, no points."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from auditor.model import (
    AddressClass,
    AddressFact,
    AgencyFacts,
    Criterion,
    EvidenceRef,
    Finding,
    MailboxRegister,
    RegisteredMailbox,
    Verdict,
    check,
)
from checks.addresses import unread_addresses
from checks.site_state import unreadable


@check("g.mailbox_register")
def mailbox_register(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Published but not in the register, an office's and not published, not used. Người dùng hộp thư không nêu tên.

    Only offices' mailboxes are named; of people's there are counts. Days without use end on the register's own day.
    """
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    register = facts.register
    if register is None:
        return rule.finding(
            Verdict.NOT_APPLICABLE,
            "register.not_imported",
            patterns=_patterns((fact.address for fact in facts.site.addresses if _official(fact)), facts, rule),
        )
    own = register.belonging_to(facts.agency.code)
    unknown = _unknown(facts, register)
    doubt = unread_addresses(facts, rule) is not None or facts.site.budget_spent
    parts = _differences(unknown, () if doubt else _unpublished(facts, own), _unused(own, register, rule), rule)
    fields: dict[str, Any] = {
        "day": f"{register.recorded_on:%d/%m/%Y}",
        "count": len(own),
        "patterns": _patterns((box.address for box in own), facts, rule),
    }
    if parts:
        evidence = [_evidence(fact, facts) for fact in unknown[: rule.parameters["shown"]] if fact.places]
        return rule.finding(Verdict.PARTIAL, "register.differs", evidence=evidence, parts=" ".join(parts), **fields)
    if not own:
        return rule.finding(Verdict.NOT_APPLICABLE, "register.no_mailbox", **fields)
    if doubt:
        return rule.finding(Verdict.UNVERIFIED, "register.unread", **fields)
    return rule.finding(Verdict.PASS, "register.agrees", **fields)


def _unknown(facts: AgencyFacts, register: MailboxRegister) -> list[AddressFact]:
    """Contact addresses under a domain that the register covers, and not in it, whoever's."""
    return [
        fact
        for fact in facts.site.addresses
        if fact.agency_contact and register.covers(fact.address) and not register.has(fact.address)
    ]


def _unpublished(facts: AgencyFacts, own: Iterable[RegisteredMailbox]) -> list[RegisteredMailbox]:
    """Offices' mailboxes that stand on no page that was read, nobody's article included."""
    seen = {fact.address.lower() for fact in facts.site.addresses}
    return [box for box in own if box.office and box.address not in seen]


def _unused(own: Iterable[RegisteredMailbox], register: MailboxRegister, rule: Criterion) -> list[RegisteredMailbox]:
    """Mailboxes that the register calls never used, or last used too long ago. Where it says nothing: not unused."""
    limit = rule.parameters["unused_days"]
    return [box for box in own if box.never_used or (box.idle_days(register.recorded_on) or 0) > limit]


def _differences(
    unknown: Sequence[AddressFact],
    unpublished: Sequence[RegisteredMailbox],
    unused: Sequence[RegisteredMailbox],
    rule: Criterion,
) -> list[str]:
    shown, days = rule.parameters["shown"], rule.parameters["unused_days"]
    offices = [box.address for box in unused if box.office]
    persons = len(unused) - len(offices)
    lists = {
        "register.unknown": [fact.address for fact in unknown],
        "register.unpublished": [box.address for box in unpublished],
        "register.unused_offices": offices,
    }
    said = [
        rule.say(key, count=len(named), addresses=_some(named, shown), days=days)
        for key, named in lists.items()
        if named
    ]
    return [*said, rule.say("register.unused_persons", count=persons, days=days)] if persons else said


def _some(addresses: Sequence[str], shown: int) -> str:
    return ", ".join(addresses[:shown]) + (", …" if len(addresses) > shown else "")


def _official(fact: AddressFact) -> bool:
    return fact.class_ in (AddressClass.OFFICIAL, AddressClass.SUBDOMAIN)


def _patterns(addresses: Iterable[str], facts: AgencyFacts, rule: Criterion) -> str:
    """How names are made, most frequent first: "tên.mã" for vanphong.stttt. Information for whoever keeps the rule."""
    counts = Counter(_shape(text.lower().partition("@")[0], facts.agency.code, rule) for text in addresses)
    if not counts:
        return ""
    named = [
        rule.say("register.pattern", shape=shape, count=count)
        for shape, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[: rule.parameters["shown"]]
    ]
    return rule.say("register.patterns", patterns=", ".join(named))


def _shape(local: str, code: str, rule: Criterion) -> str:
    """The local part with the agency's code, other words and numbers replaced by their kinds."""

    def kind(match: re.Match[str]) -> str:
        word = match[0]
        name = "code" if word == code else "number" if word.isdigit() else "word"
        return rule.say(f"register.shape.{name}")

    return re.sub(rf"(?<![^\W_]){re.escape(code)}(?![^\W_])|\d+|[^\W\d_]+", kind, local)


def _evidence(fact: AddressFact, facts: AgencyFacts) -> EvidenceRef:
    place = fact.places[0]
    return EvidenceRef(place.url, facts.site.looked_at, f"{fact.address}: {place.excerpt}")

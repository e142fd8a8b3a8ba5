"""Stored evidence, read and judged again under today's readers and rules. Writes a new version, overwrites none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from auditor.audit import judge_evidence
from auditor.model import AgencyAudit, Calendar, Change, MailboxRegister
from auditor.nightly import settled
from auditor.read.words import Vocabulary
from auditor.report_import import facts_of
from auditor.rulebook import Rulebook
from auditor.store import Store, changes


@dataclass(frozen=True, slots=True)
class Rules:
    """By what is read and judged. `profile` None: the law profile that the stored audit asked for."""

    rulebook: Rulebook
    vocabulary: Vocabulary
    calendar: Calendar
    profile: str | None = None
    register: MailboxRegister | None = None  # today's: earlier ones are not kept
    report_days: int = 30


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One audit's new version, and what is judged differently from the version before it."""

    audit_id: int
    audit: AgencyAudit
    differs: tuple[Change, ...]
    from_facts: bool  # bodies were pruned: the stored facts were judged


def choose(store: Store, code: str, as_of: date | None) -> int | None:
    """The audit to judge again: that of the night `as_of`, or without one the newest. None if there is none."""
    return store.latest_audit_id(code) if as_of is None else store.audit_id(code, as_of)


def rejudge(store: Store, run_id: int, audit_id: int, rules: Rules) -> Rejudged:
    """Judge one stored audit again, as of its own night, and save the result as that night's next version.

    Raises KeyError if there is no such audit, StoreError if it cannot be written.
    """
    old = store.load_audit(audit_id)
    if old is None:
        raise KeyError(audit_id)
    judged = judge_evidence(
        old,
        old.evidence,
        rulebook=rules.rulebook,
        vocabulary=rules.vocabulary,
        calendar=rules.calendar,
        profile=rules.profile or old.ruleset.requested,
        as_of=old.as_of,
        history=store.history_for(old.agency.code, old.as_of),
        register=rules.register,
        reports=facts_of(store, [old.mail.domain] if old.mail else [], old.as_of, rules.report_days),
    )
    audit = settled(judged, store, rules.rulebook)
    number = store.save_audit(run_id, audit, rejudged_from=audit_id)
    return Rejudged(number, audit, changes(audit, old), audit.site.reread_from == "facts")

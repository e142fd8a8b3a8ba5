"""One agency's audit as one self-contained page in Vietnamese: for the screen, for 400 px, for A4."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from auditor.model import MEASURED, OUR_SIDE, AddressClass, Agency, AgencyAudit, Finding, SiteFacts, Verdict
from reports.text import Wording, ascii_slug, clean, dmy, environment, local

#: The page must stay small enough to travel as an attachment; lists are cut further, level by level, if it does not.
MAX_BYTES = 300_000

_GROUP_ORDER = ("content", "freshness", "access", "functions", "standards", "quality", "deadline", "person", "other")
_VERDICT_ORDER = (
    Verdict.FAIL, Verdict.PARTIAL, Verdict.PASS, Verdict.UNVERIFIED, Verdict.NEEDS_PERSON, Verdict.NOT_APPLICABLE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the hostile, unbounded part of a finding is printed: list lengths, and characters of text and URL."""

    evidence: int
    looked_at: int
    rejected: int
    text: int
    url: int


_LEVELS = (Bounds(3, 15, 8, 900, 200), Bounds(3, 8, 4, 500, 160), Bounds(2, 3, 2, 300, 120), Bounds(1, 0, 0, 200, 100))


@dataclass(frozen=True, slots=True)
class Group:
    """The lines under one heading. `earned` and `measurable` are tenths and always the sum of the lines shown."""

    key: str
    findings: tuple[Finding, ...]
    earned: int = field(init=False)
    measurable: int = field(init=False)

    def __post_init__(self) -> None:
        measured = [f for f in self.findings if f.verdict in MEASURED and f.counts]
        object.__setattr__(self, "earned", sum(f.points for f in measured))
        object.__setattr__(self, "measurable", sum(f.max for f in measured))


def group_of(finding: Finding) -> str:
    """The heading a finding of item f belongs under: the second part of its id ("f.content.procedures")."""
    part = finding.id.split(".")[1] if finding.id.count(".") else "other"
    return part if part in _GROUP_ORDER else "other"


def groups_of(findings: Sequence[Finding]) -> tuple[Group, ...]:
    """The findings of item f under their headings, in the order of the card; empty headings are left out."""
    by_key = {key: tuple(f for f in findings if group_of(f) == key) for key in _GROUP_ORDER}
    return tuple(Group(key, members) for key, members in by_key.items() if members)


def validity(agency: Agency, audit: AgencyAudit, names: Mapping[str, str]) -> tuple[str, str]:
    """("", "") for an agency in force; else (first day out of force as dd/mm/yyyy, names of its successors or "")."""
    if agency.valid_to is None or audit.as_of <= agency.valid_to:
        return "", ""
    successors = ", ".join(names.get(code, code) for code in agency.successors)
    return dmy(agency.valid_to + timedelta(days=1)), successors


def site_sentence(site: SiteFacts, wording: Wording) -> str:
    """What became of the site as a whole, in one sentence of the rulebook's messages."""
    state = str(site.state)
    waiting = not site.state_confirmed and site.state_reason not in OUR_SIDE  # our own trouble waits for nothing
    if waiting and wording.has(f"site.{state}_unconfirmed"):
        state += "_unconfirmed"
    reason = wording.word(f"reason.{site.state_reason}") if site.state_reason else ""
    # A page's words go in as plain characters: clean() keeps them on one line, Jinja2 escapes the whole sentence.
    return wording.word(f"site.{state}", detail=clean(site.state_detail, 200), reason_text=reason)


def card_filename(code: str, as_of: date) -> str:
    """The name of a card's file: "<code>-<yyyy-mm-dd>.html", in ASCII letters, digits, "-" and "_"."""
    return f"{ascii_slug(code) or 'co-quan'}-{as_of.isoformat()}.html"


def render_scorecard(
    audit: AgencyAudit,
    messages: Mapping[str, str],
    *,
    objection_contact: str = "",
    department: str = "",
    notes: Sequence[str] = (),
    agency_names: Mapping[str, str] | None = None,
    grade_words: Mapping[str, str] | None = None,
) -> str:
    """The card of one audit as one HTML page without script or external resource, under MAX_BYTES.

    `messages` are the rulebook's texts. `objection_contact` says where to object, `department` who sends the card,
    `notes` are extra lines for the method paragraph, `agency_names` names successors by code, `grade_words` words the
    grades ("A" -> "Tốt", from the rulebook's scoring).
    """
    context = _context(audit, Wording(messages), agency_names or {})
    context |= {"objection_contact": objection_contact, "department": department, "notes": tuple(notes)}
    context["grade_words"] = grade_words or {}
    template = environment().get_template("scorecard.html.j2")
    page = ""
    for bounds in _LEVELS:
        page = template.render(context, bounds=bounds)
        if len(page.encode("utf-8")) <= MAX_BYTES:
            break
    return page


def _context(audit: AgencyAudit, wording: Wording, names: Mapping[str, str]) -> dict[str, object]:
    findings = audit.findings
    by_id = {finding.id: finding for finding in findings}
    invalid_from, successors = validity(audit.agency, audit, names)
    own = tuple(f for f in findings if f.item != "mail")
    return {
        "audit": audit,
        "agency": audit.agency,
        "scores": audit.scores,
        "word": wording.word,
        "has_word": wording.has,
        "Verdict": Verdict,
        "anchors": {finding.id: f"tc-{number}" for number, finding in enumerate(findings, start=1)},
        "groups": groups_of([f for f in findings if f.item == "f"]),
        "f_sum": Group("f", tuple(f for f in findings if f.item == "f")),
        "g": Group("g", tuple(f for f in findings if f.item == "g")),
        "mail": Group("mail", tuple(f for f in findings if f.item == "mail" and not f.is_silent)),
        "counts": [(v, sum(f.verdict is v for f in own)) for v in _VERDICT_ORDER if any(f.verdict is v for f in own)],
        "first": [by_id[i] for i in audit.scores.first_things if i in by_id][:3],
        "unverified": _by_cause(findings),
        "shown": _without(_private_addresses(audit), wording.word("private.mask")),
        "private": _private_addresses(audit),
        "official_domains": _official_domains(audit),
        "mail_todo": [f for f in findings if f.item == "mail" and f.verdict in (Verdict.FAIL, Verdict.PARTIAL)],
        "read_on": local(audit.site.looked_at).date() if audit.site.looked_at else audit.as_of,
        "needs_person": [f for f in findings if f.verdict is Verdict.NEEDS_PERSON],
        "by_person": [f for f in findings if f.by_person],
        "basis_notes": list(dict.fromkeys(note for f in findings for note in f.basis_notes))[:6],
        "site_sentence": site_sentence(audit.site, wording),
        "invalid_from": invalid_from,
        "successors": successors,
        "rules_differ": audit.previous_ruleset is not None and audit.previous_ruleset != audit.ruleset.version,
    }


def _official_domains(audit: AgencyAudit) -> list[str]:
    """The mail domains that counted as official on the audit's date, each once."""
    uses = [use.domain for use in audit.agency.accepted_mail_domains if use.valid_on(audit.as_of)]
    return list(dict.fromkeys(name for name in (audit.agency.mail_domain, *uses) if name))


def _private_addresses(audit: AgencyAudit) -> list[str]:
    """Free mailboxes that nobody gives as the agency's contact: citizens' own. A card never repeats them."""
    classes = (AddressClass.FREE, AddressClass.ISP)
    return [a.address for a in audit.site.addresses if a.class_ in classes and not a.agency_contact]


def _without(addresses: Sequence[str], mask: str) -> Callable[[str], str]:
    """What prints a page's words with `addresses` masked."""
    longest_first = sorted(addresses, key=len, reverse=True)
    wanted = re.compile("|".join(re.escape(address) for address in longest_first) or "(?!)", re.IGNORECASE)
    return lambda text: wanted.sub(mask, text)


def _by_cause(findings: Sequence[Finding]) -> list[tuple[str, str | None, list[Finding]]]:
    """The unverified lines, those with the same words and reason together: (what was seen, reason, lines)."""
    causes: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        if finding.verdict is Verdict.UNVERIFIED:
            causes.setdefault((finding.seen, finding.reason), []).append(finding)
    return [(seen, reason, lines) for (seen, reason), lines in causes.items()]

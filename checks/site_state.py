"""What the state of the whole site says before any section is judged: nothing to judge, or no site at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from auditor.model import (
    OUR_SIDE,
    AgencyFacts,
    Criterion,
    EvidenceRef,
    Finding,
    SiteFacts,
    SiteState,
    Verdict,
    fold_host,
)

READABLE = frozenset({SiteState.OK, SiteState.SPLASH})

#: Three nights running: tonight and this many before it
EARLIER_NIGHTS = 2


def unreadable(facts: AgencyFacts, rule: Criterion) -> Finding | None:
    """The finding of a criterion that reads pages, when there are none to read; None if the site was read.

    No site at all fails every scored criterion of item f; any other state leaves the criterion unverified.
    """
    return no_site(facts, rule) or (None if facts.site.state in READABLE else not_judged(facts, rule))


def no_site(facts: AgencyFacts, rule: Criterion) -> Finding | None:
    """Không có trang: the sentence that fails every scored criterion of item f, or None."""
    why = gone_because(facts)
    if why is None or rule.item != "f" or rule.points == 0:
        return None
    nights = {
        "unreachable": facts.history.nights_unreachable + 1,
        "parked": facts.history.nights_parked + 1,
    }.get(why, 1)
    host = urlsplit(facts.site.start_url or "").hostname or (facts.agency.scope.host if facts.agency.scope else "")
    return rule.finding(
        Verdict.FAIL,
        f"gone.{why}",
        evidence=site_evidence(facts.site),
        host=host,
        nights=nights,
        reason_text=reason_text(facts, rule),
    )


def gone_because(facts: AgencyFacts) -> str | None:
    """Which of the rulebook's four proofs shows that there is no site at all: none, nxdomain, unreachable, parked."""
    site, history = facts.site, facts.history
    if site.state is SiteState.NONE:
        return "none"
    if site.state is SiteState.UNREACHABLE:
        if history.nxdomain_confirmed:
            return "nxdomain"
        ours = site.state_reason in OUR_SIDE
        if history.nights_unreachable >= EARLIER_NIGHTS and site.state_confirmed and not ours:
            return "unreachable"
    if site.state is SiteState.PARKED and history.nights_parked >= EARLIER_NIGHTS and site.state_confirmed:
        return "parked"
    return None


def not_judged(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Chưa xác minh được, with the sentence of the site's state."""
    site = facts.site
    waiting = site.state is SiteState.UNREACHABLE and not site.state_confirmed and site.state_reason not in OUR_SIDE
    return rule.finding(
        Verdict.UNVERIFIED,
        "site.unreachable_unconfirmed" if waiting else f"site.{site.state}",
        evidence=site_evidence(site),
        reason=site.state_reason,
        detail=site.state_detail,
        reason_text=reason_text(facts, rule),
    )


def reason_text(facts: AgencyFacts, rule: Criterion) -> str:
    """Why the site is in its state, in words; empty where no reason was recorded."""
    reason = facts.site.state_reason
    return "" if reason is None else rule.say(f"reason.{reason}")


def site_evidence(site: SiteFacts) -> tuple[EvidenceRef, ...]:
    """The start page as it was seen."""
    url = site.final_url or site.start_url
    return (EvidenceRef(url, site.looked_at, site.start_excerpt),) if url else ()


def moved_within_own(facts: AgencyFacts) -> bool:
    """True if the site moved to a name that the registry knows as the agency's: its hosts, portals, mail domains."""
    agency = facts.agency
    target = fold_host(urlsplit(facts.site.final_url or "").hostname or facts.site.state_detail)
    own = [use.domain for use in agency.accepted_mail_domains if use.valid_on(facts.as_of)]
    own += [agency.mail_domain or "", *agency.portal_hosts]
    if agency.scope is not None:
        own += [agency.scope.host, *agency.scope.extra_hosts]
    names = {fold_host(name) for name in own if name}
    return any(target == name or target.endswith("." + name) for name in names)

"""Item f, access: the site exists, opens, opens securely, and answers in time. Luật CNTT 67/2006 Điều 23, 28(1)(a).

A fault of the network counts only after a second look that agrees; trouble on our own side never counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median

from auditor.model import (
    OUR_SIDE,
    AgencyFacts,
    Certificate,
    Completed,
    Criterion,
    EvidenceRef,
    Finding,
    HostLook,
    Look,
    NotRun,
    Outcome,
    Reason,
    SiteState,
    Verdict,
    check,
)
from checks.site_state import (
    READABLE,
    moved_within_own,
    no_site,
    not_judged,
    reason_text,
    site_evidence,
    unreadable,
)

#: Reasons of a look at https:// that are an answer over a working TLS connection, not a fault of HTTPS
_OVER_TLS = frozenset(
    {
        Reason.HTTP_403,
        Reason.HTTP_404,
        Reason.HTTP_429,
        Reason.HTTP_4XX,
        Reason.HTTP_5XX,
        Reason.EMPTY_BODY,
        Reason.TOO_LARGE,
        Reason.TOO_MANY_REDIRECTS,
        Reason.OUT_OF_SCOPE,
    }
)
#: Reasons that say: there is no HTTPS to talk to
_NO_TLS = frozenset(
    {
        Reason.REFUSED,
        Reason.CONNECT_FAILED,
        Reason.CONNECT_TIMEOUT,
        Reason.TLS_FAILED,
        Reason.TLS_INVALID,
        Reason.READ_FAILED,
        Reason.READ_TIMEOUT,
        Reason.PROTOCOL_ERROR,
    }
)
_DATE_BOUND = frozenset({"expired", "not_yet_valid"})


@check("f.access.existence")
def existence(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The declared address answers as the agency's own site, in whatever condition."""
    gone = no_site(facts, rule)
    if gone is not None:
        return gone
    site = facts.site
    if site.state in READABLE or site.state in (SiteState.MAINTENANCE, SiteState.NEEDS_JAVASCRIPT):
        url = site.final_url or site.start_url or ""
        return rule.finding(Verdict.PASS, "existence.pass", evidence=site_evidence(site), url=url)
    if site.state is SiteState.MOVED and moved_within_own(facts):
        return rule.finding(
            Verdict.PARTIAL, "existence.moved_own", evidence=site_evidence(site), detail=site.state_detail
        )
    return not_judged(facts, rule)


@check("f.access.reachable")
def reachable(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The start page opens. Unreachable counts after a second look, and never for a reason of our own side."""
    gone = no_site(facts, rule)
    if gone is not None:
        return gone
    site = facts.site
    url = site.final_url or site.start_url or ""
    if site.state in READABLE or site.state is SiteState.NEEDS_JAVASCRIPT:
        return rule.finding(Verdict.PASS, "reachable.pass", evidence=site_evidence(site), url=url)
    if site.state is SiteState.MOVED and moved_within_own(facts):
        detail = site.state_detail or url
        return rule.finding(Verdict.PASS, "reachable.moved_own", evidence=site_evidence(site), detail=detail)
    confirmed = site.state_confirmed and site.state_reason not in OUR_SIDE
    if site.state is SiteState.UNREACHABLE and confirmed:
        return rule.finding(
            Verdict.FAIL,
            "reachable.fail",
            evidence=site_evidence(site),
            url=url,
            reason_text=reason_text(facts, rule),
        )
    return not_judged(facts, rule)


@check("f.access.https")
def https(facts: AgencyFacts, rule: Criterion) -> Finding:
    """HTTPS answers with a certificate that holds. Good practice; no clause of its own was found."""
    gone = no_site(facts, rule)
    if gone is not None:
        return gone
    host = facts.host
    if host is None or facts.site.state in (SiteState.NOT_DECLARED, SiteState.NONE):
        return not_judged(facts, rule) if facts.site.state not in READABLE else _https_unknown(rule, facts, None)
    if isinstance(host.certificate, Completed) and host.certificate.value.problem:
        return _bad_certificate(host, host.certificate.value, rule)
    if isinstance(host.https, NotRun):
        return _https_unknown(rule, facts, host.https.reason)
    reason = _failure(host.https)
    if reason is None or reason in _OVER_TLS:
        return _https_works(host, rule)
    if reason not in _NO_TLS or isinstance(host.certificate, Completed):
        return _https_unknown(rule, facts, reason)
    return _no_https(host, reason, rule, facts)


def _failure(outcome: Outcome[Look]) -> Reason | None:
    """Why a look at the host did not end in an answer; None if it did."""
    return outcome.value.reason if isinstance(outcome, Completed) else outcome.reason


def _host_evidence(host: HostLook, shown: str = "") -> tuple[EvidenceRef, ...]:
    return (EvidenceRef(f"https://{host.host}/", host.looked_at, shown),)


def _https_works(host: HostLook, rule: Criterion) -> Finding:
    proof = _host_evidence(host)
    if isinstance(host.https, Completed) and host.https.value.final_url.lower().startswith("http://"):
        return rule.finding(Verdict.PARTIAL, "https.downgraded", evidence=proof, host=host.host)
    if isinstance(host.certificate, Completed):
        until = host.certificate.value.not_after
        return rule.finding(Verdict.PASS, "https.pass", evidence=proof, host=host.host, not_after=until)
    return rule.finding(Verdict.PASS, "https.pass_no_certificate", evidence=proof, host=host.host)


def _bad_certificate(host: HostLook, certificate: Certificate, rule: Criterion) -> Finding:
    """A certificate that was handed over needs no second look; one judged by its dates needs two clocks that agree."""
    problem = certificate.problem
    verdict = {
        "expired": Verdict.FAIL,
        "not_yet_valid": Verdict.FAIL,
        "name_mismatch": Verdict.FAIL,
        "untrusted": Verdict.PARTIAL,  # the authority may be one that only our list lacks
    }.get(problem, Verdict.UNVERIFIED)
    key = f"https.{problem}" if verdict is not Verdict.UNVERIFIED else "https.other_problem"
    if problem in _DATE_BOUND and not _clocks_agree(host, certificate, rule):
        verdict, key = Verdict.UNVERIFIED, "https.clock"
    shown = rule.say(
        "https.certificate",
        subject=certificate.subject,
        issuer=certificate.issuer,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )
    return rule.finding(
        verdict,
        key,
        evidence=_host_evidence(host, shown),
        reason=Reason.TLS_INVALID if verdict is Verdict.UNVERIFIED else None,
        host=host.host,
        not_after=certificate.not_after,
        not_before=certificate.not_before,
        names=", ".join(certificate.names[:5]) or certificate.subject,
        detail=certificate.detail,
    )


def _clocks_agree(host: HostLook, certificate: Certificate, rule: Criterion) -> bool:
    """True unless the certificate would hold by the date that the server itself wrote in its answers.

    Without a Date header only our clock can be asked.
    """
    inside = certificate.not_before <= host.looked_at <= certificate.not_after
    tolerance = timedelta(hours=rule.parameters["clock_tolerance_hours"])
    stamps = (host.server_date, _stamp(host.https), _stamp(host.http))
    clocks = [clock for stamp in stamps if (clock := _parsed(stamp)) is not None]
    return not inside and all(abs(clock - host.looked_at) <= tolerance for clock in clocks)


def _stamp(outcome: Outcome[Look]) -> str:
    return outcome.value.header("date") if isinstance(outcome, Completed) else ""


def _parsed(stamp: str) -> datetime | None:
    try:
        clock = parsedate_to_datetime(stamp)
    except ValueError:
        return None
    return clock if clock.tzinfo is not None else None


def _no_https(host: HostLook, reason: Reason, rule: Criterion, facts: AgencyFacts) -> Finding:
    """No HTTPS while HTTP answers: a fault once a second look agrees."""
    http_answers = _failure(host.http) is None or _failure(host.http) in _OVER_TLS
    if not http_answers:
        return _https_unknown(rule, facts, reason)
    verdict, key = Verdict.FAIL, "https.no_https"
    if host.attempt < 2:
        verdict, key = Verdict.UNVERIFIED, "https.unconfirmed"
    return rule.finding(
        verdict,
        key,
        evidence=_host_evidence(host),
        reason=reason if verdict is Verdict.UNVERIFIED else None,
        host=host.host,
        reason_text=rule.say(f"reason.{reason}"),
    )


def _https_unknown(rule: Criterion, facts: AgencyFacts, reason: Reason | None) -> Finding:
    return rule.finding(
        Verdict.UNVERIFIED,
        "https.unverified",
        evidence=_host_evidence(facts.host) if facts.host else (),
        reason=reason,
        reason_text=rule.say(f"reason.{reason}") if reason else "",
    )


@check("f.access.response_time")
def response_time(facts: AgencyFacts, rule: Criterion) -> Finding:
    """Median time to the first byte over the pages that answered."""
    blocked = unreadable(facts, rule)
    if blocked is not None:
        return blocked
    times, limits = facts.site.response_ms, rule.parameters
    proof = site_evidence(facts.site)
    if len(times) < limits["minimum_measurements"]:
        minimum = limits["minimum_measurements"]
        return rule.finding(
            Verdict.UNVERIFIED, "response_time.too_few", evidence=proof, count=len(times), minimum=minimum
        )
    middle = round(median(times))
    verdict = Verdict.FAIL
    if middle <= limits["partial_ms"]:
        verdict = Verdict.PASS if middle <= limits["pass_ms"] else Verdict.PARTIAL
    return rule.finding(
        verdict,
        f"response_time.{verdict}",
        evidence=proof,
        median=middle,
        count=len(times),
        pass_ms=limits["pass_ms"],
        partial_ms=limits["partial_ms"],
    )

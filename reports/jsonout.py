"""Audits as JSON values, schema 1. Every key is documented in docs/json.md, and a test holds the two together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from auditor.model import (
    Agency,
    AgencyAudit,
    Certificate,
    Completed,
    Dated,
    DetectorFacts,
    Failed,
    Finding,
    HostLook,
    Look,
    MailFacts,
    Outcome,
    Score,
    Scorecard,
    SiteFacts,
)
from reports.jsonmail import mail_block
from reports.run import RunInfo

SCHEMA = 1
DETECTORS = (
    "organisation", "legal_documents", "procedures", "legal_dissemination", "strategy_planning", "email_directory",
    "projects_procurement", "online_services", "feedback", "news", "direction", "work_schedule", "budget_disclosure",
    "statistics", "access_to_information", "contact", "search", "sitemap", "rss", "english",
)  # fmt: skip

Json = dict[str, Any]


def audit_to_json(audit: AgencyAudit) -> Json:
    """One audit as plain dicts, lists, strings, numbers, booleans and None, ready for json.dumps. Keys: docs/json.md.

    Dates are YYYY-MM-DD, moments ISO 8601 in UTC, points numbers with at most one decimal.
    """
    value: Json = {
        "schema": SCHEMA,
        "agency": _agency(audit.agency),
        "as_of": audit.as_of,
        "ruleset": {
            "version": audit.ruleset.version,
            "profile": audit.ruleset.profile,
            "profile_title": audit.ruleset.profile_title,
            "requested": audit.ruleset.requested,
        },
        "site": _site(audit.site),
        "detectors": {name: _detector(audit.site.section(name)) for name in DETECTORS},
        "addresses": [
            {
                "address": fact.address,
                "class": fact.class_,
                "agency_contact": fact.agency_contact,
                "where": [
                    {"where": p.where, "url": p.url, "excerpt": p.excerpt, "hidden_as": p.hidden_as or None}
                    for p in fact.places
                ],
            }
            for fact in audit.site.addresses
        ],
        "mail": mail_block(audit.mail) if audit.mail else None,
        "hosts": [_host(audit.host)] if audit.host else [],
        "findings": [_finding(finding) for finding in audit.findings],
        "scores": _scores(audit.scores),
    }
    plain: Json = _plain(value)
    return plain


def run_to_json(run: RunInfo, audits: Sequence[AgencyAudit]) -> Json:
    """Several audits: {schema, run, agencies: [one object of audit_to_json each]}."""
    about: Json = _plain(
        {
            "id": run.id,
            "as_of": run.as_of,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "state": run.state,
            "agencies": run.agencies or len(audits),
            "failures": [{"code": f.code, "name": f.name, "text": f.text} for f in run.failures],
        }
    )
    return {"schema": SCHEMA, "run": about, "agencies": [audit_to_json(audit) for audit in audits]}


def mail_to_json(mail: MailFacts) -> Json:
    """The facts of one mail domain, as under `mail` in the object of an agency."""
    plain: Json = _plain(mail_block(mail))
    return plain


def finding_to_json(finding: Finding) -> Json:
    """One finding, as in the list of `findings` in the object of an agency."""
    plain: Json = _plain(_finding(finding))
    return plain


def _agency(agency: Agency) -> Json:
    scope = agency.scope
    return {
        "code": agency.code,
        "name": agency.name,
        "kind": agency.kind,
        "url": agency.url,
        "scope": {
            "host": scope.host,
            "prefix": scope.prefix,
            "also": list(scope.also),
            "extra_hosts": list(scope.extra_hosts),
        }
        if scope
        else None,
        "site_status": agency.site_status,
        "valid_from": agency.valid_from,
        "valid_to": agency.valid_to,
        "successors": list(agency.successors),
        "mail_domain": agency.mail_domain,
        "operates_mail": agency.operates_mail,
    }


def _site(site: SiteFacts) -> Json:
    encoding = site.encoding
    newest = _dated(site.newest_update)
    return {
        "state": site.state,
        "state_reason": site.state_reason,
        "state_detail": site.state_detail or None,
        "state_confirmed": site.state_confirmed,
        "start_url": site.start_url,
        "final_url": site.final_url,
        "title": site.title,
        "generator": site.generator,
        "pages": site.pages,
        "requests": site.requests,
        "newest_update": {**newest, "detector": site.newest_detector} if newest else None,
        "encoding": {
            "charset": encoding.charset,
            "declared": encoding.declared,
            "utf8_share": round(encoding.utf8_share, 3),
            "legacy": encoding.legacy,
            "nfd_pages": encoding.nfd_pages,
        }
        if encoding
        else None,
        "traps": [{"kind": trap.kind, "url": trap.url, "detail": trap.detail} for trap in site.traps],
    }


def _dated(dated: Dated | None) -> Json | None:
    if dated is None:
        return None
    return {"date": dated.date, "source": dated.source, "excerpt": dated.excerpt, "url": dated.url}


def _detector(facts: DetectorFacts) -> Json:
    return {
        "state": facts.state,
        "newest": _dated(facts.newest),
        "sections": [
            {"label": s.label, "url": s.url, "state": s.state, "items": len(s.items), "newest": _dated(s.newest)}
            for s in facts.sections
        ],
        "looked_at": [{"label": p.label, "url": p.url, "outcome": p.outcome} for p in facts.looked_at],
    }


def _host(host: HostLook) -> Json:
    return {
        "host": host.host,
        "looked_at": host.looked_at,
        "addresses": _outcome(host.addresses, list),
        "second_opinion": _outcome(host.second_opinion, list) if host.second_opinion else None,
        "http": _outcome(host.http, _look),
        "https": _outcome(host.https, _look),
        "certificate": _outcome(host.certificate, _certificate),
        "tls_version": host.tls_version,
    }


def _outcome(outcome: Outcome[Any], show: Callable[[Any], Any]) -> Json:
    if isinstance(outcome, Completed):
        return {"outcome": "completed", "value": show(outcome.value), "reason": None, "detail": None}
    name = "failed" if isinstance(outcome, Failed) else "not_run"
    return {"outcome": name, "value": None, "reason": outcome.reason, "detail": outcome.detail or None}


def _look(look: Look) -> Json:
    return {
        "url": look.url,
        "final_url": look.final_url,
        "status": look.status,
        "reason": look.reason,
        "elapsed_ms": look.elapsed_ms,
        "fetched_at": look.fetched_at,
    }


def _certificate(certificate: Certificate) -> Json:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "trusted": certificate.trusted,
        "problem": certificate.problem or None,
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "item": finding.item,
        "verdict": finding.verdict,
        "points": _tenths(finding.points),
        "max": _tenths(finding.max),
        "basis": list(finding.basis),
        "seen": finding.seen,
        "expected": finding.expected,
        "notes": list(finding.notes),
        "evidence": [{"url": e.url, "fetched_at": e.fetched_at, "excerpt": e.excerpt} for e in finding.evidence],
        "looked_at": [{"label": p.label, "url": p.url, "outcome": p.outcome} for p in finding.looked_at],
    }


def _scores(scores: Scorecard) -> Json:
    return {
        "f": _score(scores.f),
        "g": _score(scores.g),
        "total": _score(scores.total),
        "mail": _score(scores.mail),
        "grade": scores.grade,
        "grade_f": scores.grade_f,
        "grade_g": scores.grade_g,
        "grade_mail": scores.grade_mail,
        "unranked_because": list(scores.unranked_because),
        "first_things": list(scores.first_things),
    }


def _score(score: Score) -> Json:
    return {
        "earned": _tenths(score.earned),
        "measurable": _tenths(score.measurable),
        "max": _tenths(score.max),
        "percent": None if score.permille is None else _tenths(score.permille),
        "measured_percent": _tenths(score.measured_permille),
    }


def _tenths(value: int) -> int | float:
    return value // 10 if value % 10 == 0 else value / 10


def _plain(value: Any) -> Any:
    """Dates, enums and text that UTF-8 cannot hold (lone surrogates from broken pages) made JSON values."""
    if value is None or type(value) in (int, bool, float) or (type(value) is str and value.isascii()):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    return value

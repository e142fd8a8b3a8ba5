"""One agency: look -> read -> judge -> score. Returns a plain value and holds no database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from auditor.audit_context import AuditContext
from auditor.gather.site import Crawl, OnLook
from auditor.model import (
    OUR_SIDE,
    PASSING,
    Agency,
    AgencyAudit,
    AgencyFacts,
    Calendar,
    Criterion,
    Failed,
    Finding,
    History,
    HostLook,
    LookKind,
    MailboxRegister,
    MailEvidence,
    MailFacts,
    Reason,
    ReportFacts,
    Ruleset,
    Scorecard,
    SectionState,
    SiteEvidence,
    SiteFacts,
    SiteState,
)
from auditor.read.host_mail import read_host_mail
from auditor.read.observing import observe
from auditor.read.records import read_mail
from auditor.read.site import PageCache, read_site
from auditor.read.urls import same_page_key
from auditor.read.words import Vocabulary
from auditor.rulebook import Rulebook
from auditor.scoring import PersonVerdict, apply_person_verdicts, score
from checks import collect

_RELOOKS = 12  # second looks at inner pages, at most


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an audit is: for the progress line."""

    code: str
    phase: str  # look, judge, second_look
    pages: int
    budget: int
    url: str = ""


OnProgress = Callable[[Progress], None]


async def audit_agency(
    agency: Agency, context: AuditContext, *, history: History | None = None, on_progress: OnProgress | None = None
) -> AgencyAudit:
    """Audit one agency for the first time this run. Network trouble becomes facts and is not raised."""
    started = datetime.now(UTC)
    cache: PageCache = {}
    crawl = _crawl(agency, context, cache, _reporter(agency, "look", on_progress))
    host_name = _host_of(agency)
    evidence, host, mail = await asyncio.gather(
        crawl.run(),
        context.host(host_name) if host_name else _nothing(),
        context.mail(agency.mail_domain) if agency.mail_domain else _nothing(),
    )
    if on_progress is not None:
        on_progress(Progress(agency.code, "judge", len(evidence.looks), context.budget))
    return _finish(agency, context, started, evidence, host, mail, None, history or History(), cache)


async def second_look(
    audit: AgencyAudit, context: AuditContext, *, history: History | None = None, on_progress: OnProgress | None = None
) -> AgencyAudit:
    """Look again, on fresh connections, at what a verdict rests on; append the looks and judge again.

    Does not wait: the caller does. A site whose start page failed is crawled anew.
    """
    agency = audit.agency
    context.resolver.forget_failures()
    report = _reporter(agency, "second_look", on_progress)
    cache: PageCache = {}
    evidence, host, mail, first_mail = audit.evidence, audit.host, audit.mail_evidence, None
    crawl = _crawl(agency, context, cache, report, attempt=2)
    if audit.site.state is SiteState.UNREACHABLE and agency.url is not None:
        again = await crawl.run()
        evidence = replace(
            again,
            looks=(*evidence.looks, *again.looks),
            requests=evidence.requests + again.requests,
            traps=tuple(dict.fromkeys((*evidence.traps, *again.traps))),
        )
    elif audit.relook:
        evidence = await crawl.again(evidence, (url for url in audit.relook if url.startswith("http")))
    if host is not None and _host_in_doubt(host):
        host = await context.host(host.host, attempt=2)
    if mail is not None and audit.mail is not None and not audit.mail.confirmed:
        first_mail, mail = mail, await context.mail(mail.domain, attempt=2)
    return _finish(agency, context, audit.started_at, evidence, host, mail, first_mail, history or History(), cache)


def _crawl(
    agency: Agency, context: AuditContext, cache: PageCache, on_look: OnLook | None, *, attempt: int = 1
) -> Crawl:
    return Crawl(
        agency,
        context.network,
        context.vocabulary,
        context.as_of,
        context.budget,
        attempt=attempt,
        forms=context.settings.audit.form_files,
        usual=context.settings.audit.usual_pages,
        on_look=on_look,
        renderer=context.renderer,
        cache=cache,
    )


async def look_at_mail(domain: str, context: AuditContext, first: MailEvidence | None = None) -> MailFacts:
    """The facts of one mail domain, on demand; those of its second look, where `first` is what the first one saw."""
    return read_mail(await context.mail(domain, attempt=1 if first is None else 2), first)


def _finish(
    agency: Agency,
    context: AuditContext,
    started: datetime,
    evidence: SiteEvidence,
    host: HostLook | None,
    mail: MailEvidence | None,
    first_mail: MailEvidence | None,
    history: History,
    cache: PageCache,
) -> AgencyAudit:
    evidence = replace(evidence, host=host)
    site = read_site(agency, evidence, context.vocabulary, context.as_of, cache=cache)
    history = replace(
        history, nxdomain_confirmed=_nxdomain_confirmed(host), sections=observe(history.sections, site, context.as_of)
    )
    mail_facts = read_mail(mail, first_mail) if mail is not None else None
    facts = AgencyFacts(
        agency, context.as_of, site, host, mail_facts, context.calendar, history, context.register,
        _about(context.reports, mail_facts), read_host_mail(host),
    )  # fmt: skip
    ruleset, findings, scores = judge(facts, context.rulebook, context.profile)
    return AgencyAudit(
        agency=agency,
        as_of=context.as_of,
        started_at=started,
        finished_at=datetime.now(UTC),
        ruleset=ruleset,
        site=site,
        host=host,
        mail=mail_facts,
        findings=findings,
        scores=scores,
        evidence=evidence,
        mail_evidence=mail,
        relook=_relook(site, host, mail_facts),
    )


def _about(reports: Mapping[str, ReportFacts], mail: MailFacts | None) -> ReportFacts | None:
    return reports.get(mail.domain.lower()) if mail is not None else None


def judge(
    facts: AgencyFacts, rulebook: Rulebook, profile: str, records: tuple[PersonVerdict, ...] = ()
) -> tuple[Ruleset, tuple[Finding, ...], Scorecard]:
    """Facts -> (ruleset, findings, scorecard). Pure. `records` are persons' verdicts and waivers."""
    ruleset, criteria = rulebook.for_audit(facts.as_of, profile, facts.agency.kind)
    findings = tuple(_apply(criterion, facts) for criterion in criteria)
    findings = apply_person_verdicts(findings, records, facts.as_of, rulebook.scoring, rulebook.messages)
    return ruleset, findings, score(findings, rulebook.scoring)


def _apply(criterion: Criterion, facts: AgencyFacts) -> Finding:
    return collect()[criterion.id](facts, criterion)


def judge_evidence(
    audit: AgencyAudit,
    evidence: SiteEvidence,
    *,
    rulebook: Rulebook,
    vocabulary: Vocabulary,
    calendar: Calendar,
    profile: str,
    as_of: date,
    history: History | None = None,
    records: tuple[PersonVerdict, ...] = (),
    register: MailboxRegister | None = None,
    reports: Mapping[str, ReportFacts] | None = None,
) -> AgencyAudit:
    """Read and judge stored evidence again, by the given rules. Pure.

    Where bodies were pruned the stored facts are judged instead, and `site.reread_from` says "facts".
    """
    pruned = any(look.ok and look.kind is LookKind.PAGE and not look.body for look in evidence.looks)
    site = replace(audit.site, reread_from="facts") if pruned else read_site(audit.agency, evidence, vocabulary, as_of)
    mail = audit.mail
    if audit.mail_evidence is not None and audit.mail is not None:
        # whether a second look agreed was settled that night; the stored evidence is the last one's
        mail = replace(read_mail(audit.mail_evidence), confirmed=audit.mail.confirmed)
    history = history or History()
    history = replace(
        history, nxdomain_confirmed=_nxdomain_confirmed(audit.host), sections=observe(history.sections, site, as_of)
    )
    facts = AgencyFacts(
        audit.agency, as_of, site, audit.host, mail, calendar, history, register, _about(reports or {}, mail),
        read_host_mail(audit.host),
    )  # fmt: skip
    ruleset, findings, scores = judge(facts, rulebook, profile, records)
    return replace(
        audit, as_of=as_of, ruleset=ruleset, site=site, mail=mail, findings=findings, scores=scores, evidence=evidence
    )


def _relook(site: SiteFacts, host: HostLook | None, mail: MailFacts | None) -> tuple[str, ...]:
    """What a second look could settle: URLs of pages, "host:…" and "mail:…"."""
    urls: dict[str, str] = {}
    if site.state is SiteState.UNREACHABLE and site.state_reason not in OUR_SIDE and site.start_url:
        urls[same_page_key(site.start_url)] = site.start_url
    for facts in site.detectors.values():
        for section in facts.sections:
            doubtful = section.rests_on_network and not section.confirmed
            worth = section.state is not SectionState.UNVERIFIABLE or section.reason in PASSING
            if doubtful and worth and (not facts.usable or section.state is SectionState.UNVERIFIABLE):
                urls.setdefault(same_page_key(section.url), section.url)
    for form in site.quality.forms:
        if form.wrong and not form.confirmed:
            urls.setdefault(same_page_key(form.url), form.url)
    out = list(urls.values())[:_RELOOKS]
    if host is not None and host.attempt == 1 and _host_in_doubt(host):
        out.append(f"host:{host.host}")
    if mail is not None and not mail.confirmed:
        out.append(f"mail:{mail.domain}")
    return tuple(out)


def _host_in_doubt(host: HostLook) -> bool:
    """True if a look at the host failed for a reason that may be tonight's."""
    return any(
        isinstance(look, Failed) and look.reason not in OUR_SIDE for look in (host.http, host.https, host.addresses)
    )


def _nxdomain_confirmed(host: HostLook | None) -> bool:
    """Two resolvers say that the name does not exist."""
    if host is None:
        return False
    both = (host.addresses, host.second_opinion)
    return all(isinstance(answer, Failed) and answer.reason is Reason.DNS_NXDOMAIN for answer in both)


def web_hosts(agencies: Iterable[Agency]) -> tuple[str, ...]:
    """The names of their websites, each once."""
    found = (urlsplit(agency.url).hostname or "" for agency in agencies if agency.url)
    return tuple(dict.fromkeys(host for host in found if "." in host))


def _host_of(agency: Agency) -> str:
    return urlsplit(agency.url).netloc.rpartition("@")[2] if agency.url else ""


async def _nothing() -> None:
    return None


def _reporter(agency: Agency, phase: str, on_progress: OnProgress | None) -> Callable[[int, int, str], None] | None:
    if on_progress is None:
        return None
    return lambda pages, budget, url: on_progress(Progress(agency.code, phase, pages, budget, url))

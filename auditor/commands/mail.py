"""`auditor mail DOMAIN...`: the mail records of domains, now, and what the rulebook says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from auditor.commands.common import (
    DOMAIN,
    NAMESERVER,
    Workplace,
    argument,
    command,
    json_option,
    now,
    option,
    pass_workplace,
    print_json,
    today,
)
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.audit import AuditContext
    from auditor.model import AgencyAudit
    from auditor.settings import Settings


@command("mail")
@argument("domains", nargs=-1, required=True, type=DOMAIN)
@option("--resolver", "resolvers", multiple=True, type=NAMESERVER)
@option("--selector", "selectors", multiple=True)
@json_option
@pass_workplace
def mail(
    work: Workplace, domains: Sequence[str], resolvers: Sequence[str], selectors: Sequence[str], as_json: bool
) -> None:
    settings = work.settings
    if resolvers:
        settings = settings.with_audit(resolvers=tuple(resolvers))
    if selectors:
        table = settings.mail_domain.model_copy(update={"dkim_selectors": tuple(selectors)})
        settings = settings.model_copy(update={"mail_domain": table})
    audits, words = asyncio.run(_look(work, settings, tuple(dict.fromkeys(name.lower() for name in domains))))
    if as_json:
        print_json({"schema": 1, "domains": [_as_json(audit) for audit in audits]})
        return
    for audit in audits:
        click.echo(cli_text("mail.domain", domain=audit.agency.name))
        for finding in _findings(audit):
            verdict = words[f"verdict.{finding.verdict}"]
            click.echo(cli_text("mail.finding", verdict=verdict, title=finding.title, seen=finding.seen))


async def _look(
    work: Workplace, settings: Settings, domains: Sequence[str]
) -> tuple[list[AgencyAudit], Mapping[str, str]]:
    from auditor.audit import open_context

    async with open_context(settings, folder=work.configured, as_of=today(settings)) as context:
        audits = await asyncio.gather(*(_audit(domain, context) for domain in domains))
    return list(audits), context.rulebook.messages


async def _audit(domain: str, context: AuditContext) -> AgencyAudit:
    """The audit of a body that has nothing but this mail domain, and operates it."""
    from auditor.audit import judge, look_at_mail
    from auditor.model import Agency, AgencyAudit, AgencyFacts, SiteEvidence, SiteFacts, SiteState, SiteStatus

    started = now()
    facts = await look_at_mail(domain, context)
    agency = Agency(
        code=domain, name=domain, site_status=SiteStatus.TO_VERIFY, mail_domain=domain, operates_mail=True
    )  # fmt: skip
    site = SiteFacts(agency.code, SiteState.NOT_DECLARED, None, None)
    ruleset, findings, scores = judge(
        AgencyFacts(agency, context.as_of, site, None, facts, context.calendar), context.rulebook, context.profile
    )
    return AgencyAudit(
        agency=agency, as_of=context.as_of, started_at=started, finished_at=now(), ruleset=ruleset, site=site,
        host=None, mail=facts, findings=findings, scores=scores, evidence=SiteEvidence(agency.code, None),
    )  # fmt: skip


def _findings(audit: AgencyAudit) -> list:  # type: ignore[type-arg]
    return [finding for finding in audit.findings if finding.item == "mail"]


def _as_json(audit: AgencyAudit) -> dict[str, object]:
    from reports.jsonout import audit_to_json

    whole = audit_to_json(audit)
    return {**whole["mail"], "findings": [finding for finding in whole["findings"] if finding["item"] == "mail"]}

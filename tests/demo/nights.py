"""One night over the demo province: every agency audited with the second look of a nightly run. For the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from auditor.audit import audit_agency, look_at_mail, second_look
from auditor.audit_context import AuditContext, open_context
from auditor.demo.province import Province
from auditor.demo.sites import read_data
from auditor.model import Agency, AgencyAudit, Finding, MailFacts, Verdict
from auditor.registry import load_agencies
from auditor.report_import import facts_of, import_reports
from auditor.settings import load_settings
from auditor.store import open_store

AS_OF = date(2026, 11, 23)
EXPECTED: Mapping[str, Any] = read_data("expected.yaml")
CODES = tuple(EXPECTED["agencies"])
MAIL_DOMAINS = tuple(name for name in EXPECTED["mail"] if name not in ("verdicts", "never"))
OPERATOR = "stttt"
_AT_ONCE = 4


@dataclass(frozen=True)
class Night:
    """One night over the province: each agency's audit after the first look and after the second."""

    province: Province
    first: Mapping[str, AgencyAudit]
    final: Mapping[str, AgencyAudit]
    mail: Mapping[str, MailFacts]

    def audit(self, code: str) -> AgencyAudit:
        return self.final[code]


async def audit_province(province: Province) -> Night:
    agencies = load_agencies(province.agencies_file).agencies
    settings = load_settings(province.folder)
    async with open_context(settings, folder=province.folder, as_of=province.as_of) as context:
        assert settings.reports_folder is not None
        with TemporaryDirectory() as elsewhere, open_store(Path(elsewhere, "reports.db")) as store:
            assert import_reports(settings.reports_folder, store).bad == ()
            context.reports = facts_of(store, [province.mail_domain], province.as_of, settings.mail_domain.reports_days)
        gate = asyncio.Semaphore(_AT_ONCE)
        first = await asyncio.gather(*(_gated(gate, _first(agency, context)) for agency in agencies))
        final = await asyncio.gather(*(_gated(gate, _second(audit, context)) for audit in first))
        mail = {name: await look_at_mail(name, context) for name in MAIL_DOMAINS}
    return Night(
        province,
        {audit.agency.code: audit for audit in first},
        {audit.agency.code: audit for audit in final},
        mail,
    )


async def _gated(gate: asyncio.Semaphore, work: Any) -> AgencyAudit:
    async with gate:
        result: AgencyAudit = await work
        return result


async def _first(agency: Agency, context: AuditContext) -> AgencyAudit:
    return await audit_agency(agency, context)


async def _second(audit: AgencyAudit, context: AuditContext) -> AgencyAudit:
    return await second_look(audit, context) if audit.relook else audit


def findings(audit: AgencyAudit) -> dict[str, Finding]:
    return {finding.id: finding for finding in audit.findings}


def fails(audit: AgencyAudit, *prefixes: str) -> list[str]:
    """Ids of the criteria of f and g that fail, or of those that begin with a prefix."""
    return [
        finding.id
        for finding in audit.findings
        if finding.verdict is Verdict.FAIL and finding.item != "mail" and finding.id.startswith(prefixes or ("",))
    ]


def want(code: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = EXPECTED["agencies"][code]
    return found


def entry(value: Any) -> tuple[str, Any, str]:
    """(state, newest, words) of a detector's entry: "state", [state], [state, newest] or [state, newest, words]."""
    parts = [value] if isinstance(value, str) else [*value]
    return parts[0], parts[1] if len(parts) > 1 else None, parts[2] if len(parts) > 2 else ""

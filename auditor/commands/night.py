"""One run over the registry as commands make it: context, run, cards. Used by audit, schedule and demo."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from auditor.audit import audit_agency, second_look, web_hosts
from auditor.audit_context import open_context
from auditor.commands.common import Workplace, log
from auditor.commands.progress import watching
from auditor.commands.reports import import_before_night
from auditor.model import Agency
from auditor.nightly import NightResult, Plan, run_night
from auditor.publish import Published, run_info, write_cards
from auditor.report_import import facts_of
from auditor.schedule import stop_on_signals
from auditor.settings import Settings
from auditor.store import RunKind, RunState, Store
from reports.run import RunInfo


@dataclass(frozen=True, slots=True)
class Made:
    """A finished run: what became of it, its files, and what reports need of it."""

    result: NightResult
    published: Published
    info: RunInfo


async def make_run(
    work: Workplace,
    settings: Settings,
    store: Store,
    agencies: Sequence[Agency],
    *,
    kind: RunKind,
    as_of: date,
    profile: str | None,
    pause: timedelta | None,
    out: Path | None = None,
    stop: asyncio.Event | None = None,
) -> Made:
    """Audit, save, then write cards (default: a folder per night under the output folder) and the league table.

    Without `stop`, SIGINT and SIGTERM end the run after the agencies in work; a second one ends it at once.
    """
    if stop is None:
        stop = _stop_on_request()
    plan = Plan(kind, pause, audit_agency, second_look)
    async with open_context(settings, folder=work.configured, as_of=as_of, profile=profile) as context:
        if kind is RunKind.NIGHTLY:
            import_before_night(settings, store)
        domains = {agency.mail_domain for agency in agencies if agency.mail_domain}
        context.reports = facts_of(store, domains, as_of, settings.mail_domain.reports_days)
        context.web_hosts = web_hosts(one for one in work.registry.agencies if one.enabled)
        with watching() as watcher:
            result = await run_night(context, store, agencies, plan, watcher, stop=stop)
    names = {agency.code: agency.name for agency in work.registry.agencies}
    run = store.run(result.run_id)
    assert run is not None
    info = run_info(store, run, names)
    folder = out or settings.output / as_of.isoformat()
    several = info if kind is RunKind.NIGHTLY or len(agencies) > 1 else None
    # A run that was stopped has verdicts that wait for their second look: no card goes out on them.
    audits = store.audits_of_run(result.run_id) if result.state is RunState.DONE else ()
    published = write_cards(audits, folder, context.rulebook, settings, names, run=several)
    if kind is RunKind.NIGHTLY and settings.paths.evidence_keep_nights:
        store.prune(settings.paths.evidence_keep_nights, as_of)
    return Made(result, published, info)


def _stop_on_request() -> asyncio.Event:
    stop = asyncio.Event()
    current = asyncio.current_task()

    def ask() -> None:
        if stop.is_set() and current is not None:
            current.cancel()
            return
        stop.set()
        log("audit.stopping")

    stop_on_signals(ask)
    return stop

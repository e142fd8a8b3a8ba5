"""`auditor audit CODE... | --all | --url URL`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from auditor.commands.common import (
    CONNECT_TO,
    DAY,
    DOMAIN,
    NAMESERVER,
    Workplace,
    argument,
    command,
    json_option,
    log,
    option,
    pass_workplace,
    print_json,
    today,
)
from auditor.failures import COULD_NOT_RUN, DONE, CannotRun

if TYPE_CHECKING:
    from auditor.audit_context import AuditContext
    from auditor.commands.progress import PlainWatcher
    from auditor.model import Agency, AgencyAudit
    from auditor.nightly import NightResult
    from auditor.publish import Published
    from auditor.settings import Settings


@dataclass(frozen=True)
class Order:
    """What was asked for, apart from whom to audit."""

    work: Workplace
    settings: Settings
    as_of: date
    profile: str | None
    out: Path | None
    as_json: bool


@command("audit")
@argument("codes", nargs=-1)
@option("--all", "everybody", is_flag=True)
@option("--url")
@option("--scope")
@option("--name")
@option("--mail-domain", type=DOMAIN)
@option("--as-of", type=DAY)
@option("--profile", type=click.Choice(["auto", "chi-thi-2014", "nd42-2022", "cds-2026"]))
@option("--out", type=click.Path(path_type=Path, file_okay=False))
@option("--budget", type=click.IntRange(min=1))
@option("--delay", type=click.FloatRange(min=0))
@option("--second-look", type=click.FloatRange(min=0))
@option("--allow-private", is_flag=True)
@option("--resolver", "resolvers", multiple=True, type=NAMESERVER)
@option("--connect-to", multiple=True, type=CONNECT_TO)
@option("--ca-file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_workplace
@click.pass_context
def audit(
    ctx: click.Context,
    work: Workplace,
    /,
    codes: Sequence[str],
    everybody: bool,
    url: str | None,
    scope: str | None,
    name: str | None,
    mail_domain: str | None,
    as_of: date | None,
    profile: str | None,
    out: Path | None,
    as_json: bool,
    **overrides: Any,
) -> None:
    if sum((bool(codes), everybody, url is not None)) != 1:
        raise CannotRun("audit_whom")
    if url is None and (scope or name or mail_domain):
        raise CannotRun("only_with_url")
    settings = with_overrides(work.settings, **overrides)
    order = Order(work, settings, as_of or today(settings), profile, out, as_json)
    if url is not None:
        agency = stranger(url, scope, name, mail_domain or next(iter(settings.mail_domain.domains), None))
        ctx.exit(asyncio.run(_audit_url(order, agency, named=name is not None)))
    agencies = work.registry.enabled if everybody else work.agencies(codes)
    asked = overrides["second_look"]
    ctx.exit(asyncio.run(_audit_registered(order, agencies, everybody=everybody, asked=asked)))


def with_overrides(
    settings: Settings,
    *,
    budget: int | None,
    delay: float | None,
    second_look: float | None,
    allow_private: bool,
    resolvers: Sequence[str],
    connect_to: Sequence[str],
    ca_file: Path | None,
) -> Settings:
    """The settings with the options of the command line over them; what was not given stays."""
    if ca_file is not None and not ca_file.is_file():
        raise CannotRun("no_ca_file", path=ca_file)
    given = {
        "budget_pages": budget,
        "delay_seconds": delay,
        "second_look_seconds": second_look,
        "allow_private": allow_private or None,
        "resolvers": tuple(resolvers) or None,
        "connect_to": tuple(connect_to) or None,
        "ca_file": str(ca_file.resolve()) if ca_file else str(settings.ca_file.resolve()) if settings.ca_file else None,
    }
    return settings.with_audit(**{key: value for key, value in given.items() if value is not None})


def stranger(url: str, scope: str | None, name: str | None, mail_domain: str | None) -> Agency:
    """An agency that no registry knows. Its scope is the whole host unless `scope` gives a path prefix, never the
    folder of `url`. Raises CannotRun for what is no http(s) address or no path."""
    from auditor.model import Agency, MailDomainUse, SiteScope

    full = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(full)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\\]", full):
        raise CannotRun("bad_url", url=url)
    prefix = scope or "/"
    if not prefix.startswith("/") or re.search(r"[\s?#\\]", prefix):
        raise CannotRun("bad_scope", scope=prefix)
    host = str(parts.hostname)
    own = "" if prefix == "/" else prefix
    code = re.sub(r"[^a-z0-9.]+", "-", (host + own).lower()).strip("-.")
    return Agency(
        code=code or "url",
        name=name or host + own.rstrip("/"),
        url=full,
        scope=SiteScope(host, prefix.rstrip("/") + "/"),
        mail_domain=mail_domain,
        accepted_mail_domains=(MailDomainUse(mail_domain),) if mail_domain else (),
    )


# -- an address without a registry entry ------------------------------------------------------------------------------


async def _audit_url(order: Order, agency: Agency, *, named: bool) -> int:
    from auditor.audit_context import open_context
    from auditor.commands.progress import watching
    from auditor.publish import write_cards

    settings = order.settings
    async with open_context(
        settings, folder=order.work.configured, as_of=order.as_of, profile=order.profile
    ) as context:
        with watching() as watcher:
            watcher.started(1, resumed=False)
            result = await look_twice(agency, context, watcher, settings.audit.second_look_seconds)
        if not named and result.site.title:
            result = replace(result, agency=replace(agency, name=result.site.title))
        folder = order.out or settings.output
        published = write_cards([result], folder, context.rulebook, settings, {})
    show(order, [result], published, context.rulebook.messages)
    return DONE


async def look_twice(agency: Agency, context: AuditContext, watcher: PlainWatcher, pause: float) -> AgencyAudit:
    """One agency's audit with its second look after `pause` seconds, if one could change a verdict; 0: none."""
    from auditor.audit import audit_agency, second_look

    result = await audit_agency(agency, context, on_progress=watcher.progress)
    if result.relook and pause > 0:
        watcher.waiting(1, pause)
        await asyncio.sleep(pause)
        for resolver in (context.resolver, context.second_resolver):
            if resolver is not None:
                resolver.forget_failures()
        result = await second_look(result, context, on_progress=watcher.progress)
    watcher.finished(result)
    return result


# -- agencies of the registry -----------------------------------------------------------------------------------------


async def _audit_registered(order: Order, agencies: Sequence[Agency], *, everybody: bool, asked: float | None) -> int:
    """A run over the registry (all: the nightly one), its cards and its table."""
    from auditor.commands.night import make_run
    from auditor.rulebook import load_rulebook
    from auditor.store import RunKind, RunState

    if not agencies:
        raise CannotRun("no_agencies", file=order.work.registry.file)
    settings = order.settings
    nightly = everybody and asked is None
    pause: timedelta | None = timedelta(seconds=settings.audit.second_look_seconds) or None  # 0 seconds: no second look
    if nightly:
        pause = timedelta(minutes=settings.audit.nightly_second_look_minutes)
    with order.work.store() as store:
        made = await make_run(
            order.work, settings, store, agencies,
            kind=RunKind.NIGHTLY if everybody else RunKind.ON_DEMAND,
            as_of=order.as_of, profile=order.profile, pause=pause, out=order.out,
        )  # fmt: skip
        audits = list(store.audits_of_run(made.result.run_id))
        rulebook = load_rulebook(order.work.configured)
        show(order, audits, made.published, rulebook.messages, run=made.info if len(agencies) > 1 else None)
        if everybody and made.result.state is RunState.DONE and order.as_of == today(settings):
            from auditor.commands.desk import mail_after_night

            mail_after_night(order.work, settings, store, made.info)
    _tell_failures(made.result)
    return DONE if made.result.complete else COULD_NOT_RUN


def _tell_failures(result: NightResult) -> None:
    from auditor.store import RunState

    if result.failures:
        log("audit.some_failed", count=len(result.failures), codes=", ".join(result.failures))
    if result.state is not RunState.DONE:
        log("audit.stopped")


# -- results ----------------------------------------------------------------------------------------------------------


def show(
    order: Order, audits: Sequence[AgencyAudit], published: Published, messages: Mapping[str, str], *, run: Any = None
) -> None:
    """The summary table and the card paths on stdout; with --json the JSON there and the rest on stderr."""
    from reports.jsonout import audit_to_json, run_to_json

    if order.as_json:
        print_json(audit_to_json(audits[0]) if run is None and len(audits) == 1 else run_to_json(run, audits))
    show_table(audits, published, messages, err=order.as_json)


def show_table(
    audits: Sequence[AgencyAudit], published: Published, messages: Mapping[str, str], *, err: bool = False
) -> None:
    """One line per agency, then the path of each card and of the league table."""
    from auditor.commands.common import print_table
    from auditor.model import Verdict
    from auditor.nightly import verdict_counts
    from reports.text import dmy, percent, points

    rows = []
    for one in audits:
        counts, total, newest = verdict_counts(one), one.scores.total, one.site.newest_update
        rows.append((
            one.agency.code, one.agency.name, messages[f"site_state.{one.site.state}"], one.scores.grade or "–",
            f"{points(total.earned)}/{points(total.measurable)}", percent(total.permille),
            percent(total.measured_permille),
            counts[Verdict.FAIL], counts[Verdict.UNVERIFIED], dmy(newest.date) if newest else "–",
        ))  # fmt: skip
    columns = ("code", "name", "state", "grade", "points", "percent", "measured", "fails", "unverified", "newest")
    print_table(columns, rows, err=err)
    for code, path in published.cards.items():
        click.echo(f"{code}: {path}", err=err)
    if published.league is not None:
        from auditor.phrases import cli_text

        click.echo(cli_text("audit.league", path=published.league), err=err)

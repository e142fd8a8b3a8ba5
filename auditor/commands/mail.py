"""`auditor mail DOMAIN... | --file LIST`: the mail records of domains, now, and what the rulebook says of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from auditor.commands.common import (
    ADDRESS,
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
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.gather.mail import SpfCheck
    from auditor.mail_domains import JudgedDomain
    from auditor.settings import Settings

_PROGRESS_SECONDS = 5.0


@command("mail")
@argument("domains", nargs=-1, type=DOMAIN)
@option("--file", "list_file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), text="mail-file")
@option("--resolver", "resolvers", multiple=True, type=NAMESERVER)
@option("--selector", "selectors", multiple=True)
@option("--from", "clients", multiple=True, type=ADDRESS, text="mail-from")
@option("--second-look", type=click.FloatRange(min=0))
@json_option
@pass_workplace
@click.pass_context
def mail(
    ctx: click.Context,
    work: Workplace,
    /,
    domains: Sequence[str],
    list_file: Path | None,
    resolvers: Sequence[str],
    selectors: Sequence[str],
    clients: Sequence[str],
    second_look: float | None,
    as_json: bool,
) -> None:
    few_only = bool(clients) or second_look is not None
    if bool(domains) == (list_file is not None) or (few_only and list_file is not None):
        raise CannotRun("mail_whom")
    settings = work.settings
    if resolvers:
        settings = settings.with_audit(resolvers=tuple(resolvers))
    if second_look is not None:
        settings = settings.with_audit(second_look_seconds=second_look)
    if selectors:
        table = settings.mail_domain.model_copy(update={"dkim_selectors": tuple(selectors)})
        settings = settings.model_copy(update={"mail_domain": table})
    if list_file is not None:
        with _opened(list_file) as file:
            ctx.exit(asyncio.run(_stream(work, settings, file, as_json)))
    asyncio.run(_few(work, settings, tuple(dict.fromkeys(name.lower() for name in domains)), clients, as_json))


async def _few(
    work: Workplace, settings: Settings, domains: Sequence[str], clients: Sequence[str], as_json: bool
) -> None:
    """The domains of the command line, in its order; with --json one object. `clients` are addresses for which SPF is
    evaluated, as those of a server that sends as postmaster of the domain."""
    from auditor.audit_context import open_context
    from auditor.gather.mail import check_host
    from auditor.mail_domains import MailJudge

    async with open_context(settings, folder=work.configured, as_of=today(settings)) as context:
        judge = MailJudge(context)
        judged = await judge.judge_few(domains, settings.audit.second_look_seconds, _waiting)
        words = context.rulebook.messages
        checks = {
            domain: {ip: await check_host(ip, f"postmaster@{domain}", domain, context.resolver) for ip in clients}
            for domain in domains
        }
    if as_json:
        print_json({"schema": 1, "domains": [_as_json(one) | _senders(checks[one.domain]) for one in judged]})
        return
    for one in judged:
        _show(one, words)
        for ip, found in checks[one.domain].items():
            result = cli_text(f"mail.spf_{found.result}")
            click.echo(cli_text("mail.sender", ip=ip, result=result, because=found.because, domain=found.domain))


def _waiting(domains: int, seconds: float) -> None:
    log("mail.waiting", count=domains, seconds=f"{seconds:g}")


def _senders(checks: Mapping[str, SpfCheck]) -> dict[str, object]:
    """The key `senders` of a domain's object, only where addresses were given."""
    found = [
        {
            "ip": ip,
            "result": str(one.result),
            "explanation": one.explanation,
            "because": one.because,
            "domain": one.domain,
            "lookups": one.lookups,
            "void_lookups": one.void_lookups,
        }
        for ip, one in checks.items()
    ]
    return {"senders": found} if found else {}


# -- a list of any length ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield file


async def _stream(work: Workplace, settings: Settings, file: BinaryIO, as_json: bool) -> int:
    """Every line's result as it is ready. Exit code 1 if a line was no domain."""
    from auditor.audit_context import open_context
    from auditor.mail_domains import MailJudge, read_list

    started = told = time.monotonic()
    done = bad = 0
    async with open_context(settings, folder=work.configured, as_of=today(settings)) as context:
        words = context.rulebook.messages
        async for line, judged in MailJudge(context).judge_all(read_list(file)):
            if judged is None:
                bad += 1
                log("mail.bad_line", line=line.line, text=line.text)
                if as_json:
                    _json_line({"schema": 1, "line": line.line, "input": line.text, "error": "bad_domain"})
                continue
            done += 1
            if as_json:
                _json_line({"schema": 1, "line": line.line, **_as_json(judged)})
            else:
                _show(judged, words)
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                log("mail.progress", done=done, rate=round(done / (told - started)))
    log("mail.finished", done=done, bad=bad, seconds=round(time.monotonic() - started, 1))
    return COULD_NOT_RUN if bad else DONE


def _json_line(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _show(judged: JudgedDomain, words: Mapping[str, str]) -> None:
    click.echo(cli_text("mail.domain", domain=judged.domain))
    for finding in judged.findings:
        if finding.is_silent:
            continue
        verdict = words[f"verdict.{finding.verdict}"]
        click.echo(cli_text("mail.finding", verdict=verdict, title=finding.title, seen=finding.seen))


def _as_json(judged: JudgedDomain) -> dict[str, object]:
    from reports.jsonout import finding_to_json, mail_to_json

    return {**mail_to_json(judged.facts), "findings": [finding_to_json(finding) for finding in judged.findings]}

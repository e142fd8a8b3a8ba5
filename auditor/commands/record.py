"""What the record holds: `auditor rejudge`, `auditor history CODE`, `auditor criteria [ID]`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from auditor.commands.common import (
    DAY,
    Workplace,
    argument,
    command,
    json_option,
    log,
    now,
    option,
    pass_workplace,
    print_json,
    print_table,
    say,
    today,
)
from auditor.failures import CannotRun
from auditor.phrases import cli_text

if TYPE_CHECKING:
    from auditor.model import Criterion, ObservedSection
    from auditor.model.observed import Cadence
    from auditor.model.redating import RedatingRules, Renewal
    from auditor.rejudge import Rejudged
    from auditor.store import Store


# -- rejudge ----------------------------------------------------------------------------------------------------------


@command("rejudge")
@argument("codes", nargs=-1)
@option("--all", "everybody", is_flag=True, text="rejudge-all")
@option("--as-of", type=DAY, text="rejudge-as-of")
@option("--profile", type=click.Choice(["auto", "chi-thi-2014", "nd42-2022", "cds-2026"]), text="rejudge-profile")
@option("--out", type=click.Path(path_type=Path, file_okay=False))
@json_option
@pass_workplace
def rejudge(
    work: Workplace,
    codes: Sequence[str],
    everybody: bool,
    as_of: date | None,
    profile: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    if bool(codes) == everybody:
        raise CannotRun("rejudge_whom")
    from auditor.nightly import lock_path
    from auditor.runlock import run_lock

    if not work.settings.database.is_file():
        work.store(read_only=True)  # says that there is no database, and where it was expected
    with work.store() as store, run_lock(lock_path(store.path), now()):
        results = _rejudge(work, store, codes, as_of, profile)
    _show(work, results, out, as_json)


def _rejudge(
    work: Workplace, store: Store, codes: Sequence[str], as_of: date | None, profile: str | None
) -> list[Rejudged]:
    from auditor.mailboxes import load_register
    from auditor.rejudge import Rules, choose
    from auditor.rejudge import rejudge as judge_again
    from auditor.rulebook import load_calendar
    from auditor.store import RunKind, RunState
    from auditor.vocabulary import load_vocabulary

    wanted = tuple(dict.fromkeys(codes)) or tuple(row.code for row in store.standings())
    chosen = {code: choose(store, code, as_of) for code in wanted}
    missing = [code for code, number in chosen.items() if number is None]
    if codes and missing:
        raise CannotRun("no_audit", code=missing[0], path=store.path)
    numbers = {code: number for code, number in chosen.items() if number is not None}
    if not numbers:
        raise CannotRun("nothing_to_rejudge", path=store.path)
    vocabulary, calendar = load_vocabulary(work.configured), load_calendar(work.configured)
    register = load_register(work.configured)
    rules = Rules(work.rulebook, vocabulary, calendar, profile, register, work.settings.mail_domain.reports_days)
    run_id = store.begin_run(
        RunKind.REJUDGE, as_of or today(work.settings), work.rulebook.digest, numbers, profile=profile or "", at=now()
    )
    results = []
    for code, number in numbers.items():
        results.append(judge_again(store, run_id, number, rules))
        log("rejudge.done", code=code, changed=len(results[-1].differs))
    store.finish_run(run_id, RunState.DONE, at=now())
    return results


def _show(work: Workplace, results: Sequence[Rejudged], out: Path | None, as_json: bool) -> None:
    from auditor.commands.audit import show_table
    from auditor.publish import write_cards

    names = {agency.code: agency.name for agency in work.registry.agencies}
    audits = [result.audit for result in results]
    folder = out or work.settings.output / "rejudge"
    published = write_cards(audits, folder, work.rulebook, work.settings, names)
    if as_json:
        from reports.jsonout import audit_to_json

        print_json({"schema": 1, "agencies": [
            {**audit_to_json(result.audit), "differs": [_change(change) for change in result.differs],
             "reread_from": result.audit.site.reread_from}
            for result in results
        ]})  # fmt: skip
    show_table(audits, published, work.rulebook.messages, err=as_json)
    for result in results:
        if result.from_facts:
            log("rejudge.from_facts", code=result.audit.agency.code)
        for change in result.differs:
            words = work.rulebook.messages
            before, after = words[f"verdict.{change.before}"], words[f"verdict.{change.after}"]
            code = result.audit.agency.code
            click.echo(
                cli_text("rejudge.change", code=code, title=change.title, before=before, after=after), err=as_json
            )


def _change(change: Any) -> dict[str, str]:
    return {"id": change.id, "before": str(change.before), "after": str(change.after)}


# -- history ----------------------------------------------------------------------------------------------------------


@command("history")
@argument("code")
@option("--limit", type=click.IntRange(min=1), default=30)
@json_option
@pass_workplace
def history(work: Workplace, code: str, limit: int, as_json: bool) -> None:
    from auditor.model.redating import renewals

    with work.store(read_only=True) as store:
        rows = store.history(code, limit)
        audits = [store.audit(row.audit_id) for row in rows]
        lists = store.observed(code)
    if not rows:
        raise CannotRun("no_audit", code=code, path=work.settings.database)
    changed = {row.audit_id: audit.changes for row, audit in zip(rows, audits, strict=True) if audit}
    if as_json:
        nights = [_night(row, changed.get(row.audit_id, ())) for row in rows]
        rules = work.rulebook.redating
        shown = [_list(one, rules, renewals(lists, rules)) for one in lists]
        print_json({"schema": 1, "code": code, "nights": nights, "lists": shown})
        return
    _show_history(work, rows, changed)
    _show_lists(work, lists, rows[0].as_of)


def _show_history(work: Workplace, rows: Sequence[Any], changed: dict[int, Any]) -> None:
    from auditor.model import Verdict
    from reports.text import dmy, percent, points

    words = work.rulebook.messages
    print_table(
        ("night", "version", "state", "grade", "points", "percent", "fails", "unverified", "ruleset"),
        [
            (
                dmy(row.as_of), row.version, words[f"site_state.{row.site_state}"], row.grade or "–",
                f"{points(row.total.earned)}/{points(row.total.measurable)}", percent(row.total.permille),
                row.verdicts.get(Verdict.FAIL, 0), row.verdicts.get(Verdict.UNVERIFIED, 0), row.ruleset[:12],
            )
            for row in rows
        ],
    )  # fmt: skip
    for row in rows:
        for change in changed.get(row.audit_id, ()):
            before, after = words[f"verdict.{change.before}"], words[f"verdict.{change.after}"]
            say("history.change", night=dmy(row.as_of), title=change.title, before=before, after=after)


def _show_lists(work: Workplace, lists: Sequence[ObservedSection], as_of: date) -> None:
    """The watched lists: since when, what came in 30 and 90 days, when the last item came, whose date was moved."""
    from auditor.model.redating import redated, renewals
    from reports.text import dmy

    words = work.rulebook.messages
    say("history.lists")
    print_table(
        ("list", "watched", "nights", "month", "quarter", "last", "changed"),
        [
            (
                words[f"detector.{one.detector}"], dmy(one.nights[0]), len(one.nights), _count(one, as_of, 30),
                _count(one, as_of, 90), dmy(one.newest_arrival.present_on) if one.newest_arrival else "–",
                dmy(one.changed_on[-1]) if one.changed_on else "–",
            )
            for one in lists
            if one.nights
        ],
    )  # fmt: skip
    rules = work.rulebook.redating
    renewed = renewals(lists, rules)
    for one in lists:
        for move in redated(one, rules, renewed):
            moved = {"before": dmy(move.before), "after": dmy(move.after), "night": dmy(move.night)}
            say("history.redated", title=move.item.title, times=len(move.moves), **moved)


def _count(one: ObservedSection, as_of: date, days: int) -> str:
    from auditor.model.observed import observed_cadence

    pace = observed_cadence([one], as_of, days)
    return "–" if pace is None else str(pace.items)


def _paces(one: ObservedSection) -> dict[str, Any]:
    """How often entries came up to the list's last night, by observation and by the dates that they bear."""
    from auditor.model.observed import claimed_cadence, observed_cadence

    def shown(pace: Cadence | None) -> dict[str, Any] | None:
        if pace is None:
            return None
        return {"items": pace.items, "days_with_items": pace.days_with, "per_week": round(pace.per_week, 2)}

    return {
        f"days_{days}": {
            "observed": shown(observed_cadence([one], one.nights[-1], days)),
            "claimed": shown(claimed_cadence([one], one.nights[-1], days)),
        }
        for days in (30, 90)
    }


def _list(one: ObservedSection, rules: RedatingRules, renewed: Sequence[Renewal]) -> dict[str, Any]:
    from auditor.model.redating import redated, renewals

    return {
        "detector": one.detector,
        "label": one.label,
        "url": one.url,
        "nights": list(one.nights),
        "text_changed_on": list(one.changed_on),
        "cadence": _paces(one) if one.nights else None,
        "renewals": [
            {"first": made.first, "last": made.last, "moved": made.moved, "of": made.of}
            for made in renewals([one], rules)
        ],
        "redated": [
            {
                "title": found.item.title,
                "url": found.item.url,
                "before": found.before,
                "after": found.after,
                "night": found.night,
                "text_stayed": found.stayed,
                "moves": [{"night": m.night, "before": m.before, "after": m.after} for m in found.moves],
            }
            for found in redated(one, rules, renewed)
        ],
        "items": [
            {
                "title": item.title,
                "url": item.url,
                "absent_on": item.absent_on,
                "present_on": item.present_on,
                "last_seen": item.last_seen,
                "vanished_on": item.vanished_on,
                "claimed": [{"on": claim.on, "date": claim.date} for claim in item.claims],
            }
            for item in one.items
        ],
    }


def _night(row: Any, changes: Sequence[Any]) -> dict[str, Any]:
    return {
        "as_of": row.as_of,
        "version": row.version,
        "ruleset": row.ruleset,
        "profile": row.profile,
        "site_state": str(row.site_state),
        "grade": row.grade,
        "points": row.total.earned / 10,
        "measurable": row.total.measurable / 10,
        "max": row.total.max / 10,
        "verdicts": {str(verdict): count for verdict, count in row.verdicts.items()},
        "changes": [_change(change) for change in changes],
    }


# -- criteria ---------------------------------------------------------------------------------------------------------


@command("criteria")
@argument("criterion_id", required=False)
@option("--as-of", type=DAY, text="criteria-as-of")
@option("--profile", type=click.Choice(["auto", "chi-thi-2014", "nd42-2022", "cds-2026"]))
@json_option
@pass_workplace
def criteria(work: Workplace, criterion_id: str | None, as_of: date | None, profile: str | None, as_json: bool) -> None:
    book = work.rulebook
    day = as_of or today(work.settings)
    ruleset, rules = book.for_audit(day, profile or work.settings.audit.law_profile)
    if criterion_id is not None:
        rules = tuple(rule for rule in rules if rule.id == criterion_id)
        if not rules:
            raise CannotRun("no_criterion", id=criterion_id, file=book.file)
    if as_json:
        about = {"version": ruleset.version, "profile": ruleset.profile, "requested": ruleset.requested}
        print_json({"schema": 1, "as_of": day, "ruleset": about, "criteria": [_rule(rule) for rule in rules]})
    elif criterion_id is not None:
        _show_rule(rules[0])
    else:
        from reports.text import points

        rows = [(r.id, r.title, points(r.points) if r.counts else "0", cli_text(f"by.{r.by}")) for r in rules]
        print_table(("criterion", "title", "max", "by"), rows)
        say("criteria.ruleset", version=ruleset.version[:12], profile=ruleset.profile_title)


def _show_rule(rule: Criterion) -> None:
    from reports.text import points

    say("criteria.one", id=rule.id, title=rule.title, points=points(rule.points if rule.counts else 0),
        passes_when=rule.passes_when, advice=rule.advice, by=cli_text(f"by.{rule.by}"))  # fmt: skip
    for citation in rule.citations:
        click.echo(f"  - {citation}")
    for note in rule.citation_notes:
        click.echo(f"  {note}")


def _rule(rule: Criterion) -> dict[str, Any]:
    return {
        "id": rule.id,
        "item": rule.item,
        "title": rule.title,
        "title_en": rule.title_en,
        "points": rule.points / 10,
        "counts": rule.counts,
        "by": rule.by,
        "basis": list(rule.citations),
        "passes_when": rule.passes_when,
        "advice": rule.advice,
    }

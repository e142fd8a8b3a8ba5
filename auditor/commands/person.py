"""What a person decides: `auditor attest` (a verdict) and `auditor waive` (an exemption). The card prints both."""

from __future__ import annotations

from datetime import date

import click

from auditor.commands.common import DAY, Workplace, argument, command, option, pass_workplace, say, today
from auditor.failures import CannotRun


@command("attest")
@argument("code")
@argument("criterion")
@argument("verdict", type=click.Choice(["pass", "partial", "fail", "not_applicable"]))
@option("--author", required=True)
@option("--reason", required=True)
@option("--document", default="")
@option("--on", "given_on", type=DAY)
@option("--expires", type=DAY)
@pass_workplace
def attest(
    work: Workplace,
    code: str,
    criterion: str,
    verdict: str,
    author: str,
    reason: str,
    document: str,
    given_on: date | None,
    expires: date | None,
) -> None:
    from auditor.model import Verdict
    from auditor.store import Attestation

    day = _checked(work, code, criterion, given_on, expires)
    with work.store() as store:
        store.add_attestation(Attestation(code, criterion, Verdict(verdict), author, reason, document, day, expires))
    say("person.attested", code=code, criterion=criterion)


@command("waive")
@argument("code")
@argument("criterion")
@option("--author", required=True)
@option("--reason", required=True)
@option("--document", default="")
@option("--on", "given_on", type=DAY)
@option("--expires", type=DAY)
@pass_workplace
def waive(
    work: Workplace,
    code: str,
    criterion: str,
    author: str,
    reason: str,
    document: str,
    given_on: date | None,
    expires: date | None,
) -> None:
    from auditor.store import Waiver

    day = _checked(work, code, criterion, given_on, expires)
    with work.store() as store:
        store.add_waiver(Waiver(code, criterion, author, reason, document, day, expires))
    say("person.waived", code=code, criterion=criterion)


def _checked(work: Workplace, code: str, criterion: str, given_on: date | None, expires: date | None) -> date:
    """The day of the decision. Raises CannotRun for an unknown agency or criterion, or an expiry before it."""
    work.agencies([code])
    if criterion not in work.rulebook.criterion_ids:
        raise CannotRun("no_criterion", id=criterion, file=work.rulebook.file)
    day = given_on or today(work.settings)
    if expires is not None and expires < day:
        raise CannotRun("expired_already", expires=f"{expires:%d/%m/%Y}")
    return day

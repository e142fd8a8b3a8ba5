"""Outbox to SMTP: each queued message is handed to the mail server once, with STARTTLS or TLS.

States: queued -> sending -> sent, or back to queued (the server asked to try later), or failed (it refused for good; a
person decides). What was handed over is marked sent at the server's 250, before the next command.

A message that is still `sending` after `stale_after` was claimed by a sender that died, or whose connection broke after
the data began. Nobody can ask the server whether it took that message (RFC 5321 has no such command; RFC 1047 describes
the dilemma). The rule here: it is sent again, with the same bytes and therefore the same Message-ID and Date. A
scorecard that never arrives is worse than one that arrives twice, and mailbox servers recognise the second copy by its
Message-ID. Every other path sends nothing twice. `stale_after` is longer than the 10 minutes that RFC 5321
section 4.5.3.2.6 gives the server to answer the end of the data, so a sender that is still alive is never overtaken.
"""

from __future__ import annotations

import os
import re
import smtplib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Protocol

from auditor.smtp import DeliveryError, DeliveryTrouble, SmtpSettings, connected, server_words
from auditor.store import Delivery, DeliveryState

__all__ = [
    "DeliveryError", "DeliveryReport", "DeliveryTrouble", "Outbox", "Problem", "SmtpSettings", "deliver",
    "queue_messages", "write_eml",
]  # fmt: skip

STALE_AFTER = timedelta(minutes=30)
MAX_ATTEMPTS = 20
_END_OF_DATA_SECONDS = 600.0  # RFC 5321 section 4.5.3.2.6


class Outbox(Protocol):
    """What is needed of auditor.store.Store."""

    def queue_delivery(
        self,
        message_id: str,
        recipients: Sequence[str],
        subject: str,
        message: bytes,
        *,
        kind: str = "",
        as_of: date | None = None,
        at: datetime | None = None,
    ) -> int: ...
    def claim_delivery(
        self, delivery_id: int | None = None, *, again: bool = False, at: datetime | None = None
    ) -> Delivery | None: ...
    def mark_sent(self, delivery_id: int, *, at: datetime | None = None) -> None: ...
    def mark_failed(
        self, delivery_id: int, error: str, *, remaining: Sequence[str] | None = None, retry: bool = False
    ) -> None: ...
    def undelivered(self) -> Sequence[Delivery]: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One message that was not (fully) handed over. `retry`: it waits in the outbox for the next sending."""

    message_id: str
    subject: str
    kind: DeliveryTrouble
    retry: bool
    recipients: tuple[str, ...] = ()  # those who did not get it
    detail: str = ""  # the server's words

    @property
    def key(self) -> str:
        return f"delivery.{self.kind}"

    @property
    def fields(self) -> dict[str, object]:
        return {"subject": self.subject, "recipients": ", ".join(self.recipients), "detail": self.detail}


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of one sending: Message-IDs handed over to every recipient, and the problems."""

    sent: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Tally:
    sent: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Trouble(Exception):
    """Sending one message stopped. `again`: nothing was taken and a later attempt may succeed."""

    def __init__(self, kind: DeliveryTrouble, detail: str, *, again: bool, lost: bool = False) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.again, self.lost = kind, detail, again, lost


def queue_messages(
    outbox: Outbox, messages: Iterable[EmailMessage], *, kind: str, as_of: date, at: datetime | None = None
) -> list[int]:
    """Put messages into the outbox; their Message-ID keeps what is queued twice from being sent twice. Returns ids."""
    return [
        outbox.queue_delivery(
            str(message["Message-ID"]),
            [address.addr_spec for address in message["To"].addresses],
            str(message["Subject"]),
            message.as_bytes(policy=SMTP_POLICY),
            kind=kind,
            as_of=as_of,
            at=at,
        )
        for message in messages
    ]


def deliver(
    outbox: Outbox,
    smtp: SmtpSettings,
    *,
    now: datetime | None = None,
    stale_after: timedelta = STALE_AFTER,
    retry_failed: bool = False,
    environment: Mapping[str, str] | None = None,
) -> DeliveryReport:
    """Send everything that waits in the outbox, each message once, over one connection.

    Also what a dead sender left behind more than `stale_after` ago, and with `retry_failed` what a person wants tried
    again. Raises DeliveryError if the server cannot be reached, trusted or logged in to: the outbox is then untouched.
    """
    moment = now or datetime.now(UTC)
    waiting = [one for one in outbox.undelivered() if _due(one, moment, stale_after, retry_failed)]
    tally = _Tally()
    if not waiting:
        return DeliveryReport()
    with connected(smtp, os.environ if environment is None else environment) as server:
        for one in waiting:
            claimed = outbox.claim_delivery(one.id, again=one.state is DeliveryState.SENDING, at=now)
            if claimed is not None and not _send(outbox, server, smtp, claimed, tally, now):
                break  # the connection is gone; what is left waits for the next sending
    return DeliveryReport(tuple(tally.sent), tuple(tally.problems))


def write_eml(messages: Iterable[EmailMessage], folder: Path) -> list[Path]:
    """Write messages as 01-….eml, 02-….eml into `folder` (made if missing) instead of sending them. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, message in enumerate(messages, start=1):
        name = re.sub(r"[^a-z0-9]+", "", str(message["Message-ID"]).partition("@")[0].lower())[:16]
        path = folder / f"{number:02d}-{name}.eml"
        path.write_bytes(message.as_bytes(policy=SMTP_POLICY))
        paths.append(path)
    return paths


def _due(one: Delivery, now: datetime, stale_after: timedelta, retry_failed: bool) -> bool:
    if one.state is DeliveryState.SENDING:
        return one.claimed_at is None or now - one.claimed_at >= stale_after
    return one.state is DeliveryState.QUEUED or (retry_failed and one.state is DeliveryState.FAILED)


def _send(
    outbox: Outbox, server: smtplib.SMTP, smtp: SmtpSettings, one: Delivery, tally: _Tally, now: datetime | None
) -> bool:
    """Hand over one claimed message and note what became of it. False: the connection cannot be used any more."""
    try:
        refused = _hand_over(server, smtp, one)
    except _Trouble as trouble:
        again = trouble.again and one.attempts < MAX_ATTEMPTS
        unsure = trouble.kind is DeliveryTrouble.OUTCOME_UNKNOWN
        if not unsure:  # what is unsure stays `sending` until it is stale
            outbox.mark_failed(one.id, f"{trouble.kind}: {trouble.detail}", retry=again)
        tally.problems.append(
            Problem(one.message_id, one.subject, trouble.kind, again or unsure, one.recipients, trouble.detail)
        )
        return not trouble.lost
    if not refused:
        outbox.mark_sent(one.id, at=now)
        tally.sent.append(one.message_id)
        return True
    later = tuple(address for address, (code, _) in refused.items() if code < 500)
    detail = "; ".join(f"{address}: {code} {text}" for address, (code, text) in refused.items())
    retry = bool(later) and one.attempts < MAX_ATTEMPTS
    remaining = later if retry else tuple(refused)
    outbox.mark_failed(one.id, f"{DeliveryTrouble.RECIPIENT_REFUSED}: {detail}", remaining=remaining, retry=retry)
    tally.problems.append(
        Problem(one.message_id, one.subject, DeliveryTrouble.RECIPIENT_REFUSED, retry, tuple(refused), detail)
    )
    return True


def _hand_over(server: smtplib.SMTP, smtp: SmtpSettings, one: Delivery) -> dict[str, tuple[int, str]]:
    """One mail transaction (RFC 5321 section 3.3). Returns the recipients refused while others were served."""
    refused: dict[str, tuple[int, str]] = {}
    try:
        _wait_at_most(server, smtp.timeout)
        server.rset()
        options = [f"size={len(one.message)}"] if server.has_extn("size") else []
        code, reply = server.mail(smtp.sender, options)
        if code != 250:
            too_large = code in (452, 552) and bool(options)
            kind = DeliveryTrouble.MESSAGE_TOO_LARGE if too_large else DeliveryTrouble.SENDER_REFUSED
            raise _Trouble(kind, f"{code} {server_words(reply)}", again=code < 500, lost=code == 421)
        for address in one.recipients:
            code, reply = server.rcpt(address) if address.isascii() else (553, b"SMTPUTF8")
            if code not in (250, 251):
                refused[address] = (code, server_words(reply))
        if len(refused) == len(one.recipients):
            raise _all_refused(refused)
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise _Trouble(DeliveryTrouble.CONNECTION_LOST, server_words(error), again=True, lost=True) from error
    _hand_over_data(server, one.message)
    return refused


def _hand_over_data(server: smtplib.SMTP, message: bytes) -> None:
    try:
        _wait_at_most(server, _END_OF_DATA_SECONDS)
        code, reply = server.data(message)
    except smtplib.SMTPDataError as error:  # refused at DATA itself: nothing was transferred
        kind, words = DeliveryTrouble.MESSAGE_REFUSED, f"{error.smtp_code} {server_words(error.smtp_error)}"
        raise _Trouble(kind, words, again=error.smtp_code < 500, lost=error.smtp_code == 421) from error
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        raise _Trouble(DeliveryTrouble.OUTCOME_UNKNOWN, server_words(error), again=False, lost=True) from error
    if code != 250:
        kind = DeliveryTrouble.MESSAGE_TOO_LARGE if code == 552 else DeliveryTrouble.MESSAGE_REFUSED
        raise _Trouble(kind, f"{code} {server_words(reply)}", again=code < 500, lost=code == 421)


def _wait_at_most(server: smtplib.SMTP, seconds: float) -> None:
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _all_refused(refused: Mapping[str, tuple[int, str]]) -> _Trouble:
    detail = "; ".join(f"{address}: {code} {text}" for address, (code, text) in refused.items())
    codes = [code for code, _ in refused.values()]
    return _Trouble(DeliveryTrouble.RECIPIENT_REFUSED, detail, again=any(c < 500 for c in codes), lost=421 in codes)

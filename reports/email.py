"""The weekly mail with league table and cards, and the short alert after a night. Builds messages, sends none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Protocol

import css_inline

from auditor.model import AgencyAudit, Finding, Verdict
from reports.league import league_of, mail_blocks
from reports.packing import Attachment, card_files, encoded_size, pack
from reports.run import RunInfo
from reports.text import Wording, clean, dmy, environment, local

#: Text and HTML together, as they travel (base64). Larger mails are cut by webmail.
MAX_BODY = 80_000
_HEADERS = 4_000
_LATER_BODY = 12_000
_FULL_ROWS = 10
_MOST_NAMES = 60
_INLINER = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


class MailSettings(Protocol):
    """What this module needs of the settings' [delivery] table."""

    @property
    def recipients(self) -> Sequence[str]: ...
    @property
    def sender(self) -> str: ...
    @property
    def max_message_mb(self) -> float: ...
    @property
    def max_attached_cards(self) -> int: ...
    @property
    def department(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NewFail:
    """A verdict that newly became fail, with the words and the link that prove it."""

    code: str
    agency: str
    title: str
    before: Verdict
    seen: str
    url: str = ""


def new_fails_of(audits: Sequence[AgencyAudit]) -> list[NewFail]:
    """Every change to fail in `audits`, except in the shared mail block, which is reported once (under its domain)."""
    found: list[NewFail] = []
    shared: set[str] = set()
    for audit in audits:
        by_id = {finding.id: finding for finding in audit.findings}
        for change in audit.changes:
            finding = by_id.get(change.id)
            if change.after is not Verdict.FAIL or finding is None:
                continue
            code, name = audit.agency.code, audit.agency.name
            if finding.item == "mail":
                code = name = audit.mail.domain if audit.mail else code
                if f"{code} {change.id}" in shared:
                    continue
                shared.add(f"{code} {change.id}")
            found.append(NewFail(code, name, change.title, change.before, finding.seen, _link_of(finding)))
    return found


def build_weekly(
    audits: Sequence[AgencyAudit],
    messages: Mapping[str, str],
    settings: MailSettings,
    cards: Mapping[str, str],
    *,
    sent_at: datetime,
    run: RunInfo | None = None,
    league_html: str = "",
    grade_words: Mapping[str, str] | None = None,
    key: str = "",
) -> list[EmailMessage]:
    """The mail with the league table and all cards, as one message or, beyond `max_message_mb`, as several.

    `cards` maps agency codes to card pages, `league_html` is the full table to attach. `key` names what is delivered
    (default: these very audits): the same key, recipients and part always give the same Message-ID, by which the outbox
    knows a message that it already holds. Raises ValueError without audits.
    """
    if not audits:
        raise ValueError("no audits to report")
    as_of = max(audit.as_of for audit in audits)
    limit = int(settings.max_message_mb * 1_000_000)
    table = Attachment(f"bang-xep-hang-{as_of}.html", "text", "html", league_html.encode("utf-8", "replace"))
    first_room = limit - MAX_BODY - _HEADERS
    with_table = bool(league_html) and table.encoded_size <= first_room
    packed = pack(
        card_files(cards, as_of),
        first_room=first_room - (table.encoded_size if with_table else 0),
        later_room=limit - _LATER_BODY - _HEADERS,
        singly_up_to=settings.max_attached_cards,
        zip_name=f"phieu-danh-gia-{as_of}",
    )
    wording = Wording(messages)
    context = _weekly_context(audits, wording, run) | {
        "as_of": as_of,
        "department": settings.department,
        "grade_words": grade_words or {},
        "parts": len(packed.parts),
        "left_out": packed.left_out[:_MOST_NAMES],
        "left_out_count": len(packed.left_out),
        "with_table": with_table,
        "cards": len(cards) - len(packed.left_out),
    }
    made = []
    for number, attachments in enumerate(packed.parts, start=1):
        subject = wording.word("mail.subject_weekly", date=dmy(as_of))
        if len(packed.parts) > 1:
            subject = wording.word("mail.subject_part", subject=subject, part=number, parts=len(packed.parts))
        message = _message(settings, subject, sent_at, f"{key or _key_of(audits)}/{number}")
        names = [attachment.name for attachment in attachments]
        _fill_body(message, "email_weekly", context | {"part": number, "names": names}, len(audits))
        for attachment in ((table,) if with_table and number == 1 else ()) + tuple(attachments):
            _attach(message, attachment)
        made.append(message)
    return made


def build_alert(
    new_fails: Sequence[NewFail],
    run: RunInfo,
    messages: Mapping[str, str],
    settings: MailSettings,
    *,
    sent_at: datetime,
    key: str = "",
) -> list[EmailMessage]:
    """One short message if a verdict newly became fail or the run went wrong; otherwise none.

    `key` as for build_weekly (default: "alert:<as_of>").
    """
    if not new_fails and not run.went_wrong:
        return []
    wording = Wording(messages)
    kind = "both" if new_fails and run.went_wrong else "new_fails" if new_fails else "run_failed"
    subject = wording.word(f"mail.subject_{kind}", date=dmy(run.as_of), count=len(new_fails))
    message = _message(settings, subject, sent_at, key or f"alert:{run.as_of}")
    context = {
        "run": run,
        "as_of": run.as_of,
        "fails": _by_agency(new_fails),
        "fail_count": len(new_fails),
        "department": settings.department,
        "word": wording.word,
    }
    _fill_body(message, "email_alert", context, len(new_fails) + len(run.failures))
    return [message]


def _key_of(audits: Sequence[AgencyAudit]) -> str:
    """Names exactly these audits: one that was made or judged again makes another delivery, a second `send` none."""
    lines = sorted(
        f"{audit.agency.code} {audit.as_of} {audit.finished_at.isoformat()} {audit.ruleset.version}" for audit in audits
    )
    return "weekly:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _weekly_context(audits: Sequence[AgencyAudit], wording: Wording, run: RunInfo | None) -> dict[str, Any]:
    league = league_of(audits)
    fails = new_fails_of(audits)
    return {
        "league": league,
        "full_rows": len(league.ranked) if len(league.ranked) <= _FULL_ROWS + 5 else _FULL_ROWS,
        "fails": _by_agency(fails),
        "fail_count": len(fails),
        "run": run,
        "ruleset": ", ".join(sorted({audit.ruleset.version[:12] for audit in audits})),
        "profile": "; ".join(sorted({audit.ruleset.profile_title for audit in audits})),
        "mail_blocks": mail_blocks(audits)[:5],
        "word": wording.word,
    }


def _by_agency(fails: Sequence[NewFail]) -> list[tuple[str, list[NewFail]]]:
    groups: dict[str, list[NewFail]] = {}
    for fail in fails:
        groups.setdefault(fail.code, []).append(fail)
    return [(members[0].agency, members) for members in groups.values()]


def _link_of(finding: Finding) -> str:
    return finding.evidence[0].url if finding.evidence else ""


def _message(settings: MailSettings, subject: str, sent_at: datetime, key: str) -> EmailMessage:
    """An empty message with its headers (RFC 5322 section 3.6; RFC 3834 section 5 for Auto-Submitted)."""
    message = EmailMessage(policy=SMTP)
    sender = settings.sender or "auditor@localhost"
    message["From"] = sender
    message["To"] = ", ".join(settings.recipients)
    message["Subject"] = clean(subject, 200)
    message["Date"] = format_datetime(local(sent_at))
    message["Message-ID"] = stable_message_id(key, settings.recipients, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def stable_message_id(key: str, recipients: Sequence[str], sender: str) -> str:
    """A Message-ID that depends on nothing but what is sent, to whom and by whom (RFC 5322 section 3.6.4)."""
    digest = hashlib.sha256("\n".join([key, sender, *sorted(recipients)]).encode()).hexdigest()[:32]
    domain = sender.rpartition("@")[2]
    return f"<{digest}@{domain if domain.isascii() else 'localhost'}>"


def _fill_body(message: EmailMessage, template: str, context: dict[str, Any], most: int) -> None:
    """Text and HTML, with as many rows as MAX_BODY allows; what is cut is said in the text."""
    rows = most
    while True:
        text, html = _bodies(template, context | {"rows": rows})
        size = encoded_size(len(text.encode())) + encoded_size(len(html.encode()))
        if size <= MAX_BODY or rows == 0:
            break
        rows = min(rows * 4 // 5, rows * MAX_BODY // size)
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")


def _bodies(template: str, context: dict[str, Any]) -> tuple[str, str]:
    text = environment(markup=False).get_template(f"{template}.txt.j2").render(context)
    html = environment().get_template(f"{template}.html.j2").render(context)
    return text, _INLINER.inline(html)


def _attach(message: EmailMessage, file: Attachment) -> None:
    parameters = {"charset": "utf-8"} if file.maintype == "text" else {}
    message.add_attachment(
        file.content, maintype=file.maintype, subtype=file.subtype, filename=file.name, params=parameters
    )

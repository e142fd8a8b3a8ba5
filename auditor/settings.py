"""auditor.toml -> Settings: the working folder's file over the shipped one, which is the only place of defaults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from auditor.configuration import ConfigError, Document, Location
from config import shipped_folder

SETTINGS_FILE = "auditor.toml"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_time(text: str) -> time:
    """ "01:30" -> time(1, 30). Raises ValueError."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    if not match:
        raise ValueError(text)
    return time(int(match[1]), int(match[2]))


def parse_weekly(text: str) -> tuple[str, time]:
    """ "mon 07:30" -> ("mon", time(7, 30)). Raises ValueError."""
    day, _, clock = text.strip().lower().partition(" ")
    if day not in _DAYS:
        raise ValueError(text)
    return day, parse_time(clock)


def parse_nameserver(text: str) -> tuple[str, int]:
    """ "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53" -> (address, port). Raises ValueError."""
    text = text.strip()
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([0-9.]+):(\d{1,5})", text)
    if match:
        address, port = (match[1] or match[3]), int(match[2] or match[4] or 53)
    else:
        address, port = text, 53
    ip_address(address)
    if not 0 < port < 65536:
        raise ValueError(text)
    return address, port


def looks_like_mailbox(text: str) -> bool:
    """One "@", a local part and a dotted domain, no blanks: enough to catch a slip of the pen."""
    return re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;.]+(\.[^@\s<>,;.]+)+", text) is not None


def looks_like_domain(text: str) -> bool:
    """Dotted name of letters, digits and hyphens (internationalised names in their own letters are allowed)."""
    return re.fullmatch(r"(?!-)[\w-]+(\.[\w-]+)+", text) is not None


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(name) from error


def _connect_to(text: str) -> None:
    # HOST and PORT may be empty, IPv6 stands in brackets: the shape of curl's --connect-to.
    if not re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*):(\d*):(\[[^\]]*\]|[^:\[\]]*):(\d*)", text):
        raise ValueError(text)


def _mailbox(text: str) -> None:
    if not looks_like_mailbox(text):
        raise ValueError(text)


def _domain(text: str) -> None:
    if not looks_like_domain(text):
        raise ValueError(text)


def _rdap(text: str) -> None:
    # A base address (RFC 9224 section 3): HTTPS, so that nobody on the way writes the answer, or this machine itself.
    itself = r"http://(localhost|127(\.\d{1,3}){3}|\[::1\])"
    if not re.fullmatch(rf"(https://[^/?#@:\s\\]+|{itself})(:\d{{1,5}})?(/[^?#\s\\]*)?", text, re.ASCII):
        raise ValueError(text)


def _checked(parse: Callable[[str], object], expected: str, *, or_empty: bool = False) -> AfterValidator:
    """A text that `parse` accepts. Anything else is worded by the message `config.expected.<expected>`."""

    def keep(text: str) -> str:
        if text or not or_empty:
            try:
                parse(text)
            except ValueError as error:
                raise PydanticCustomError(expected, "refused") from error
        return text

    return AfterValidator(keep)


Text = StrictStr
Switch = StrictBool
Count = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]
CountOrNone = Annotated[StrictInt, Field(ge=0, le=100_000)]
Amount = Annotated[StrictFloat, Field(ge=0, le=86_400, allow_inf_nan=False)]
PositiveAmount = Annotated[StrictFloat, Field(gt=0, le=86_400, allow_inf_nan=False)]
Port = Annotated[StrictInt, Field(ge=1, le=65535)]
PathText = Annotated[StrictStr, Field(min_length=1)]
HourMinute = Annotated[StrictStr, _checked(parse_time, "cfg_hour_minute")]
Weekly = Annotated[StrictStr, _checked(parse_weekly, "cfg_day_and_hour")]
Zone = Annotated[StrictStr, _checked(_timezone, "cfg_timezone")]
Nameserver = Annotated[StrictStr, _checked(parse_nameserver, "cfg_nameserver")]
ConnectToText = Annotated[StrictStr, _checked(_connect_to, "cfg_connect_to")]
Mailbox = Annotated[StrictStr, _checked(_mailbox, "cfg_mailbox")]
MailboxOrEmpty = Annotated[StrictStr, _checked(_mailbox, "cfg_mailbox", or_empty=True)]
Domain = Annotated[StrictStr, _checked(_domain, "cfg_domain")]
RdapOrEmpty = Annotated[StrictStr, _checked(_rdap, "cfg_rdap", or_empty=True)]


class Table(BaseModel):
    """One [table] of auditor.toml: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AuditSettings(Table):
    law_profile: Literal["auto", "chi-thi-2014", "nd42-2022", "cds-2026"]
    budget_pages: Count
    form_files: CountOrNone
    usual_pages: Count
    delay_seconds: Amount
    second_look_seconds: Amount
    nightly_second_look_minutes: Amount
    allow_private: Switch
    resolvers: tuple[Nameserver, ...]
    second_resolvers: tuple[Nameserver, ...]
    connect_to: tuple[ConnectToText, ...]
    ca_file: Text
    user_agent_contact: Text
    concurrency: Count

    @property
    def nameservers(self) -> tuple[tuple[str, int], ...]:
        """(address, port) of each resolver; empty means the machine's own."""
        return tuple(parse_nameserver(text) for text in self.resolvers)

    @property
    def second_nameservers(self) -> tuple[tuple[str, int], ...]:
        return tuple(parse_nameserver(text) for text in self.second_resolvers)


class LimitSettings(Table):
    max_page_bytes: Count
    connect_timeout_seconds: PositiveAmount
    read_timeout_seconds: PositiveAmount
    total_timeout_seconds: PositiveAmount
    dns_timeout_seconds: PositiveAmount
    max_redirects: CountOrNone


class MailDomainSettings(Table):
    domains: tuple[Domain, ...]
    dkim_selectors: tuple[Text, ...]
    samples_folder: Text
    smtp_look: Literal["auto", "off"]
    nameserver_look: Literal["auto", "off"]
    rdap_url: RdapOrEmpty
    reports_folder: Text
    reports_days: Count


class BrowserSettings(Table):
    enabled: Switch
    executable: Text
    seconds: PositiveAmount
    pages: Count


class ScheduleSettings(Table):
    nightly_at: HourMinute
    latest_start: HourMinute
    timezone: Zone

    @property
    def nightly_time(self) -> time:
        return parse_time(self.nightly_at)

    @property
    def latest_time(self) -> time:
        return parse_time(self.latest_start)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class DeliverySettings(Table):
    recipients: tuple[Mailbox, ...]
    sender: MailboxOrEmpty
    weekly: Weekly
    every_night: Switch
    max_message_mb: PositiveAmount
    max_attached_cards: CountOrNone
    smtp_host: Text
    smtp_port: Port
    smtp_security: Literal["starttls", "tls", "none"]
    smtp_username: Text
    smtp_password_env: Text
    smtp_password_file: Text
    department: Text
    objection_contact: Text

    @property
    def weekly_at(self) -> tuple[str, time]:
        """Day of the week as APScheduler writes it ("mon") and the time of day."""
        return parse_weekly(self.weekly)


class PathSettings(Table):
    database: PathText
    output: PathText
    evidence_keep_nights: CountOrNone


class Tables(Table):
    """What may stand in auditor.toml."""

    audit: AuditSettings
    limits: LimitSettings
    mail_domain: MailDomainSettings
    browser: BrowserSettings
    schedule: ScheduleSettings
    delivery: DeliverySettings
    paths: PathSettings


class Settings(Tables):
    """All of auditor.toml. `folder` is the working folder, against which relative paths are taken; `file` the file
    that a user must edit, or None where only the shipped defaults are in use."""

    folder: Path
    file: Path | None = None

    @property
    def database(self) -> Path:
        return self.folder / self.paths.database

    @property
    def output(self) -> Path:
        return self.folder / self.paths.output

    @property
    def ca_file(self) -> Path | None:
        return self.folder / self.audit.ca_file if self.audit.ca_file else None

    @property
    def reports_folder(self) -> Path | None:
        return self.folder / self.mail_domain.reports_folder if self.mail_domain.reports_folder else None

    @property
    def samples_folder(self) -> Path | None:
        """Where messages signed by the province's servers lie; None if nobody named a folder."""
        return self.folder / self.mail_domain.samples_folder if self.mail_domain.samples_folder else None

    @property
    def smtp_password_file(self) -> Path | None:
        return self.folder / self.delivery.smtp_password_file if self.delivery.smtp_password_file else None

    def with_audit(self, **values: object) -> Settings:
        """A copy with some keys of [audit] replaced, as options do. Raises pydantic's ValidationError."""
        audit = AuditSettings.model_validate({**self.audit.model_dump(), **values})
        return self.model_copy(update={"audit": audit})

    def line_of(self, field: str) -> int:
        """Where "delivery.recipients" stands in the file that the user edits (the shipped one if he has none)."""
        text = (self.file or shipped_folder() / SETTINGS_FILE).read_text(encoding="utf-8-sig")
        return Document("", {}, find_lines(text)).line(*field.split("."))


def load_settings(folder: Path | None = None) -> Settings:
    """The shipped auditor.toml with the folder's own over it, key by key; without such a file, shipped only.

    Raises ConfigError (file, line, field, what was expected) for bad TOML, unknown keys and bad values.
    """
    document = read_toml(shipped_folder() / SETTINGS_FILE)
    file = folder / SETTINGS_FILE if folder is not None else None
    if file is not None and file.is_file():
        own = read_toml(file)
        document = Document(own.file, _merge(document.data, own.data), own.lines)
    else:
        file = None
    tables = document.parse(Tables)
    return Settings(folder=folder or Path(), file=file, **{name: getattr(tables, name) for name in Tables.model_fields})


def read_toml(path: Path) -> Document:
    """A TOML file's data and the line of each key. Raises ConfigError if it cannot be read, decoded or parsed."""
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows editors put a byte order mark in front
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), error.object[: error.start].count(b"\n") + 1, expected="utf8") from error
    except OSError as error:
        raise ConfigError(str(path), expected="readable_file", found=error.strerror) from error
    try:
        return Document(str(path), tomllib.loads(text), find_lines(text))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise ConfigError(str(path), line, expected="cfg_toml", found=str(error)) from error


def find_lines(text: str) -> dict[Location, int]:
    """The line (from 1) of each [table] and key of a TOML text. tomllib keeps no positions, so this scans for them."""
    lines: dict[Location, int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.match(r"\s*\[+\s*([^\[\]=#]+?)\s*\]+\s*(#.*)?$", line):
            table = _key(match[1])
            lines.setdefault(table, number)
        elif match := re.match(r"""\s*([\w.\s"'-]+?)\s*=""", line):
            key = (*table, *_key(match[1]))
            for length in range(1, len(key) + 1):
                lines.setdefault(key[:length], number)
    return lines


def _key(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _merge(shipped: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    merged = dict(shipped)
    for name, value in own.items():
        under = shipped.get(name)
        merged[name] = {**under, **value} if isinstance(under, dict) and isinstance(value, dict) else value
    return merged

"""config/agencies.yaml -> Registry: whom the auditor looks at, and what is wrong with that list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from auditor.configuration import Document, load_yaml
from auditor.model import Agency, AgencyKind, MailDomainUse, SiteScope, SiteStatus, fold_host
from auditor.settings import Domain, Mailbox
from config import shipped_folder

REGISTRY_FILE = "agencies.yaml"
_INHERITED = ("enabled", "valid_from", "valid_to", "mail_domain", "accepted_mail_domains", "portal_hosts")


@dataclass(frozen=True, slots=True)
class Registry:
    """All agencies in the order of the file. `file` is where they came from."""

    agencies: tuple[Agency, ...]
    file: str = ""

    def by_code(self) -> Mapping[str, Agency]:
        return {agency.code: agency for agency in self.agencies}

    @property
    def enabled(self) -> tuple[Agency, ...]:
        return tuple(agency for agency in self.agencies if agency.enabled)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the registry that contradicts itself. Its words are the message `registry.problem.<key>`."""

    key: str
    code: str  # the agency
    field: str
    found: str
    other: str = ""  # the other agency or value that it clashes with
    blocking: bool = True  # False: worth a look, may be true of the real world


def _refuse(expected: str, **details: object) -> PydanticCustomError:
    return PydanticCustomError(expected, "refused", dict(details))


def _code(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", text):
        raise _refuse("cfg_code")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.username
    except ValueError:  # a port that is no number, a broken [v6] address
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f\\]", text):
        raise _refuse("cfg_url")
    return text


def _prefix(text: str) -> str:
    if not text.startswith("/") or re.search(r"[\s?#\\]|//", text):
        raise _refuse("cfg_path_prefix")
    return text.rstrip("/") + "/"


def _host(text: str) -> str:
    if not re.fullmatch(r"(?!-)[\w-]+(\.[\w-]+)*|\[[0-9a-fA-F:]+\]", text):
        raise _refuse("cfg_host")
    return text.lower()


def _name(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise _refuse("cfg_name")
    return text


def _phone(text: str) -> str:
    if sum(char.isdigit() for char in text) < 8 or not re.fullmatch(r"[\d\s()+./-]+", text):
        raise _refuse("cfg_phone")
    return text.strip()


Host = Annotated[StrictStr, AfterValidator(_host)]
Code = Annotated[StrictStr, AfterValidator(_code)]
Name = Annotated[StrictStr, AfterValidator(_name)]
Phone = Annotated[StrictStr, AfterValidator(_phone)]
Day = Annotated[date, Field(strict=True)]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ScopeEntry(Entry):
    host: Host | None = None  # None: the host of `url`
    prefix: Annotated[StrictStr, AfterValidator(_prefix)] = "/"
    also: tuple[Annotated[StrictStr, Field(min_length=2)], ...] = ()
    extra_hosts: tuple[Host, ...] = ()


class MailDomainEntry(Entry):
    domain: Domain
    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    successor: StrictBool = False


class AgencyEntry(Entry):
    """One entry of `agencies:`. Its keys are explained at the head of config/agencies.yaml."""

    code: Code
    name: Name
    kind: AgencyKind = AgencyKind.OTHER
    enabled: StrictBool = True
    status: SiteStatus | None = None
    url: Annotated[StrictStr, AfterValidator(_url)] | None = None
    scope: ScopeEntry | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    predecessors: tuple[Code, ...] = ()
    successors: tuple[Code, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    phones: tuple[Phone, ...] = ()
    address: StrictStr = ""
    mail_domain: Domain | None = None
    accepted_mail_domains: tuple[MailDomainEntry, ...] = ()
    operates_mail: StrictBool = False
    short_names: tuple[Name, ...] = ()
    portal_hosts: tuple[Host, ...] = ()
    note: StrictStr = ""

    @model_validator(mode="after")
    def _status_fits_address(self) -> AgencyEntry:
        if self.status is SiteStatus.DECLARED and self.url is None:
            raise _refuse("cfg_url_for_status", status=str(self.status))
        if self.status in (SiteStatus.TO_VERIFY, SiteStatus.NONE) and self.url is not None:
            raise _refuse("cfg_no_url_for_status", status=str(self.status))
        return self

    def agency(self) -> Agency:
        """The noun. Without a scope the whole host of `url` is the agency's, never the folder of `url`."""
        scope = self.scope or ScopeEntry()
        host = scope.host or (urlsplit(self.url).hostname if self.url else None)
        return Agency(
            code=self.code,
            name=self.name,
            kind=self.kind,
            enabled=self.enabled,
            site_status=self.status or (SiteStatus.DECLARED if self.url else SiteStatus.TO_VERIFY),
            url=self.url,
            scope=SiteScope(host, scope.prefix, scope.also, scope.extra_hosts) if host else None,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            predecessors=self.predecessors,
            successors=self.successors,
            mailboxes=self.mailboxes,
            phones=self.phones,
            address=self.address,
            mail_domain=self.mail_domain,
            accepted_mail_domains=tuple(
                MailDomainUse(use.domain.lower(), use.from_, use.to, use.successor)
                for use in self.accepted_mail_domains
            ),
            operates_mail=self.operates_mail,
            short_names=self.short_names,
            portal_hosts=self.portal_hosts,
        )


class Defaults(Entry):
    """`defaults:`: what every entry has that does not say otherwise."""

    enabled: StrictBool = True
    valid_from: Day | None = None
    valid_to: Day | None = None
    mail_domain: Domain | None = None
    accepted_mail_domains: tuple[MailDomainEntry, ...] = ()
    portal_hosts: tuple[Host, ...] = ()


class RegistryFile(Entry):
    """The whole file; entries are checked one by one, so that their defaults are in."""

    defaults: Defaults = Defaults()
    agencies: tuple[dict[str, Any], ...] = Field(min_length=1)


def registry_path(path: Path | None = None) -> Path:
    """The file to read: `path` itself, agencies.yaml in it if it is a folder that has one, else the shipped file."""
    if path is None or (path.is_dir() and not (path / REGISTRY_FILE).is_file()):
        return shipped_folder() / REGISTRY_FILE
    return path / REGISTRY_FILE if path.is_dir() else path


def load_agencies(path: Path | None = None) -> Registry:
    """All agencies of a registry file, a folder that holds one, or the shipped one.

    Raises ConfigError for what cannot be understood, and for a code that stands twice. Contradictions between sound
    entries are not errors: `check_registry` lists them.
    """
    document = load_yaml(registry_path(path))
    return Registry(tuple(entry.agency() for entry in read_entries(document)), document.file)


def read_entries(document: Document) -> tuple[AgencyEntry, ...]:
    """The entries of a registry document with its defaults applied. Raises ConfigError."""
    raw = document.parse(RegistryFile)
    given = inherited(document)
    entries: list[AgencyEntry] = []
    seen: set[str] = set()
    for number in range(len(raw.agencies)):
        data = {**given, **raw.agencies[number]}
        # One completed entry in its place: errors find its line and the value that stands there.
        with_defaults = Document(document.file, {"agencies": {number: data}}, document.lines)
        entry = with_defaults.parse(AgencyEntry, "agencies", number)
        if entry.code in seen:
            raise document.error(("agencies", number, "code"), "cfg_code_once")
        seen.add(entry.code)
        entries.append(entry)
    return tuple(entries)


def inherited(document: Document) -> dict[str, Any]:
    """What `defaults:` gives to entries that do not say otherwise, as plain data."""
    given = document.value("defaults") or {}
    return {name: given[name] for name in _INHERITED if name in given}


def check_registry(registry: Registry) -> list[Problem]:
    """What contradicts itself: codes, scopes, addresses, mailboxes, dates, successors. Empty list: nothing found."""
    return [
        *_duplicate_codes(registry.agencies),
        *(problem for agency in registry.agencies for problem in _alone(agency)),
        *_clashing_scopes(registry.agencies),
        *_unknown_relatives(registry),
    ]


def _duplicate_codes(agencies: tuple[Agency, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for agency in agencies:
        if agency.code in seen:
            yield Problem("duplicate_code", agency.code, "code", agency.code)
        seen.add(agency.code)


def _alone(agency: Agency) -> Iterator[Problem]:
    if agency.url and agency.scope and not agency.scope.contains(agency.url):
        yield Problem("url_outside_scope", agency.code, "url", agency.url, agency.scope.host + agency.scope.prefix)
    if agency.valid_from and agency.valid_to and agency.valid_from > agency.valid_to:
        yield Problem("dates_reversed", agency.code, "valid_to", str(agency.valid_to), str(agency.valid_from))
    for use in agency.accepted_mail_domains:
        if use.from_ and use.to and use.from_ > use.to:
            yield Problem("dates_reversed", agency.code, "accepted_mail_domains", str(use.to), str(use.from_))
    domains = [use.domain for use in agency.accepted_mail_domains] + [agency.mail_domain or ""]
    for mailbox in agency.mailboxes:
        if not _under_any(mailbox.rpartition("@")[2].lower(), [domain.lower() for domain in domains if domain]):
            yield Problem("mailbox_outside_domains", agency.code, "mailboxes", mailbox, blocking=False)


def _under_any(domain: str, accepted: list[str]) -> bool:
    return any(domain == name or domain.endswith("." + name) for name in accepted)


def _clashing_scopes(agencies: tuple[Agency, ...]) -> Iterator[Problem]:
    """Two agencies with one scope, or one inside another's: what is read would count for both."""
    owners: dict[tuple[str, str], str] = {}
    for agency in agencies:
        for place in _places(agency):
            first = owners.setdefault(place, agency.code)
            if first != agency.code:
                yield Problem("scope_shared", agency.code, "scope", "".join(place), first)
    for (host, prefix), code in owners.items():
        for wider in _ancestors(prefix):
            other = owners.get((host, wider))
            if other is not None and other != code:
                yield Problem("scope_inside_other", code, "scope", host + prefix, other)
                break


def _places(agency: Agency) -> Iterator[tuple[str, str]]:
    if agency.scope is None:
        return
    yield fold_host(agency.scope.host), agency.scope.prefix
    for pattern in agency.scope.also:
        path = pattern if pattern.startswith("/") else "/" + pattern
        yield fold_host(agency.scope.host), path if "?" in path else path.rstrip("/") + "/"
    for host in agency.scope.extra_hosts:
        yield fold_host(host), "/"


def _ancestors(prefix: str) -> Iterator[str]:
    parts = prefix.partition("?")[0].strip("/").split("/") if prefix != "/" else []
    for length in range(len(parts) - 1, -1, -1):
        yield "/" + "".join(part + "/" for part in parts[:length])


def _unknown_relatives(registry: Registry) -> Iterator[Problem]:
    known = registry.by_code()
    for agency in registry.agencies:
        for name, codes in (("predecessors", agency.predecessors), ("successors", agency.successors)):
            for code in codes:
                if code == agency.code:
                    yield Problem("own_relative", agency.code, name, code)
                elif code not in known:
                    yield Problem("unknown_relative", agency.code, name, code)

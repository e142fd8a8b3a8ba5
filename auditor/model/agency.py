"""Who is audited, and which part of the web is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit


class AgencyKind(StrEnum):
    DEPARTMENT = "so"  # sở, ban, ngành cấp tỉnh
    OFFICE = "van-phong"  # Văn phòng UBND tỉnh
    BOARD = "ban"  # ban quản lý, ban thuộc UBND tỉnh
    INSPECTORATE = "thanh-tra"
    DISTRICT = "huyen"  # UBND huyện, thị xã, thành phố
    OTHER = "khac"


class SiteStatus(StrEnum):
    DECLARED = "da-khai-bao"  # the address stands in `url`
    TO_VERIFY = "can-xac-minh"  # no address known: not_declared, never a fail
    NONE = "khong-co"  # the registry says that the agency has no site


def fold_host(host: str) -> str:
    """One name for a host: lower case, no trailing dot, no leading "www."."""
    host = host.lower().rstrip(".")
    return host[4:] if host.startswith("www.") else host


@dataclass(frozen=True, slots=True)
class SiteScope:
    """The part of the web that is the agency's own: host + path prefix (segment boundaries) and what `also` lists.

    `also` holds further path prefixes ("/en/snv/") or query patterns ("index.php?nv=snv"): a page is inside if its
    path equals the pattern's path and every key=value of the pattern is in its query. http and https, with and
    without "www.", are one host. `extra_hosts` are further hosts of the same agency.
    """

    host: str
    prefix: str = "/"
    also: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()

    def has_host(self, host: str | None) -> bool:
        folded = fold_host(host or "")
        return folded == fold_host(self.host) or any(folded == fold_host(h) for h in self.extra_hosts)

    def contains(self, url: str) -> bool:
        """True if `url` (absolute) lies inside the scope."""
        parts = urlsplit(url)
        if not self.has_host(parts.hostname):
            return False
        path = parts.path or "/"
        if fold_host(parts.hostname or "") != fold_host(self.host):
            return True
        return _under(path, self.prefix) or any(_matches(pattern, path, parts.query) for pattern in self.also)

    @property
    def is_whole_host(self) -> bool:
        return self.prefix in ("", "/")


def _under(path: str, prefix: str) -> bool:
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(bare + "/")


def _matches(pattern: str, path: str, query: str) -> bool:
    wanted = urlsplit(pattern if pattern.startswith("/") else "/" + pattern)
    if not wanted.query:
        return _under(path, wanted.path)
    if path != wanted.path:
        return False
    have = set(parse_qsl(query, keep_blank_values=True))
    return all(pair in have for pair in parse_qsl(wanted.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class MailDomainUse:
    """A mail domain that the agency may use, within dates (both inclusive, None = open)."""

    domain: str
    from_: date | None = None
    to: date | None = None
    successor: bool = False  # True: the successor body's domain (class "successor")

    def valid_on(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency of the registry. `code` is its key; never its slug or host."""

    code: str
    name: str
    kind: AgencyKind = AgencyKind.OTHER
    enabled: bool = True
    site_status: SiteStatus = SiteStatus.DECLARED
    url: str | None = None
    scope: SiteScope | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    predecessors: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()  # as a person writes them
    address: str = ""  # of its office: house number, street, place
    mail_domain: str | None = None
    accepted_mail_domains: tuple[MailDomainUse, ...] = ()
    operates_mail: bool = False
    short_names: tuple[str, ...] = field(default=())  # abbreviations and other names, used to recognise it on pages
    portal_hosts: tuple[str, ...] = ()  # parent portals whose menus are not the agency's content

    @property
    def is_path_site(self) -> bool:
        return self.scope is not None and not self.scope.is_whole_host

"""What read/ made of the evidence: pages, sections, items, dates, addresses, site state. No opinion on the law."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from auditor.model.agency import Agency
from auditor.model.dmarc_reports import ReportFacts
from auditor.model.evidence import HostLook
from auditor.model.item_text import ItemText
from auditor.model.mail_facts import HostMailFacts, MailFacts
from auditor.model.mailboxes import MailboxRegister
from auditor.model.observed import ObservedSection
from auditor.model.outcome import Reason
from auditor.model.quality import QualityFacts


class SiteState(StrEnum):
    OK = "ok"
    SPLASH = "splash"
    MOVED = "moved"
    PARKED = "parked"
    MAINTENANCE = "maintenance"
    NEEDS_JAVASCRIPT = "needs_javascript"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    NOT_DECLARED = "not_declared"
    NONE = "none"


READABLE_STATES = frozenset({SiteState.OK, SiteState.SPLASH})


class SectionState(StrEnum):
    PRESENT = "present"
    PARTIAL = "partial"
    EMPTY = "empty"
    BROKEN = "broken"
    ABSENT = "absent"
    PARENT_ONLY = "parent_only"
    UNVERIFIABLE = "unverifiable"


class Place(StrEnum):
    """Where on a page a link stands."""

    HEADER = "header"
    SIDE = "side"
    BODY = "body"
    FOOTER = "footer"
    HEAD = "head"  # <link>, <meta>
    FEED = "feed"
    SITEMAP = "sitemap"


class DateSource(StrEnum):
    """Where a date was read; the order here is not the order of trust."""

    LIST_ITEM = "list_item"  # the visible date of an item in a list
    ARTICLE = "article"  # the visible date line of an item's own page
    RSS = "rss"
    SITEMAP = "sitemap"
    TABLE = "table"  # a table's date column (documents: date of issue, unless a posting date is shown)
    JSON_LD = "json_ld"
    META = "meta"
    TIME_ELEMENT = "time_element"
    URL_PATH = "url_path"
    TITLE = "title"  # "từ ngày … đến ngày …" of a weekly schedule
    ANSWER = "answer"  # the newest answer of a question


@dataclass(frozen=True, slots=True)
class Dated:
    """A date with its proof: the words it was read from and the page they stand on. `year_shown` False: the year is
    not written there and was taken as the latest possible one."""

    date: date
    source: DateSource
    excerpt: str
    url: str
    year_shown: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a section: a news item, a document row, a question."""

    title: str
    url: str | None = None
    dated: Dated | None = None
    attributes: tuple[str, ...] = ()  # what the row carries: number, date, abstract, file, deadline, e-mail, …
    asked: date | None = None  # of an answered question: the day on which it was asked, where the page says so
    texts: tuple[ItemText, ...] = ()  # fingerprints of its own text, where the list or its page shows one

    def has_all(self, *wanted: str) -> bool:
        return all(name in self.attributes for name in wanted)


@dataclass(frozen=True, slots=True)
class Section:
    """A labelled place in the site that a detector recognised."""

    label: str
    url: str
    place: Place
    own: bool  # False: the parent portal's
    state: SectionState
    items: tuple[Item, ...] = ()
    newest: Dated | None = None
    undated: bool = False  # has items, none of them dated
    found: tuple[str, ...] = ()  # parts of the substance that the page holds
    missing: tuple[str, ...] = ()  # parts that the vocabulary's substance rule asks for and the page lacks
    reason: Reason | None = None  # why broken or unverifiable
    why: str = ""  # key of a message in config/messages.yaml that says what was seen
    excerpt: str = ""
    sketch: tuple[int, ...] = ()  # of the page's own text, to tell from night to night whether it changed
    fetched_at: datetime | None = None
    linked_from: str | None = None
    rests_on_network: bool = False  # the state would change if this URL's look had gone otherwise
    confirmed: bool = True  # False: rests on the network and no second look has agreed yet


@dataclass(frozen=True, slots=True)
class Candidate:
    """A link that was considered for a detector and rejected, and why (key of a message)."""

    label: str
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One place that was tried for a detector."""

    label: str
    url: str
    outcome: str  # "read", or a Reason, or "not_fetched"


@dataclass(frozen=True, slots=True)
class DetectorFacts:
    """What one detector found: the state of its best section, all sections, the newest date over them."""

    detector: str
    state: SectionState
    sections: tuple[Section, ...] = ()
    newest: Dated | None = None
    undated: bool = False
    looked_at: tuple[LookedAt, ...] = ()
    rejected: tuple[Candidate, ...] = ()
    why: str = ""
    reason: Reason | None = None
    confirmed: bool = True
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()  # the names under which an absent section was looked for

    @property
    def usable(self) -> bool:
        return self.state in (SectionState.PRESENT, SectionState.PARTIAL)

    @property
    def unread(self) -> Section | None:
        """A section that did not answer: there may be more, and newer, than what was read."""
        doubtful = (s for s in self.sections if s.state is SectionState.UNVERIFIABLE and s.rests_on_network)
        return next(doubtful, None)

    @property
    def best(self) -> Section | None:
        return self.sections[0] if self.sections else None

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of all sections; what an earlier section lists already is not repeated."""
        out: list[Item] = []
        for section in self.sections:
            known = {item.url or item.title for item in out}
            out += [item for item in section.items if (item.url or item.title) not in known]
        return tuple(out)


class AddressClass(StrEnum):
    OFFICIAL = "official"
    SUBDOMAIN = "subdomain"
    SUCCESSOR = "successor"
    OTHER_GOV = "other_gov"
    FREE = "free"
    ISP = "isp"
    OTHER = "other"

    @property
    def is_official(self) -> bool:
        """True for the official domain, a name below it, or a domain that follows it."""
        return self in (AddressClass.OFFICIAL, AddressClass.SUBDOMAIN, AddressClass.SUCCESSOR)


@dataclass(frozen=True, slots=True)
class AddressPlace:
    """Where an address stands: contact_page, footer, header, directory, article, meta, other."""

    where: str
    url: str
    excerpt: str = ""
    hidden_as: str = ""  # "", entities, cfemail, joomla, at_text, spaced, image, script


@dataclass(frozen=True, slots=True)
class AddressFact:
    address: str
    class_: AddressClass
    agency_contact: bool  # the agency publishes it as its own contact
    places: tuple[AddressPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Trap:
    kind: str  # closed list, worded in messages.yaml: clock_date, soft_404, injected_content, …
    url: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EncodingFacts:
    charset: str  # of the start page as decoded
    declared: str | None
    utf8_share: float  # share of read pages in UTF-8
    legacy: str | None = None  # tcvn3, vni, windows-1258 …
    nfd_pages: int = 0
    excerpt: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """All that was read of one agency's site."""

    agency_code: str
    state: SiteState
    start_url: str | None
    final_url: str | None
    detectors: dict[str, DetectorFacts] = field(default_factory=dict)
    addresses: tuple[AddressFact, ...] = ()
    image_addresses: tuple[AddressPlace, ...] = ()
    traps: tuple[Trap, ...] = ()
    generator: str | None = None
    title: str | None = None
    encoding: EncodingFacts | None = None
    state_reason: Reason | None = None
    state_detail: str = ""  # e.g. the host it moved to
    state_confirmed: bool = True  # False: rests on the network and no second look has agreed yet
    pages: int = 0
    requests: int = 0
    budget_spent: bool = False
    response_ms: tuple[int, ...] = ()  # time to first byte of each page that answered
    newest_update: Dated | None = None
    newest_detector: str | None = None
    start_excerpt: str = ""
    quality: QualityFacts = field(default_factory=QualityFacts)
    looked_at: datetime | None = None
    reread_from: str = "bodies"  # "facts" where pruned bodies made re-reading impossible

    def section(self, detector: str) -> DetectorFacts:
        """The facts of one detector; `unverifiable` if the site was never read."""
        found = self.detectors.get(detector)
        return found or DetectorFacts(detector, SectionState.UNVERIFIABLE)


@dataclass(frozen=True, slots=True)
class History:
    """What earlier nights say, passed in as values so that judging stays pure."""

    nights_unreachable: int = 0  # consecutive earlier nights unreachable, tonight not counted
    nights_parked: int = 0
    nxdomain_confirmed: bool = False
    sections: tuple[ObservedSection, ...] = ()  # tonight's lists included, once the site was read

    def observed(self, detector: str) -> tuple[ObservedSection, ...]:
        return tuple(section for section in self.sections if section.detector == detector)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days of Viet Nam: which years have a holiday file, and the days off in them."""

    holidays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()
    working_weekends: frozenset[date] = frozenset()  # days off moved to, worked as compensation

    def covers(self, start: date, end: date) -> bool:
        return all(year in self.years for year in range(start.year, end.year + 1))

    def is_working_day(self, day: date) -> bool:
        if day in self.working_weekends:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start`, up to and including `end` (the start day is not counted)."""
        first, last = start.toordinal() + 1, end.toordinal()
        return sum(self.is_working_day(date.fromordinal(n)) for n in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class AgencyFacts:
    """Everything that a check may look at: facts of site, host and mail domain, and the clock."""

    agency: Agency
    as_of: date
    site: SiteFacts
    host: HostLook | None
    mail: MailFacts | None
    calendar: Calendar = field(default_factory=Calendar)
    history: History = field(default_factory=History)
    register: MailboxRegister | None = None  # of the mail system's mailboxes, as its operator listed them
    reports: ReportFacts | None = None  # what receivers report of mail under the agency's mail domain
    host_mail: HostMailFacts | None = None

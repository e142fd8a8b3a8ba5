"""The demo province as data: sites/*.yaml -> Site, with every age turned into a date.

A site is described by its sections; a section by its items with their ages. Ages count from `built_on`, the day on
which the province was built; a living section (`every: N`) gains an item each N working days until `as_of`, so that two
nights show the same items with the same addresses and dates, and something new on top.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml

CIVIL_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
Age = int | str
_DAYS_OFF = frozenset({(1, 1), (4, 30), (5, 1), (9, 2)})  # month, day: the holidays that are the same in every year


def day(built_on: date, age: Age) -> date:
    """The day of an age. "3w": the third working day before `built_on`. 3: three days before it, moved back
    to a working day. Negative numbers lie ahead (deadlines), moved forward. ValueError for other text.
    """
    if isinstance(age, str):
        match = re.fullmatch(r"(\d+)w", age)
        if not match:
            raise ValueError(f"an age is a number of days or like '3w', not {age!r}")
        current = built_on
        for _ in range(int(match[1])):
            current = _to_weekday(current - timedelta(days=1), -1)
        return current
    return _to_weekday(built_on - timedelta(days=age), -1 if age >= 0 else 1)


def _works(day_: date) -> bool:
    return day_.weekday() < 5 and (day_.month, day_.day) not in _DAYS_OFF


def _to_weekday(current: date, step: int) -> date:
    while not _works(current):
        current += timedelta(days=step)
    return current


def weekdays(after: date, until: date) -> Iterator[date]:
    """Working days after `after`, up to and including `until`."""
    for ordinal in range(after.toordinal() + 1, until.toordinal() + 1):
        if _works(date.fromordinal(ordinal)):
            yield date.fromordinal(ordinal)


def slug(text: str, *, drop_d: bool = False, lower: bool = True) -> str:
    """The unaccented name of `text` for an address. `drop_d`: "đ" vanishes instead of becoming "d", as some CMS do."""
    text = text.replace("đ", "" if drop_d else "d").replace("Đ", "" if drop_d else "D")
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    joined = re.sub(r"[^0-9A-Za-z]+", "-", bare).strip("-")
    return joined.lower() if lower else joined


def number(*parts: object) -> int:
    """A stable number for `parts`: the same in every run and on every machine."""
    return zlib.crc32("/".join(map(str, parts)).encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a section. `url` is a path on the site's host, or None if the item has no page of its own."""

    title: str
    id: int
    url: str | None
    posted: datetime | None
    file: str | None = None
    pinned: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """One place of the menu. `href` is where the menu leads; `url` is None if the section has no page."""

    label: str
    kind: str
    href: str
    url: str | None
    menu: str  # main, side, footer, none
    under: str
    entries: tuple[Entry, ...]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Site:
    """One website (or one part of the portal). `data` is what its YAML file says, slots filled."""

    code: str
    style: str
    host: str
    prefix: str
    clock: date
    sections: tuple[Section, ...]
    routes: Mapping[str, Any]
    words: Mapping[str, Any]
    data: Mapping[str, Any]
    portal: Site | None = None

    @property
    def chrome(self) -> Site:
        """The site whose banner, menu and footer its pages carry."""
        return self.portal or self

    @property
    def origin(self) -> str:
        return f"https://{self.host}"

    def placed(self, menu: str) -> list[Section]:
        return [s for s in self.sections if s.menu == menu]

    def find(self, kind: str) -> Section | None:
        return next((s for s in self.sections if s.kind == kind), None)

    def dated(self) -> list[tuple[Section, Entry]]:
        """Every dated entry with a page, newest first."""
        pairs = [(s, e) for s in self.sections for e in s.entries if e.posted and e.url and s.kind == "news"]
        return sorted(pairs, key=lambda pair: pair[1].posted or datetime.min, reverse=True)


def read_data(name: str) -> Any:
    """One data file of the demo, by its path under auditor/demo."""
    return yaml.safe_load(files("auditor.demo").joinpath(name).read_text(encoding="utf-8"))


def load_sites(as_of: date, built_on: date) -> dict[str, Site]:
    """All sites by code, in the order of sites/province.yaml. `built_on` must not lie after `as_of` (ValueError)."""
    if built_on > as_of:
        raise ValueError(f"the province was built on {built_on}, after {as_of}")
    words = read_data("sites/common.yaml")
    sites: dict[str, Site] = {}
    for name in read_data("sites/province.yaml")["sites"]:
        data = read_data(f"sites/{name}.yaml")
        portal = sites[data["portal"]] if "portal" in data else None
        sites[name] = _Builder(name, data, words, as_of, built_on).site(portal)
    return sites


class _Builder:
    """Turns one YAML description into a Site."""

    def __init__(self, code: str, data: Mapping[str, Any], words: Mapping[str, Any], as_of: date, built_on: date):
        self.code, self.words, self.as_of, self.built_on = code, words, as_of, built_on
        self.slots: dict[str, Any] = {"code": code, **words["slots"], **data.get("slots", {})}
        self.data: dict[str, Any] = self.fill({**words["defaults"], **data})
        self.routes = words["routes"][data.get("style", "none")]
        self.prefix: str = data.get("prefix", "/")

    def site(self, portal: Site | None) -> Site:
        return Site(
            code=self.code,
            style=self.data.get("style", "none"),
            host=self.data["host"],
            prefix=self.prefix,
            clock=self.as_of,
            sections=tuple(self.section(s) for s in self.data.get("sections", [])),
            routes=self.routes,
            words=self.words,
            data=self.data,
            portal=portal,
        )

    def fill(self, value: Any, when: date | None = None) -> Any:
        """`value` with {slots} replaced; {date}, {month}, {year} … are of `when` (as_of if none is given)."""
        if isinstance(value, str):
            when = when or self.built_on
            before = when.replace(day=1) - timedelta(days=1)
            times = {"date": f"{when:%d/%m/%Y}", "month": f"{when:%m}", "year": when.year, "last_year": when.year - 1}
            times |= {"last_month": f"{before:%m/%Y}", "quarter": (when.month + 2) // 3}
            for name, text in {**self.slots, **times}.items():
                value = value.replace("{" + name + "}", str(text))
            return value
        if isinstance(value, Mapping):
            return {key: self.fill(v, when) if key != "items" else v for key, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v, when) for v in value]
        return value

    def section(self, spec: Mapping[str, Any]) -> Section:
        name = spec.get("slug") or slug(spec["label"], drop_d=bool(self.routes.get("drop_d")))
        url = spec.get("url") or self.route("section", name=name)
        href = spec.get("href", url)
        kind = spec.get("kind", "text")
        return Section(
            label=spec["label"],
            kind=kind,
            href=href,
            url=None if kind in ("link", "group") else url,
            menu=spec.get("menu", "main"),
            under=spec.get("under", ""),
            entries=tuple(sorted(self.entries(spec, name, kind), key=_newest_first)),
            data=spec,
        )

    def entries(self, spec: Mapping[str, Any], name: str, kind: str) -> Iterator[Entry]:
        for item in self.chosen(spec):
            yield self.entry(item, name, kind)
        every = spec.get("every")
        if every:
            for count, when in enumerate(weekdays(self.built_on, self.as_of), start=1):
                if count % every == 0:
                    later = self.words["later"].get(kind, self.words["later"]["news"])
                    yield self.entry({**_as_item(later[count % len(later)]), "on": when}, name, kind)

    def chosen(self, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The section's own items and, with `pool` and `ages`, one of the shared pool for each age."""
        own = [_as_item(item) for item in spec.get("items", [])]
        pool: Sequence[Any] = self.words["pools"].get(spec.get("pool", ""), ())
        first = number(self.code, spec.get("pool", "")) % (len(pool) or 1)
        ages = spec.get("ages", [])
        if len(ages) > len(pool) and pool:
            raise ValueError(f"{self.code}: pool {spec['pool']} has fewer items than ages")
        return own + [{**_as_item(pool[(first + n) % len(pool)]), "age": age} for n, age in enumerate(ages) if pool]

    def entry(self, item: Mapping[str, Any], name: str, kind: str) -> Entry:
        when = item.get("on") or (day(self.built_on, item["age"]) if "age" in item else None)
        data = self.fill(item, when)
        title = data["title"]
        key = number(self.code, name, title)
        if "number" in data:
            data["number"] = str(data["number"]).replace("{n}", str(key % 800 + 12))
        posted = _time_of_day(when, key) if when else None
        ident = key % 9000 + int(self.routes.get("first_id", 100))
        text = slug(title, drop_d=bool(self.routes.get("drop_d")))[:80].strip("-")
        url = self.route("item", name=name, item=text, id=ident) if data.get("page", kind in _WITH_PAGES) else None
        suffix = data.get("file", "pdf" if kind == "documents" else "")
        file = None
        if suffix:
            stamp = posted or datetime(2024, 1, 2)
            named = slug(data.get("number") or title)[:50].strip("-")
            file = self.route("file", name=name, item=f"{named}.{suffix}", id=ident, year=stamp.year, month=stamp.month)
        if "deadline" in item:
            data["deadline"] = day(self.built_on, item["deadline"])
        return Entry(title, ident, url, posted, file, bool(item.get("pinned")), data)

    def route(self, which: str, **values: Any) -> str:
        prefix = self.prefix
        return str(self.routes[which].format(prefix=prefix, code=self.code, **values))


_WITH_PAGES = frozenset({"news", "documents", "procedures", "projects", "consultation", "statistics"})


def _as_item(item: Any) -> dict[str, Any]:
    """An item is a mapping, "title", or [age, "title"]."""
    if isinstance(item, str):
        return {"title": item}
    if isinstance(item, list):
        return {"age": item[0], "title": item[1]}
    return dict(item)


def _newest_first(entry: Entry) -> tuple[bool, float]:
    return not entry.pinned, -(entry.posted.timestamp() if entry.posted else 0.0)


def _time_of_day(when: date, key: int) -> datetime:
    return datetime(when.year, when.month, when.day, 7 + key % 10, key % 59, key % 53, tzinfo=CIVIL_TIME)

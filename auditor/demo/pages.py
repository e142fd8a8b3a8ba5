"""What every host of the demo province answers: sites rendered by templates, files, feeds, site maps, traps.

`Book` holds a recipe for each (host, target) and renders it when first asked for.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from auditor.demo.sites import Entry, Section, Site, day, slug
from auditor.demo.web import Request, Response

HTML = "text/html; charset=utf-8"
_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "png": "image/png",
    "css": "text/css; charset=utf-8",
}
Recipe = Callable[[], Response]
Rule = tuple[str, re.Pattern[str], Callable[[str], Response]]


class Book:
    """All answers of the province on one day. `built_on` is the day from which schedules and deadlines count."""

    def __init__(self, sites: Mapping[str, Site], as_of: date, built_on: date) -> None:
        self.sites, self.as_of, self.built_on = sites, as_of, built_on
        self.hosts: dict[str, Site] = {}
        self.recipes: dict[tuple[str, str], Recipe] = {}
        self.rules: list[Rule] = []
        self.templates = _environment(self)
        for site in sites.values():
            if site.data["mode"] != "refused":
                self.hosts.setdefault(site.host, site)
                self._add_site(site)

    def answer(self, request: Request) -> Response:
        """The response to one request; 421 for a name that the province does not know."""
        host = request.host.removeprefix("www.")
        site = self.hosts.get(host)
        if site is None:
            return self._text(421, "Misdirected Request")
        if not request.secure and not site.data["plain_http"]:
            return redirect(f"https://{host}{request.target}")
        path = urlsplit(request.target).path
        recipe = self.recipes.get((host, request.target)) or self.recipes.get((host, path))
        if recipe is not None:
            return recipe()
        for rule_host, pattern, act in self.rules:
            if rule_host == host and pattern.search(path):
                return act(request.target)
        return self._unknown(site, path)

    # -- what a site consists of -------------------------------------------------------------------------------------

    def _add_site(self, site: Site) -> None:
        host = site.host
        mode = site.data["mode"]
        if mode == "moved":
            target = site.data["moved_to"]
            whole = re.compile(f"^{re.escape(site.prefix.rstrip('/'))}(/|$)")
            self.rules.append((host, whole, lambda _: redirect(target)))
            return
        if mode == "maintenance":
            page = self._page(site, "maintenance.html", status=503, section=None, entry=None, title=site.data["name"])
            self.rules.append((host, re.compile(r"^/(?!robots\.txt$)"), lambda _: page()))
            return
        if mode == "spa":
            page = self._page(site, "spa.html", section=None, entry=None, title=site.data["name"])
            self.rules.append((host, re.compile(r"^/(?!assets/|robots|sitemap)"), lambda _: page()))
            self._add_furniture(site)
            return
        home = self._page(site, "home.html", section=None, entry=None, title=site.data["name"])
        for path in {site.prefix, site.prefix.rstrip("/") or "/", *site.data["home_paths"]}:
            self.recipes[host, path] = home
        for section in site.sections:
            self._add_section(site, section)
        self._add_traps(site)
        if site.portal is None:
            self._add_furniture(site)

    def _add_section(self, site: Site, section: Section) -> None:
        if section.url is None:
            return
        template = f"kinds/{section.data.get('template', section.kind)}.html"
        page = self._page(site, template, section=section, entry=None, title=section.label)
        self.recipes[site.host, section.url] = page
        if site.data["feeds"] and section.kind == "news":
            self.recipes[site.host, self._feed_url(site, section)] = lambda: self._feed(site, section)
        for entry in section.entries:
            self._add_entry(site, section, entry)

    def _add_entry(self, site: Site, section: Section, entry: Entry) -> None:
        if entry.url:
            template = f"kinds/{section.data.get('template', section.kind)}_item.html"
            page = self._page(site, template, section=section, entry=entry, title=entry.title)
            self.recipes[site.host, entry.url] = page
            if site.style == "nukeviet":  # the CMS serves each article three times
                for twin in ("print", "savefile"):
                    copy = self._page(site, "print.html", section=section, entry=entry, title=entry.title)
                    self.recipes[site.host, entry.url.replace(site.prefix, f"{site.prefix}{twin}/", 1)] = copy
        if entry.file and not entry.data.get("file_missing"):
            self.recipes[site.host, entry.file] = lambda: self._file(entry)

    def _add_furniture(self, site: Site) -> None:
        """Robots, site maps, the common feed, style sheet and pictures of one host."""
        host = site.host
        members = [s for s in self.sites.values() if s.host == host and s.data["mode"] == "content"]
        self.recipes[host, "/assets/style.css"] = lambda: self._plain("style.css", "css")
        self.recipes[host, "/assets/banner.png"] = lambda: Response(200, _typed("png"), _picture(960, 120))
        self.recipes[host, "/assets/logo.png"] = lambda: Response(200, _typed("png"), _picture(90, 90))
        self.recipes[host, "/robots.txt"] = lambda: self._text(200, self._render("robots.txt", site))
        if site.data["feeds"]:
            self.recipes[host, str(site.routes["feed"])] = lambda: self._feed(site, None)
        if site.data["sitemap"] == "none":
            return
        self.recipes[host, "/sitemap.xml"] = lambda: self._xml(self._render("sitemap_index.xml", site, members=members))
        for member in members:
            name = f"/sitemap-vi.{member.code}.xml"
            self.recipes[host, name] = partial(self._sitemap, member)

    def _add_traps(self, site: Site) -> None:
        for spec in site.data["answers"]:
            under = re.compile(f"^{re.escape(spec['path'])}" + ("" if spec.get("and_below") else "$"))
            self.rules.append((site.host, under, partial(self._given, site, spec)))
        if trap := site.data["relative_trap"]:
            shown = self.recipes[site.host, site.routes["section"].format(prefix=site.prefix, name=trap["shows"])]
            self.rules.append((site.host, re.compile(f"/{re.escape(trap['link'])}$"), lambda _: shown()))
        if path := site.data["calendar_trap"]:
            whole = re.compile(f"^{re.escape(path)}$")
            self.rules.append((site.host, whole, lambda target: self._calendar(site, target)))

    # -- single answers ----------------------------------------------------------------------------------------------

    def _page(self, site: Site, template: str, *, status: int = 200, **context: Any) -> Recipe:
        @lru_cache(maxsize=1)
        def rendered() -> bytes:
            return self._render(template, site, **context).encode("utf-8")

        return lambda: Response(status, self._headers(site), rendered())

    def _headers(self, site: Site) -> tuple[tuple[str, str], ...]:
        headers = [("Content-Type", HTML), ("Server", site.data["server"])]
        if site.data["last_modified_yesterday"]:
            moment = datetime.now().astimezone() - timedelta(days=1)  # what the CMS really does: worthless
            headers.append(("Last-Modified", moment.strftime("%a, %d %b %Y %H:%M:%S GMT")))
        return tuple(headers)

    def _render(self, template: str, site: Site, **context: Any) -> str:
        values = {"site": site, "chrome": site.chrome, "words": site.words, "as_of": self.as_of, "own": site.data}
        return self.templates.get_template(template).render({**values, "section": None, "entry": None, **context})

    def _feed_url(self, site: Site, section: Section) -> str:
        name = section.data.get("slug") or slug(section.label, drop_d=bool(site.routes.get("drop_d")))
        return str(site.routes["section_feed"].format(prefix=site.prefix, name=name))

    def _feed(self, site: Site, section: Section | None) -> Response:
        pairs = [(s, e) for s, e in site.dated() if section is None or s is section]
        text = self._render("feed.xml", site, section=section, pairs=pairs[:20])
        return Response(200, (("Content-Type", "application/rss+xml; charset=utf-8"),), text.encode("utf-8"))

    def _file(self, entry: Entry) -> Response:
        suffix = str(entry.file).rpartition(".")[2]
        body = _docx(entry.title) if suffix == "docx" else _pdf(entry.data.get("number") or entry.title)
        return Response(200, _typed(suffix), body)

    def _sitemap(self, site: Site) -> Response:
        return self._xml(self._render("sitemap.xml", site))

    def _given(self, site: Site, spec: Mapping[str, Any], _target: str) -> Response:
        if "location" in spec:
            return redirect(spec["location"], spec.get("status", 301))
        return self._page(site, spec["template"], status=spec.get("status", 200), title=spec["title"], given=spec)()

    def _calendar(self, site: Site, target: str) -> Response:
        """A month of an endless calendar: every month links to the next and to the one before."""
        found = re.search(r"thang=(\d{1,2})&nam=(\d{4})", target)
        month, year = (int(found[1]), int(found[2])) if found else (self.as_of.month, self.as_of.year)
        this = {"year": year, "month": month, "path": urlsplit(target).path}
        before = (year - 1, 12) if month == 1 else (year, month - 1)
        after = (year + 1, 1) if month == 12 else (year, month + 1)
        title = site.words["text"]["calendar"]
        return self._page(site, "calendar.html", title=title, before=before, after=after, this=this)()

    def _unknown(self, site: Site, path: str) -> Response:
        member = next((s for s in self.sites.values() if s.host == site.host and path.startswith(s.prefix)), site)
        if site.data["unknown"] == "home":
            return redirect("/")
        return self._page(member, "not_found.html", status=404, title=site.words["text"]["not_found"])()

    def _plain(self, template: str, suffix: str) -> Response:
        return Response(200, _typed(suffix), self.templates.get_template(template).render().encode("utf-8"))

    def _text(self, status: int, text: str) -> Response:
        return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode("utf-8"))

    def _xml(self, text: str) -> Response:
        return Response(200, (("Content-Type", "text/xml; charset=utf-8"),), text.encode("utf-8"))

    # -- for the templates -------------------------------------------------------------------------------------------

    def monday(self, weeks_ago: int) -> date:
        """Monday of the week that many weeks before the one in which as_of lies."""
        return self.as_of - timedelta(days=self.as_of.weekday() + 7 * weeks_ago)

    def day(self, age: int | str) -> date:
        return day(self.built_on, age)

    def feeds(self, site: Site) -> list[tuple[Section, str]]:
        """The site's feeds by section."""
        news = [s for s in site.sections if s.kind == "news" and s.url]
        return [(s, self._feed_url(site, s)) for s in news] if site.data["feeds"] else []


def redirect(target: str, status: int = 301) -> Response:
    return Response(status, (("Location", target), ("Content-Type", HTML)))


def hide_mail(address: str, mode: str = "plain") -> Markup:
    """An address as sites write it: plain, text, entities (NukeViet), cfemail (Cloudflare), at, acong, image."""
    entities = "".join(f"&#{ord(c):03};" for c in address)
    key = 0x5A
    forms = {
        "plain": f'<a href="mailto:{escape(address)}">{escape(address)}</a>',
        "text": str(escape(address)),
        "entities": f'<a href="{"".join(f"&#{ord(c):03};" for c in "mailto:" + address)}">{entities}</a>',
        "cfemail": '<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="'
        + bytes([key, *(ord(c) ^ key for c in address)]).hex()
        + '">[email&#160;protected]</a>',
        "at": str(escape(address)).replace("@", " (at) "),
        "acong": str(escape(address)).replace("@", " [a còng] "),
        "image": '<img src="/assets/logo.png" alt="Email" width="120" height="14">',
    }
    return Markup(forms[mode])


def _environment(book: Book) -> Environment:
    environment = Environment(
        loader=PackageLoader("auditor.demo", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def when(moment: date, form: str, site: Site) -> str:
        words = site.words
        weekday = words["weekdays"][moment.weekday()]
        pattern = words["dates"][site.style][form]
        hour = moment.hour if isinstance(moment, datetime) else 8
        minute = moment.minute if isinstance(moment, datetime) else 0
        return str(pattern.format(weekday=weekday, d=moment.day, m=moment.month, y=moment.year, H=hour, M=minute))

    environment.filters.update(when=when, mail=hide_mail, slug=slug, dmy=lambda moment: f"{moment:%d/%m/%Y}")
    environment.globals.update(book=book, timedelta=timedelta)
    return environment


def _typed(suffix: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", _TYPES[suffix]),)


def _pdf(text: str) -> bytes:
    """A one-page PDF that readers open: header, objects with true offsets, cross-reference table."""
    shown = slug(text, lower=False).replace("-", " ")
    stream = f"BT /F1 14 Tf 60 780 Td ({shown}) Tj ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    table = f"xref\n0 5\n0000000000 65535 f \n{table}trailer << /Size 5 /Root 1 0 R >>\n"
    return out + f"{table}startxref\n{len(out)}\n%%EOF\n".encode("latin-1")


def _docx(text: str) -> bytes:
    """A small word-processor file (a ZIP with the three parts that readers demand)."""
    formats = "http://schemas.openxmlformats.org"
    types = (
        f'<Types xmlns="{formats}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPES["docx"]}.main+xml"/></Types>'
    )
    relations = (
        f'<Relationships xmlns="{formats}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{formats}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        "</Relationships>"
    )
    body = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>'
        f"{escape(text)}</w:t></w:r></w:p></w:body></w:document>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("[Content_Types].xml", types), ("_rels/.rels", relations), ("word/document.xml", body)):
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


def _picture(width: int, height: int) -> bytes:
    """A PNG in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\xb0\x1e\x1e" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

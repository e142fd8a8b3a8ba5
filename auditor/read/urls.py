"""URLs in one spelling, and what kind of page an address looks like. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

#: Query keys that never choose the content: campaign marks, session ids, print switches.
_NOISE = re.compile(
    r"^(utm_\w+|fbclid|gclid|phpsessid|jsessionid|sid|sessionid|_ga|nocache|rand|ts|checkss|_afr\w+|_adf\W?ctrl-state|wcnav\w*|cid_sess|nv\w*themever)$",
    re.I,
)
_SESSION_PATH = re.compile(r";jsessionid=[^/?#]*", re.I)
_TWIN = re.compile(
    r"/(print|savefile|in-trang|printpage|rss-print|sendmail|guiemail)(/|$)|[?&](print|in|tmpl=component|printpage)\b",
    re.I,
)
_PAGING = re.compile(
    r"[?&](page|p|trang|start|pageindex|currentpage|paged|pagenumber|offset)=\d+|/(page|trang)[-/]\d+/?$", re.I
)
_USELESS = re.compile(
    r"/(users?|login|logout|dang-nhap|register|dang-ky|admin|wp-admin|wp-login|administrator|cart|gio-hang|captcha|tag|tags|"
    r"author|comment|statistics|download/file|banners?/click)(/|\.|\?|$)|[?&](login|logout|returnurl|return_to|redirect_to|nv_redirect|p_p_id=58|share|replytocom)\b",
    re.I,
)
_ENGLISH = re.compile(r"//[^/?]+/(?:[^?]*/)?(en|eng|english|en-us)(/|$|\?)|[?&](lang|language|l)=en", re.I)
_CALENDAR = re.compile(r"[?&/](day|month|year|date|ngay|thang|calendar)[=/-]\d{1,4}", re.I)
_FEED = re.compile(
    r"/(rss|atom|feed)(/|\.(?!html?\b|aspx?\b|php\b)|\?|$)|\.(rss|atom|rdf)(\?|$)|[?&](format|type|feed)=(rss|atom|feed)|rss\.(aspx|php|xml)",
    re.I,
)
_COMMENT_FEED = re.compile(r"/comments/(feed|default)\b|/feeds/\d+/comments/|[?&]feed=comments", re.I)
_NOT_PAGE = re.compile(
    r"\.(jpe?g|png|gif|bmp|svg|webp|ico|css|js|mp[34]|avi|wmv|flv|mov|swf|exe|apk|ttf|woff2?)$", re.I
)


_DOCUMENTS = frozenset({"pdf", "doc", "docx", "xls", "xlsx", "zip", "rar", "7z", "ppt", "pptx", "odt", "ods", "rtf"})


@lru_cache(maxsize=16384)
def canonical(url: str) -> str:
    """`url` in one spelling: lower-case scheme and host, no default port, no fragment, noise keys dropped, path quoted.

    "/" is the empty path; hash routes ("#/…") are dropped: they are the same document.
    """
    try:
        parts = urlsplit(url.strip().replace("\\", "/"))
        port = parts.port
    except ValueError:
        return url.strip()
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".")
    netloc = f"[{host}]" if ":" in host else host
    if port and (scheme, port) not in (("http", 80), ("https", 443)):
        netloc += f":{port}"
    path = quote(unquote(_SESSION_PATH.sub("", parts.path)), safe="/:@!$&'()*+,;=~-._") or "/"
    path = re.sub(r"/{2,}", "/", path)
    path = _resolve_dots(path)
    query = parts.query
    if query and _has_noise(query):
        query = urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _NOISE.match(k)])
    return urlunsplit((scheme, netloc, path, query, ""))


@lru_cache(maxsize=16384)
def absolute(base: str, href: str) -> str:
    """The canonical absolute URL of `href`, or "" if it leads nowhere (`#`, javascript:, mailto:, not a URL)."""
    href = href.strip()
    if (
        not href
        or href.startswith("#")
        or href.lower().startswith(("javascript:", "mailto:", "tel:", "data:", "void(", "fax:", "callto:"))
    ):
        return ""
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for a bad port
    except ValueError:
        return ""
    return canonical(url) if parts.scheme in ("http", "https") and (parts.hostname or "").strip(".") else ""


def _has_noise(query: str) -> bool:
    return any(_NOISE.match(pair.partition("=")[0]) for pair in query.split("&"))


def _resolve_dots(path: str) -> str:
    if "/." not in path:
        return path
    out: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(out) > 1:
                out.pop()
        elif segment != ".":
            out.append(segment)
    return "/".join(out) or "/"


@lru_cache(maxsize=16384)
def same_page_key(url: str) -> str:
    """A key under which http and https, with and without "www.", a last slash or an index page are one."""
    parts = urlsplit(canonical(url))
    host = parts.netloc.removeprefix("www.")
    path = re.sub(r"/(index|default|home|trang-chu)\.(html?|php|aspx?|jsp)$", "/", parts.path, flags=re.I)
    return f"{host}{path.rstrip('/').lower()}?{parts.query}"


@lru_cache(maxsize=16384)
def is_twin(url: str) -> bool:
    """A print or save copy of another page."""
    return bool(_TWIN.search(url))


@lru_cache(maxsize=16384)
def is_paging(url: str) -> bool:
    return bool(_PAGING.search(url))


@lru_cache(maxsize=16384)
def is_picture(url: str) -> bool:
    """An address of a picture, a sound, a style or a program: never a page."""
    return bool(_NOT_PAGE.search(urlsplit(url).path))


@lru_cache(maxsize=16384)
def is_useless(url: str) -> bool:
    """An address that never holds a section: login, tags, shares, pictures."""
    return bool(_USELESS.search(url)) or is_picture(url)


def is_feed(url: str) -> bool:
    """An address that by its own words is a feed: /rss/…, feed.xml, ?format=rss."""
    return bool(_FEED.search(url))


def is_comment_feed(url: str) -> bool:
    """A feed of readers' comments, as WordPress and Blogger name it: nothing that the agency published."""
    return bool(_COMMENT_FEED.search(url))


def is_english(url: str) -> bool:
    """An address under a segment or a query value that means English."""
    return bool(_ENGLISH.search(url))


def is_calendar(url: str) -> bool:
    return bool(_CALENDAR.search(url))


def repeats_segments(url: str) -> bool:
    """The relative-link trap: a path segment that follows itself, or a pair of segments that repeats ("/vi/vi/vi/")."""
    segments = [s for s in urlsplit(url).path.split("/") if s]
    run = any(a == b == c for a, b, c in zip(segments, segments[1:], segments[2:], strict=False))
    pairs = list(pairwise(segments))
    return (
        run
        or any(pairs[i] == pairs[i + 2] for i in range(len(pairs) - 2))
        or any(a == b and len(a) <= 3 for a, b in pairs)
    )


def slug_words(url: str) -> str:
    """The words of an address for comparison with vocabulary slugs: path and query, lower case, "-" between words."""
    parts = urlsplit(url)
    text = unquote(parts.path + ("?" + parts.query if parts.query else "")).lower()
    return re.sub(r"[^a-z0-9/=]+", "-", text)


def is_document(url: str) -> bool:
    """An address of a document: its head is enough."""
    return url.lower().rpartition(".")[2] in _DOCUMENTS


def is_trap(url: str) -> bool:
    """An address of which there may be any number: copies, calendars, further pages of a list, repeated segments."""
    return is_twin(url) or is_calendar(url) or is_paging(url) or is_picture(url) or repeats_segments(url)


def is_plain(url: str) -> bool:
    """An address that may be a section's, or an entry's."""
    return not (is_useless(url) or is_trap(url))

"""Looks, pages and whole sites made of strings, for tests of reading."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime

from auditor.model import Agency, Look, LookKind, Reason, SiteEvidence, SiteFacts, SiteScope
from auditor.read.page import Page, read_page
from auditor.read.site import read_site
from auditor.vocabulary import load_vocabulary

HOST = "sxd.tinhmau.example"
BASE = f"https://{HOST}"
AS_OF = date(2026, 11, 20)
FETCHED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
VOCABULARY = load_vocabulary(None)


def look(path: str, html: str = "", *, status: int = 200, kind: LookKind = LookKind.PAGE, final: str | None = None, attempt: int = 1,
         reason: Reason | None = None, content_type: str = "text/html; charset=utf-8") -> Look:  # fmt: skip
    """One answer for BASE + path."""
    body = html.encode()
    if status == 404 and reason is None:
        reason = Reason.HTTP_404
    url = path if "://" in path else BASE + path
    end = url if final is None else (final if "://" in final else BASE + final)
    return Look(
        url, kind, FETCHED, end, status=None if reason is Reason.REFUSED else status, reason=reason, body=body, attempt=attempt,
        redirects=(end,) if end != url else (), headers=(("content-type", content_type),), digest=hashlib.sha256(body).hexdigest(),
        elapsed_ms=20,
    )  # fmt: skip


def page(html: str, path: str = "/") -> Page:
    return read_page(look(path, html))


def agency(**changes: object) -> Agency:
    fields: dict[str, object] = {
        "code": "sxd", "name": "Sở Xây dựng", "url": BASE + "/", "scope": SiteScope(HOST), "mail_domain": "tinhmau.example",
    }  # fmt: skip
    return Agency(**(fields | changes))  # type: ignore[arg-type]


def menu(labels: Mapping[str, str]) -> str:
    return (
        "<nav><ul>"
        + "".join(f'<li><a href="{href}">{label}</a></li>' for href, label in labels.items())
        + "</ul></nav>"
    )


def document(content: str, labels: Mapping[str, str] | None = None, footer: str = "") -> str:
    return (
        f"<!DOCTYPE html><html lang=vi><head><meta charset=utf-8><title>Sở Xây dựng</title></head><body>{menu(labels or {})}"
        f'<div id="content">{content}</div><footer>{footer}</footer></body></html>'
    )


def site(pages: Mapping[str, str | Look], labels: Mapping[str, str] | None = None, *, who: Agency | None = None, as_of: date = AS_OF,
         footer: str = "", extra: tuple[Look, ...] = ()) -> SiteFacts:  # fmt: skip
    """Read a site whose pages share a menu; values are contents, or whole looks."""
    looks = [
        value if isinstance(value, Look) else look(path, document(value, labels, footer))
        for path, value in pages.items()
    ]
    who = who or agency()
    evidence = SiteEvidence(who.code, who.url, tuple(looks) + extra, requests=len(looks))
    return read_site(who, evidence, VOCABULARY, as_of)


def news_list(*rows: tuple[str, str]) -> str:
    """A list of (title, date text)."""
    return "<ul class=list>" + "".join(
        f'<li><a href="/tin/{n}.html">{title}</a> <span class=date>{day}</span></li>' for n, (title, day) in enumerate(rows)
    ) + "</ul>"  # fmt: skip

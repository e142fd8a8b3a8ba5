"""What a file is by its first bytes, and what its name promises. Pure; the table is data (config/vocabulary.yaml)."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from auditor.read.words import FileTable

_ENDING = re.compile(r"\.([a-z0-9]{2,5})$", re.I)
_NAMED = re.compile(r"""filename\*?\s*=\s*(?:[\w-]+'[\w-]*')?"?([^";]+)"?""", re.I)
_HTML = re.compile(
    rb"^\s*(?:<!--|<\?xml[^>]*>\s*<!doctype html|<!doctype html"
    rb"|<(?:html|head|body|meta|title|script|table|div|style|p|h1)\b)",
    re.I,
)
_OFFICE = re.compile(
    rb"urn:schemas-microsoft-com:office|progid\W+(?:content\W+)?(?:word|excel)\.|mso-application|\bmso-", re.I
)
_MARK = b"\xef\xbb\xbf"


def kind_of(head: bytes, table: FileTable) -> str:
    """ "ole", "zip", "pdf" … as the table names them; "office_html" for a page that Word or Excel saved, "html" for
    another; "" if the bytes say nothing."""
    for kind, (signatures, within) in table.magic.items():
        if any(head.find(one, 0, within - 1 + len(one)) >= 0 for one in signatures):
            return kind
    text = head.removeprefix(_MARK)
    if text.startswith((b"MIME-Version:", b"From: <Saved by")) or (text.lstrip()[:1] == b"<" and _OFFICE.search(text)):
        return "office_html"  # "single file web page" is a mail message in form
    return "html" if _HTML.search(text) else ""


def ending_of(url: str, table: FileTable) -> str:
    """The ending of the file that an address names, in its path or in a value of its query; "" if none is known.

    A path that ends as a page promises a page, whatever its query names: it may be a viewer.
    """
    parts = urlsplit(url)
    for n, text in enumerate((parts.path, *(pair.partition("=")[2] for pair in parts.query.split("&")))):
        found = _ENDING.search(unquote(text).strip())
        if found is not None and found[1].lower() in table.endings:
            return found[1].lower()
        if found is not None and n == 0:
            return ""
    return ""


def promised(url: str, disposition: str, media: str, table: FileTable) -> str:
    """The ending under which a browser keeps the file: of Content-Disposition (RFC 6266), of the address, of the media
    type; "" if nothing says."""
    named = _NAMED.search(disposition)
    given = _ENDING.search(unquote(named[1]).strip()) if named is not None else None
    if given is not None and given[1].lower() in table.endings:
        return given[1].lower()
    return ending_of(url, table) or table.media.get(media.partition(";")[0].strip().lower(), "")


def fits(kind: str, ending: str, media: str, table: FileTable) -> bool:
    """True if programs open a file of that kind under that ending, or the server named its kind by the media type.

    A plain page counts under a name of Word or Excel only if the server calls it a document, as exports do.
    """
    said = table.media.get(media.partition(";")[0].strip().lower(), "")
    allowed = (*table.endings.get(ending, ()), *table.endings.get(said, ()))
    if kind == "html":
        return bool(said) and "html_as_office" in allowed
    return kind in allowed

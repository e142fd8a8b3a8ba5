"""E-mail addresses in visible text, links and under covers, however hidden; and whose domain they are."""

from __future__ import annotations

import html
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, unquote, urlsplit

from auditor.model import AddressClass, MailDomainUse
from auditor.read.folding import fold, nfc, plain


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LOCAL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._%+'\-]{0,62}[A-Za-z0-9_+\-])?\Z|[A-Za-z0-9]\Z")
_SPACED_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\s?\.\s?[A-Za-z0-9-]{1,62}){0,4}?"
    r"\s?\.\s?(?:gov|com|edu|org|net)?(?:\s?\.\s?)?vn\b"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_GLUED_TAIL = re.compile(r"(vn|com|net|org|gov|edu|info)(?=[A-Z])")
_IMAGE_SCALE = re.compile(r"[0-9]x")
_GENERIC_TLDS = _words(
    "com net org edu gov mil int info biz name pro mobi asia online site shop tech app dev cloud xyz top"
) | _words("example test invalid local internal")  # reserved by RFC 2606 and RFC 6762; used on test networks
_COUNTRY_TLDS = _words(
    "ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc "
    "cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr "
    "ga gd ge gg gh gi gl gm gn gp gq gr gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp "
    "ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr "
    "ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa "
    "re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn "
    "to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_EXCERPT_BEFORE, _EXCERPT_AFTER = 40, 20


@dataclass(frozen=True, slots=True)
class AddressSigns:
    """How "@" and "." of an address are written: as signs, or by words of config/vocabulary.yaml."""

    mark: re.Pattern[str]
    dot: re.Pattern[str]
    domain: re.Pattern[str]


def address_signs(
    at: Iterable[str] = (), alone: Iterable[str] = (), before_dots: Iterable[str] = (), dot: Iterable[str] = ()
) -> AddressSigns:
    """`at`: words for "@" in brackets; `alone`: between spaces; `before_dots`: so, where words for `dot` follow."""
    dots = "|".join(map(re.escape, dot)) or "(?!)"
    one_dot = rf"(?:\.|\s?[(\[{{]\s?(?:{dots}|\.)\s?[)\]}}]\s?|\s(?:{dots})\s)"
    bracketed = "|".join((*map(_joined, at), "@", "＠"))
    spoken = [(word, r"(?=\s)") for word in alone]
    spoken += [(word, rf"(?=\s[A-Za-z0-9-]+\s(?:{dots})\s)") for word in before_dots]
    words = "".join(rf"|(?<=\s{re.escape(word[0])}){_joined(word[1:])}{after}" for word, after in spoken)
    first = "".join(sorted({re.escape(case) for word, _ in spoken for case in (word[0].lower(), word[0].upper())}))
    return AddressSigns(
        re.compile(
            # one class of first signs, in both cases: a search runs from one to the next
            rf"[@＠﹫(\[{{<{first}](?i:(?<=[@＠﹫])|(?<=[(\[{{<])\s{{0,2}}(?:{bracketed})\s{{0,2}}[)\]}}>]{words})"
        ),
        re.compile(one_dot, re.IGNORECASE),
        re.compile(
            rf"[A-Za-z0-9](?:[A-Za-z0-9-]{{0,62}})(?:{one_dot}[A-Za-z0-9][A-Za-z0-9-]{{0,62}}){{1,6}}", re.IGNORECASE
        ),
    )


def _joined(words: str) -> str:
    """Words with or without a space or a sign between them: "a còng", "a-còng", "acòng"."""
    return r"\s?[-_.]?\s?".join(map(re.escape, words.split(" ")))


_SIGNS = address_signs()


@dataclass(frozen=True, slots=True)
class RawAddress:
    """An address with a lower-case domain. `hidden_as`: "" (plain), at_text ("(at)", "a còng", full-width),
    spaced; under a cover: cfemail, joomla."""

    address: str
    excerpt: str
    hidden_as: str
    start: int


def may_hold_address(text: str, signs: AddressSigns) -> bool:
    """False for a text in which nothing can be an address: no "@" nor a word for it."""
    return signs.mark.search(text) is not None


def find_addresses(text: str, signs: AddressSigns = _SIGNS) -> list[RawAddress]:
    """The addresses of visible `text` (entities already decoded), in order, each with the words around it.

    An "@" in a path, a URL's user name, a social-network handle or a file name ("logo@2x.png") is not one.
    """
    found = []
    for mark in signs.mark.finditer(text):
        address = _around(text, mark, signs)
        if address:
            found.append(address)
    return found


def _around(text: str, mark: re.Match[str], signs: AddressSigns) -> RawAddress | None:
    left_text, right = text[max(mark.start() - 80, 0) : mark.start()], text[mark.end() : mark.end() + 260]
    left, spaces = left_text.rstrip(" \xa0"), len(right) - len(right.lstrip(" \xa0"))
    gaps = len(left_text) - len(left) + spaces
    local = _LOCAL.search(left)
    if local is None or gaps > 6 or not _stands_alone(left, local.start()):
        return None
    domain = _domain_of(right[spaces:], signs)
    if domain is None or (gaps and len(local[0]) < 2):
        return None
    hidden = "at_text" if mark[0] != "@" else "spaced" if gaps or domain[1] else ""
    start = mark.start() - len(left_text) + local.start()
    end = mark.end() + spaces + domain[2]
    excerpt = nfc(text[max(start - _EXCERPT_BEFORE, 0) : end + _EXCERPT_AFTER])
    return RawAddress(f"{local[0]}@{domain[0]}", excerpt, hidden, start)


def _stands_alone(left: str, start: int) -> bool:
    """False inside a URL or path, or when the name goes on to the left with a letter that no address has."""
    before = left[start - 1 : start]
    if before.isalpha() or before == "@":
        return False
    token = left[:start].rsplit(None, 1)[-1] if before and not before.isspace() else ""
    if "://" in token or token.lower().startswith("www."):
        return False
    return before not in ("/", "\\", "=", "#", "&") or "@" in token


def _domain_of(right: str, signs: AddressSigns) -> tuple[str, bool, int] | None:
    """(domain, written with spaces or words for the dots, length in the text)."""
    match = signs.domain.match(right)
    if match:
        written = match[0]
        domain = _clean(signs.dot.sub(".", written))
        if domain:
            return domain, " " in written or "(" in written or "[" in written, match.end()
    match = _SPACED_DOMAIN.match(right)
    if match:
        domain = _clean(re.sub(r"\s", "", match[0]))
        if domain:
            return domain, True, match.end()
    return None


def _clean(written: str) -> str | None:
    """The domain in lower case, without words that a page glued to it; None if it is not a plausible one."""
    labels = written.strip(".-").split(".")
    for n in range(1, len(labels)):
        glued = _GLUED_TAIL.match(labels[n])
        if glued and glued[1] != labels[n]:
            labels = [*labels[:n], glued[1]]
            break
    while len(labels) > 2 and not _is_tld(labels[-1]):  # "binhphuoc.gov.vn.Website"
        labels.pop()
    domain = ".".join(labels).lower()
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > 253 or not _is_tld(labels[-1]):
        return None
    if not all(_LABEL.fullmatch(label) for label in labels) or _IMAGE_SCALE.fullmatch(labels[0]):
        return None
    return domain


def _is_tld(label: str) -> bool:
    lower = label.lower()
    return lower in _COUNTRY_TLDS or lower in _GENERIC_TLDS


def decode_cfemail(code: str) -> str | None:
    """The address behind Cloudflare's data-cfemail (hex; the first byte is the key of the rest); None if none."""
    try:
        data = bytes.fromhex(code.strip())
        address = bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8")
    except (ValueError, IndexError):  # not hexadecimal, empty, or not text
        return None
    found = find_addresses(address.partition("?")[0])
    return found[0].address if found else None


def decode_hidden_mail(first: str, last: str) -> str | None:
    """The address of Joomla's <joomla-hidden-mail>: what stands before and behind its "@", each in Base64 (RFC 4648);
    None if that is no address."""
    try:
        name, domain = (b64decode(part.strip(), validate=True).decode("utf-8") for part in (first, last))
    except ValueError:  # not Base64, or not text
        return None
    found = find_addresses(f"{name}@{domain}")
    return found[0].address if found else None


def mailto_address(href: str, signs: AddressSigns = _SIGNS) -> list[str]:
    """The addresses of a mailto: link (RFC 6068): several, percent-coded, with ?subject or spaces. [] for others."""
    text = html.unescape(href).strip()
    scheme, colon, rest = text.partition(":")
    if not colon or plain(scheme).strip() != "mailto":
        return []
    path, _, query = rest.partition("?")
    parts = [path.strip().lstrip("/")] + [value for key, value in parse_qsl(query) if key.lower() in ("to", "cc")]
    if not path.strip() or "@" not in unquote(path):
        parts = parts if "@" in unquote("".join(parts)) else [path]
    addresses: list[str] = []
    for piece in re.split(r"[,;]", ",".join(unquote(part, errors="replace") for part in parts)):
        bracketed = re.search(r"<([^<>]*)>", piece)
        squeezed = re.sub(r"\s+", "", bracketed[1] if bracketed else piece)
        found = find_addresses(squeezed, signs)
        addresses += [one.address for one in found if one.address not in addresses]
    return addresses


_DYNAMIC = re.compile(
    r"(?:text|string|str|email|mail)2?(?:to)?-?_?(?:image|img|png)|(?:image|img)-?_?(?:mail|email)", re.IGNORECASE
)


def looks_like_address_image(src: str, alt: str, signs: AddressSigns, words: Mapping[str, tuple[str, ...]]) -> bool:
    """True if an image probably shows an address in place of text: its alt text says so, or its file is named after a
    mailbox. Icons and banners about e-mail are not meant. `words`: the vocabulary's lists."""
    if find_addresses(alt, signs) or any(phrase in fold(alt) for phrase in words["address_image_words"]):
        return True
    try:
        path = urlsplit(src.strip()).path
    except ValueError:  # not a URL
        return False
    name = unquote(path.rsplit("/", 1)[-1])
    if find_addresses(name.rpartition(".")[0], signs) or _DYNAMIC.search(name):
        return True
    said = fold(re.sub(r"\be[-_ ]mail", "email", name.rpartition(".")[0], flags=re.IGNORECASE)).split()
    mail, icon = set(words["mailbox_image_words"]), set(words["icon_words"])
    return bool(mail.intersection(said)) and bool(set(said) - mail - icon) and len(said) <= 4


def classify(
    address: str,
    *,
    official: Sequence[str],
    accepted: Sequence[MailDomainUse],
    as_of: date,
    free: Iterable[str],
    isp: Iterable[str],
    government: Sequence[str] = ("gov.vn",),
) -> AddressClass:
    """Whose domain `address` is in. `official`: the agency's mail domains; `accepted`: further ones with their dates;
    `free` and `isp`: domains, "*" for any rest ("yahoo.*"), each with everything below it."""
    domain = address.rpartition("@")[2].lower().strip(". ")
    if domain in _lowered(official):
        return AddressClass.OFFICIAL
    uses = [use for use in accepted if use.valid_on(as_of) and _within(domain, use.domain.lower().strip("."))]
    if any(use.successor for use in uses):
        return AddressClass.SUCCESSOR
    if any(use.domain.lower().strip(".") == domain for use in uses):
        return AddressClass.OFFICIAL
    if uses or any(_within(domain, name) for name in _lowered(official)):
        return AddressClass.SUBDOMAIN
    if any(_within(domain, name) for name in _lowered(government)):
        return AddressClass.OTHER_GOV
    if _matches(domain, free):
        return AddressClass.FREE
    if _matches(domain, isp):
        return AddressClass.ISP
    return AddressClass.OTHER


def _lowered(domains: Iterable[str]) -> list[str]:
    return [name.lower().strip(".") for name in domains if name.strip(".")]


def _within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith("." + parent)


def _matches(domain: str, patterns: Iterable[str]) -> bool:
    labels = domain.split(".")
    names = [".".join(labels[n:]) for n in range(len(labels) - 1)]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in names)

"""Bytes to text: which charset a page really uses, whether it says so, and what legacy Vietnamese text is in it."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from charset_normalizer import from_bytes

from auditor.read.folding import plain
from auditor.read.legacy_tables import from_tcvn3, from_vni

_HEAD = 4096
_SAMPLE = 16_384
_GUESS_SAMPLE = 600
_MARKS = re.compile("[\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323](?<=[aeiouyAEIOUYăâêôơưĂÂÊÔƠƯ].)")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")
_META = re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML = re.compile(rb"<\?xml\b[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)

#: Labels (WHATWG Encoding Standard, section 4.2) that may be met, by the codec that reads them.
_WESTERN = "cp1252"
_LABELS = {
    "utf-8": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8",
    "utf-16": "utf-16-le", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "unicode": "utf-16-le",
    "ascii": _WESTERN, "us-ascii": _WESTERN, "iso-8859-1": _WESTERN, "iso8859-1": _WESTERN, "latin1": _WESTERN,
    "windows-1252": _WESTERN, "cp1252": _WESTERN,
    "windows-1258": "cp1258", "cp1258": "cp1258", "x-cp1258": "cp1258",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1254": "cp1254", "windows-874": "cp874",
    "iso-8859-2": "iso8859-2", "iso-8859-15": "iso8859-15", "koi8-r": "koi8-r",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc-kr",
    "euc-jp": "euc-jp", "shift_jis": "shift_jis",
}  # fmt: skip
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_NAMES = {"cp1252": "windows-1252", "cp1258": "windows-1258", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """`text` in NFC. `charset` is what the bytes are in fact, `declared` what header (first) or page say (None:
    nothing), `agrees` False if a declaration says something else. `legacy`: tcvn3, vni or windows-1258 text was found
    (and turned into Unicode). `nfd`: accents were written as separate signs; `composed`: a few may have been.
    `replacements`: signs not readable."""

    text: str
    charset: str
    declared: str | None
    agrees: bool
    legacy: str | None = None
    nfd: bool = False
    replacements: int = 0
    composed: bool = False

    @property
    def altered(self) -> bool:
        """True if letters outside ASCII may be written otherwise in the page itself: an address with such letters is
        then not surely the page's own."""
        return self.composed or self.legacy is not None or self.replacements > 0 or self.charset != "utf-8"


def decode(body: bytes, content_type: str = "") -> Decoded:
    """The text of `body`. Never raises; the work is bounded by a few passes over the body."""
    header, page = _declared_in_header(content_type), _declared_in_page(body[:_HEAD])
    codec, text = _read(body, [name for name in (header, page) if name])
    charset = _NAMES.get(codec, codec)
    declared = header or page
    agrees = all(_same(name, codec, body) for name in (header, page) if name)
    replacements = text.count("\ufffd")
    nfd, composed = False, not unicodedata.is_normalized("NFC", text)
    if composed:
        nfd = codec != "cp1258" and _is_nfd(text)
        text = unicodedata.normalize("NFC", text)
    text, legacy = repair_legacy(text)
    if codec == "cp1258":
        legacy = legacy or "windows-1258"
    return Decoded(text, charset, _public_name(declared), agrees, legacy, nfd, replacements, composed)


def _declared_in_header(content_type: str) -> str | None:
    match = _HEADER.search(content_type)
    return match[1].lower() if match else None


def _declared_in_page(head: bytes) -> str | None:
    match = _XML.search(head[:200]) or _META.search(head)
    return match[1].decode("ascii", "replace").lower() if match else None


def _public_name(declared: str | None) -> str | None:
    codec = _LABELS.get(declared or "")
    return _NAMES.get(codec, codec) if codec else declared


def _same(declared: str, codec: str, body: bytes) -> bool:
    """True if the declaration is true of the bytes; pure ASCII is true under every one of them."""
    named = _LABELS.get(declared)
    return named == codec or (named is not None and not named.startswith("utf-16") and body.isascii())


def _read(body: bytes, declared: list[str]) -> tuple[str, str]:
    """(codec, text)."""
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return codec, body[len(mark) :].decode(codec, "replace")
    wide = _utf16_without_mark(body)
    if wide:
        return wide, body.decode(wide, "replace")
    try:
        return "utf-8", body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    broken, sample = text.count("\ufffd"), _non_ascii(text)
    sound = len(sample) - sample.count("\ufffd")
    if (broken <= 2 and sound > 4) or sample.count("\ufffd") * 20 < sound:
        return "utf-8", text
    return _read_single_byte(body, declared)


def _non_ascii(text: str) -> str:
    """The first signs of `text` beyond ASCII, bounded."""
    return "".join(_BEYOND_ASCII.findall(text))[:_SAMPLE]


def _utf16_without_mark(body: bytes) -> str | None:
    head = body[:400]
    if len(head) < 8 or head.count(0) * 4 < len(head):
        return None
    return "utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"


def _read_single_byte(body: bytes, declared: list[str]) -> tuple[str, str]:
    """Not UTF-8. What reads best as Vietnamese wins; then the declaration; then a guess; then windows-1252."""
    sample = _around_accents(body)
    wanted = next(
        (_LABELS[name] for name in declared if _LABELS.get(name, "utf-8") not in ("utf-8", "utf-16-le")), None
    )
    vietnamese = _share(unicodedata.normalize("NFC", sample.decode("cp1258", "replace")))
    western = sample.decode(_WESTERN, "replace")
    others = max(_share(western), _share(from_tcvn3(western)), _share(from_vni(western)))
    if vietnamese >= 0.5 and vietnamese > others:
        return "cp1258", body.decode("cp1258", "replace")
    if others >= 0.5 and wanted in (None, _WESTERN, "cp1258"):
        return _WESTERN, body.decode(_WESTERN, "replace")
    if wanted:
        return wanted, body.decode(wanted, "replace")
    codec = _guess(sample[:_GUESS_SAMPLE])
    return codec, body.decode(codec, "replace")


def _around_accents(body: bytes) -> bytes:
    """The part of the body that begins with its first sign beyond ASCII: long heads of script say nothing."""
    first = re.search(rb"[\x80-\xff]", body)
    start = max(first.start() - 200, 0) if first else 0
    return body[start : start + _SAMPLE]


def _guess(sample: bytes) -> str:
    candidates = ["cp1258", "cp1252", "gb18030", "big5", "shift_jis", "euc_kr", "cp1251", "cp874"]
    best = from_bytes(sample, steps=3, chunk_size=256, cp_isolation=candidates).best()
    codec = best.encoding if best else _WESTERN
    return codec if codec in candidates else _WESTERN


def _is_nfd(text: str) -> bool:
    """Vietnamese vowels with their marks written apart; a few may be a slip of one author."""
    return sum(1 for _ in zip(range(3), _MARKS.finditer(text), strict=False)) == 3


# Legacy text inside the page -----------------------------------------------------------------------------------------

# Both patterns begin with one of some telling signs and look back from there: short work on a clean page.
_TCVN3_SIGNS, _VNI_SIGNS = "§¨©ª«¬\xad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÜÝÞß", "øûïåäüëØÛÏÅÄÜËñÑ"
_TCVN3_SIGN = re.compile(
    f"[{_TCVN3_SIGNS}]"
    "(?:(?<=[A-Za-z].)[a-z ,.;<]|(?<=[a-z].)\\Z|(?<=[a-z][µ¸¶·¹©ª«¬®])|(?<=[§®])[a-z])"
)
_VNI_SIGN = re.compile(f"[{_VNI_SIGNS}](?:(?<=[aeouyAEOUYôöÔÖ][^ñÑ])|(?<=[ñÑ])[aeiouyöô])")
_NOT_ASCII = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")  # a letter of a word: "©" alone is none
_WHOLE_PAGE = 20  # words of one legacy encoding, and none of Unicode: the whole page is in it
_RUN = re.compile('[^<>"\n]+')
_WORD = re.compile(r"[^\s,.;:()\[\]/|?!&\-–'…]+")
_UNICODE_VIETNAMESE = re.compile("[ĂăĐđĨĩŨũƠơƯưẠ-ỹ]")
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnpqrstvx])?"
    r"(?:uye|uya|uyu|oai|oao|oay|oeo|uay|uoi|uou|ieu|yeu|uya|ia|ie|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ai|ao|au|ay|eo|eu|ye|[aeiouy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzăâđêôơưàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ")


def repair_legacy(text: str) -> tuple[str, str | None]:
    """`text` with TCVN3 or VNI passages turned into Unicode, and which of them was found (None: neither).

    A passage is converted only if it holds no Vietnamese Unicode letter and its words are Vietnamese syllables after
    the conversion and not before, so quotation marks, "©" and other languages stay as they are. On a page that is all
    in one legacy encoding, what is well-formed after the conversion is converted, too: "Tin tøc", "Gãp ý", "Dù ¸n".
    """
    for name, signs, sign, convert in (
        ("tcvn3", _TCVN3_SIGNS, _TCVN3_SIGN, from_tcvn3),
        ("vni", _VNI_SIGNS, _VNI_SIGN, from_vni),
    ):
        if not _stands_twice(text, signs, sign):
            continue
        repaired, words = _repair(text, sign, convert)
        if words >= _WHOLE_PAGE and not _UNICODE_VIETNAMESE.search(text):
            repaired, _ = _repair(text, _NOT_ASCII, convert, known=True)
        if words >= 3:
            return repaired, name
    return text, None


def _stands_twice(text: str, signs: str, sign: re.Pattern[str]) -> bool:
    """True if `sign`, which begins with one of `signs`, matches at least twice. A clean page holds few of these."""
    found = 0
    for letter in signs:
        at = text.find(letter)
        while at >= 0:
            found += sign.match(text, at) is not None
            if found == 2:
                return True
            at = text.find(letter, at + 1)
    return False


def _repair(
    text: str, sign: re.Pattern[str], convert: Callable[[str], str], *, known: bool = False
) -> tuple[str, int]:
    """`known`: the page is in this encoding, so that passages need not prove it by themselves."""
    repaired_words = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal repaired_words
        run = match[0]
        if not sign.search(run) or _UNICODE_VIETNAMESE.search(run):
            return run
        converted = convert(run)
        before, after = _share(run), _share(converted)
        if after < 0.7 or (after <= before and not known):
            return run
        repaired_words += len(_accented_words(run))
        return converted

    return _RUN.sub(mend, text), repaired_words


def _share(text: str) -> float:
    """The share of accented words of `text` (bounded) that are well-formed Vietnamese syllables; 0 without any."""
    words = _accented_words(text[:_SAMPLE])[:200]
    return sum(map(_is_syllable, words)) / len(words) if words else 0.0


def _accented_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isascii()]


def _is_syllable(word: str) -> bool:
    lower = word.lower()
    if len(lower) > 7 or not _LETTERS.issuperset(lower):
        return False
    if len(_TONE.findall(unicodedata.normalize("NFD", lower))) > 1:
        return False
    return _SYLLABLE.fullmatch(plain(lower)) is not None

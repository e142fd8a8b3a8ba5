"""How well a link's words and address fit a detector. A label is a candidate; the page decides. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from auditor.read.folding import fold
from auditor.read.words import DetectorWords, Vocabulary

_MAX_WORDS = 11
_PREFIX_WORDS = 6
_BOTH = re.compile(r"\s+[-–|/&]\s+")
_PART = 0.8
_PICTURE = 1.1  # of a picture without words the address is all there is
_COUNTER = re.compile(r"\s*[(\[]\s*\d+\s*[)\]]\s*$")
_ID = re.compile(r"([-_.]\d+|\.(html?|aspx?|php|jsp))+$")

_LONGEST_SLUG = 100  # characters; no vocabulary has a longer one, and a hostile address may have thousands of hyphens

STRONG = 0.75  # a label that by itself means the section
WEAK = 0.5  # one of the vocabulary's general words for it
CANDIDATE = 0.40  # worth a look
_PREFIX = 0.78
_EXACT_SLUG = 0.7
_NAMED = 0.9  # the label is another section's own name …
_HINT = 0.45  # … and then a general word in it ("Thông tin" in "Thông tin thống kê") says nothing


def label_score(folded: str, words: DetectorWords) -> float:
    """0 to 1: how surely a link with this (folded, spelled out) text leads to the section."""
    if folded in words.labels:
        return 1.0
    if folded in words.not_:
        return 0.0
    inside = _runs(folded)
    if not inside.isdisjoint(words.not_):
        return 0.0
    if folded in words.weak:
        return WEAK
    count = len(folded.split())
    if count > _MAX_WORDS:
        return 0.0
    best = 0.0
    if count <= _PREFIX_WORDS and _begins(folded, words):
        best = _PREFIX
    for phrase in inside.intersection(words.labels):
        best = max(best, _containment(phrase, folded))
    for phrase in inside.intersection(words.weak):
        if len(phrase) / len(folded) >= 0.5:
            best = max(best, _HINT)
    if best < 0.9 and len(folded) >= 8:
        near = (one for one in words.labels if len(one) >= 8 and -2 < len(one) - len(folded) < 2)
        best = max(best, 0.9 if any(_one_edit(folded, one) for one in near) else 0.0)
    return best


def _begins(folded: str, words: DetectorWords) -> bool:
    return any(f"{folded} ".startswith(prefix + " ") for prefix in words.prefixes)


@lru_cache(maxsize=4096)
def _runs(folded: str) -> frozenset[str]:
    """Every run of whole words in the label: what phrases it holds is then a question of two sets."""
    words = folded.split()
    return frozenset(" ".join(words[n:m]) for n in range(len(words)) for m in range(n + 1, len(words) + 1))


def _containment(phrase: str, label: str) -> float:
    coverage = len(phrase) / len(label)
    words = phrase.count(" ") + 1
    if words == 1 and coverage < 0.6:
        return 0.0
    if words == 2 and coverage < 0.34:
        return 0.0
    start = 0.1 if label.startswith(phrase) else 0.0
    return min(0.97, 0.45 + start + 0.45 * coverage)


def _by_parts(parts: list[str], words: DetectorWords) -> float:
    """A label that joins two sections' names ("Liên hệ - Góp ý") means both."""
    return _PART if any(part in words.labels for part in parts) else 0.0


def _by_list(parts: list[str], words: DetectorWords) -> float:
    """A label that lists names of one section only ("Mua sắm, đấu thầu, dự án") means that section."""
    known = all(part in words.labels or part in words.weak for part in parts)
    return _PART if known and any(part in words.labels for part in parts) else 0.0


def _one_edit(a: str, b: str) -> bool:
    """True if one letter changed, missing or too many turns `a` into `b`, or two neighbours changed places."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    if len(a) == len(b):
        differing = [i for i in range(len(a)) if a[i] != b[i]]
        if len(differing) == 1:
            return True
        return len(differing) == 2 and differing[1] == differing[0] + 1 and a[differing[0]] == b[differing[1]]
    short, long = (a, b) if len(a) < len(b) else (b, a)
    i = next((i for i in range(len(short)) if short[i] != long[i]), len(short))
    return short[i:] == long[i + 1 :]


def slug_score(url: str, words: DetectorWords) -> float:
    """0 to 0.7: how well the address's own words fit; the last path segment counts most."""
    segments = _segments(url)
    if not segments:
        return 0.0
    last, earlier = segments[-1], segments[:-1]
    if last in words.slugs:
        return _EXACT_SLUG
    if not _larger_ends(last).isdisjoint(words.slugs):
        return 0.5
    return 0.25 if len(segments) <= 4 and not frozenset(earlier).isdisjoint(words.slugs) else 0.0


@lru_cache(maxsize=16384)
def _larger_ends(segment: str) -> frozenset[str]:
    """Words with which the segment begins or ends up to a hyphen, where they are more than half of it."""
    cuts = [n for n, sign in enumerate(segment) if sign == "-"] if len(segment) < 2 * _LONGEST_SLUG else ()
    ends = [end for n in cuts for end in (segment[:n], segment[n + 1 :])]
    return frozenset(end for end in ends if len(end) >= 6 and len(end) / len(segment) > 0.5)


@lru_cache(maxsize=16384)
def _segments(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    out = []
    for segment in unquote(parts.path).lower().split("/"):
        bare = _ID.sub("", re.sub(r"[\s_]+", "-", segment))
        if bare and bare not in ("vi", "pages", "portal", "web", "guest", "home", "index", "default", "trang", "wps"):
            out.append(bare)
    if parts.query:
        out += [
            _ID.sub("", value.lower())
            for key, _, value in (p.partition("=") for p in parts.query.split("&"))
            if not value.isdigit() and value
        ]
    return tuple(out)


class LabelMatcher:
    """Scores links against all detectors of one vocabulary, remembering what it has already seen."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._seen: dict[tuple[str, str], dict[str, float]] = {}

    def spell_out(self, label: str) -> str:
        """`label` folded, menu abbreviations spelled out, a leading number and a trailing counter dropped."""
        words = [self.vocabulary.abbreviations.get(word, word) for word in fold(_COUNTER.sub("", label)).split()]
        if len(words) > 1 and (words[0].isdigit() or words[0] in ("i", "ii", "iii", "iv", "v", "vi")):
            words = words[1:]
        return " ".join(words)

    def _split(self, sign: re.Pattern[str], label: str) -> list[str]:
        """The parts of a short label between signs, spelled out; none without such a sign."""
        parts = sign.split(label) if len(label) <= 80 else []
        return [self.spell_out(part) for part in parts] if len(parts) > 1 else []

    def scores(self, label: str, url: str) -> dict[str, float]:
        """Every detector that the link may lead to, with a score from CANDIDATE to 1."""
        key = (label, url)
        if key not in self._seen:
            folded = self.spell_out(label) if len(label) <= 140 else ""
            long = bool(label) and (not folded or folded.count(" ") >= _MAX_WORDS)
            parts, listed = self._split(_BOTH, label), self._split(self.vocabulary.listing, label)
            found = {}
            for name, words in self.vocabulary.detectors.items():
                score = self._score(folded, long, url, words)
                if parts:
                    score = max(score, _by_parts(parts, words))
                if listed:
                    score = max(score, _by_list(listed, words))
                if score >= CANDIDATE:
                    found[name] = score
            naming = [self.vocabulary.detectors[name] for name, score in found.items() if score >= _NAMED]
            self._seen[key] = {
                name: score
                for name, score in found.items()
                if score != _HINT or not naming or self._shares_name(folded, name, naming)
            }
        return self._seen[key]

    def _shares_name(self, folded: str, name: str, naming: list[DetectorWords]) -> bool:
        """True if the general word that hints at the section `name` is a whole name of one that the label means:
        a directory may stand behind "Thông tin liên hệ …" as it may behind "Thông tin liên hệ"."""
        hints = _runs(folded).intersection(self.vocabulary.detectors[name].weak)
        return any(not hints.isdisjoint(words.labels) for words in naming)

    def score(self, label: str, url: str, detector: str) -> float:
        return self.scores(label, url).get(detector, 0.0)

    @staticmethod
    def _score(folded: str, long: bool, url: str, words: DetectorWords) -> float:
        named = bool(folded) and (not long or folded in words.labels)  # the law's own words may be many
        by_label = label_score(folded, words) if named else 0.0
        if by_label == 1.0:
            return 1.0
        by_slug = slug_score(url, words) if url and not long else 0.0
        if by_slug == _EXACT_SLUG and folded and _begins(folded, words):
            by_label = max(by_label, _PREFIX)  # "Thống kê khoa học và công nghệ" at /thong-ke/
        if by_label >= STRONG:
            return min(1.0, by_label + (0.02 if by_slug else 0.0))
        if by_label and by_slug >= 0.5:
            return max(by_label, 0.7)
        if not by_label and by_slug:
            refused = not _runs(folded).isdisjoint(words.not_)
            return 0.0 if refused else by_slug * (0.8 if folded else _PICTURE)
        return by_label

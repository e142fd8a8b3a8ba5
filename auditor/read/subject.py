"""One section's page with what its rule needs to know, and what can be asked of any such page. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from urllib.parse import urlsplit

from auditor.model import Item, Place, SectionState
from auditor.read.addresses import AddressSigns
from auditor.read.articles import article_date
from auditor.read.box_addresses import addresses_in
from auditor.read.entries import Reading
from auditor.read.folding import fold
from auditor.read.html_forms import Form
from auditor.read.page import Page
from auditor.read.words import DetectorWords

ENOUGH_TEXT = 200  # characters
SOME_TEXT = 60
SENTENCE = 70
_SHORT_PAGE = 400


@dataclass(frozen=True, slots=True)
class Substance:
    """The state that one page gives a section, and why."""

    state: SectionState
    items: tuple[Item, ...] = ()
    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A section's page with what its rule needs to know of the site around it."""

    page: Page
    words: DetectorWords
    reading: Reading
    details: tuple[Page, ...] = ()  # pages of the section's first items that were read
    official_domains: tuple[str, ...] = ()
    menu: frozenset[str] = frozenset()  # same_page_key of the site's menu targets
    strong: bool = True  # the label by itself means this section

    @property
    def text(self) -> str:
        return fold(self.page.main_text)

    def parts(self, names: Iterable[str], *texts: str) -> tuple[str, ...]:
        padded = [f" {text} " for text in texts]
        return tuple(
            part for part in names if any(f" {word} " in text for word in self.words.parts[part] for text in padded)
        )


def is_placeholder(subject: Subject) -> bool:
    return (
        len(subject.page.main_text) < _SHORT_PAGE
        and subject.reading.vocabulary.any_in("placeholders", subject.text) is not None
    )


def text_item(subject: Subject) -> tuple[Item, ...]:
    """The page itself as the section's one item: a label that opens a single text."""
    page = subject.page
    dated = article_date(page, subject.reading) if subject.words.dated else None
    title = next((text for level, text in page.headings if level <= 2 and text), page.title)
    return (Item(title[:300], page.url, dated, ("detail",)),)


def lines(subject: Subject) -> tuple[str, ...]:
    """The page's own lines that are no headings, links or form labels: entries of a list without links, paragraphs."""
    out = []
    for box in subject.page.main_boxes:
        around = (box, *box.ancestors())
        if box.place is not Place.BODY or any(b.tag in ("h1", "h2", "h3", "h4", "a", "option") for b in around):
            continue
        if any(b.tag == "form" and b.weight < 0.5 * subject.page.root.weight for b in around):
            continue  # a form of its own; some software wraps the whole page in one
        out.append(box.text)
    return tuple(dict.fromkeys(out))


def has_words(subject: Subject) -> bool:
    """True if the page says something of its own: a sentence, or several lines, beside headings, links and forms."""
    own = lines(subject)
    return any(len(line) >= SENTENCE for line in own) or sum(line.count(" ") >= 3 for line in own) >= 2


def has_files(page: Page) -> bool:
    return any(link.is_file and link.box is not None and page.is_main(link.box) for link in page.links)


def has_own_image(page: Page) -> bool:
    return any(
        box.tag == "img"
        and page.is_main(box)
        and (box.parent is None or box.parent.mark not in page.template)
        and not any(outer.tag == "a" for outer in box.ancestors())
        for box in page.boxes
    )


def is_service_portal(url: str, words: DetectorWords, subject: Subject | None = None) -> bool:
    """True if `url` is a public-service portal, by host or path patterns of the vocabulary."""
    if subject is not None:
        words = subject.reading.vocabulary.detectors["online_services"]
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if any(fnmatch(host, pattern) for pattern in words.extra.get("portal_hosts", ())):
        return True
    segments = {segment.lower() for segment in parts.path.split("/")}
    return any(path in segments for path in words.extra.get("portal_paths", ()))


def page_addresses(page: Page, signs: AddressSigns) -> tuple[str, ...]:
    """Distinct addresses in the page's own content, however hidden."""
    found = [raw.address for box in page.boxes if page.is_main(box) for raw in addresses_in(box, signs)]
    return tuple(dict.fromkeys(address.lower() for address in found))


def sendable(form: Form) -> bool:
    """A form in which a reader can write and which can be sent."""
    return form.has_textarea and form.has_submit and not form.has_password


def is_official(address: str, domains: Iterable[str]) -> bool:
    host = address.rpartition("@")[2].lower()
    return any(host == domain or host.endswith("." + domain) for domain in domains)

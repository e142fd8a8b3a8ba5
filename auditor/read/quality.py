"""Facts of quality from a site's pages: template texts left standing, what footer and contact page say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from auditor.model import PASSING, DetectorFacts, LookKind, Place, Reason
from auditor.model.quality import Placeholder, PublishedContact, QualityFacts
from auditor.read.abolished import named_as_current
from auditor.read.addresses import find_addresses
from auditor.read.context import SiteContext
from auditor.read.folding import excerpt, fold
from auditor.read.forms import read_forms
from auditor.read.page import Page
from auditor.read.published import known_contact, published
from auditor.read.subject import is_official, page_addresses

_NOT_SHOWN = PASSING | {Reason.HTTP_403, Reason.HTTP_429}
_SHORT = 300  # characters: a longer page may speak of an update without being one
_ALONE = 0.5  # the share of a short page that the phrase's sentence must make up


def read_quality(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> QualityFacts:
    return QualityFacts(
        tuple(_placeholders(context)),
        _footer(context),
        _contact_page(context, detectors),
        _registry(context),
        read_forms(context, detectors),
        _pages_unread(context),
        named_as_current(context, detectors),
    )


def _pages_unread(context: SiteContext) -> int:
    """Pages that did not answer, or not to us, at the last look: the forms that they lead to were not seen."""
    looks = context.evidence.latest().values()
    return sum(look.kind is LookKind.PAGE and look.reason in _NOT_SHOWN for look in looks)


def _placeholders(context: SiteContext) -> Iterator[Placeholder]:
    """Pages that are nothing but "Nội dung đang được cập nhật", and texts of a template anywhere."""
    vocabulary = context.matcher.vocabulary
    for page in context.pages.values():
        text = fold(page.main_text)
        phrase = vocabulary.any_in("template_texts", text)
        if phrase is None and len(page.main_text) <= _SHORT and not _links_on(page):
            found = vocabulary.any_in("updating", text)
            phrase = found if found is not None and len(found) >= _ALONE * len(_without_title(page, text)) else None
        if phrase is not None:
            yield Placeholder(page.url, excerpt(page.title, 80), phrase, excerpt(page.main_text))


def _without_title(page: Page, text: str) -> str:
    """The page's own words without its headings: what is said under them."""
    for _, heading in page.own_headings:
        text = text.replace(fold(heading), " ", 1)
    return text.strip()


def _links_on(page: Page) -> bool:
    """True if the page lists something: then the phrase is an item's title, or speaks of a part."""
    return any(link.url and link.box is not None and page.is_main(link.box) for link in page.links)


def _footer(context: SiteContext) -> PublishedContact | None:
    """The start page's footer, on a site of its own: on a path of a portal it may be the portal's."""
    if not context.scope.is_whole_host:
        return None
    text = context.start.place_text(Place.FOOTER)
    mailboxes = [(raw.address.lower(), raw.start) for raw in find_addresses(text, context.matcher.vocabulary.signs)]
    return _published(context, context.start.url, text, mailboxes) if text else None


def _contact_page(context: SiteContext, detectors: Mapping[str, DetectorFacts]) -> PublishedContact | None:
    contact = detectors.get("contact")
    for section in contact.sections if contact is not None else ():
        page = context.page_at(section.url)
        if page is not None and page is not context.start and "#" not in section.url:
            signs = context.matcher.vocabulary.signs
            places = {raw.address.lower(): raw.start for raw in reversed(find_addresses(page.main_text, signs))}
            mailboxes = [(address, places.get(address, -1)) for address in page_addresses(page, signs)]
            return _published(context, page.url, page.main_text, mailboxes)
    return None


def _registry(context: SiteContext) -> PublishedContact:
    agency = context.agency
    mailboxes = [address.lower() for address in agency.mailboxes]
    return known_contact(agency.phones, mailboxes, agency.address, context.matcher.vocabulary)


def _published(context: SiteContext, url: str, text: str, mailboxes: Iterable[tuple[str, int]]) -> PublishedContact:
    official = [one for one in mailboxes if is_official(one[0], context.official_domains)]
    return published(url, text, official, context.matcher.vocabulary, context.own_names())

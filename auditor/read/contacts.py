"""The addresses a site shows, and which of them the agency publishes as its own contact. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from auditor.model import AddressClass, AddressFact, AddressPlace, DetectorFacts, Place, SectionState, fold_host
from auditor.read.addresses import RawAddress, classify, find_addresses, looks_like_address_image
from auditor.read.box_addresses import addresses_in
from auditor.read.boxes import Box
from auditor.read.candidates import box_is_owned, leads_to_parent
from auditor.read.context import SiteContext
from auditor.read.folding import excerpt, fold
from auditor.read.page import Page
from auditor.read.units import UNIT_DETECTORS, unit_pages
from auditor.read.urls import absolute, is_twin, same_page_key

#: Places in which an address is the agency's own published contact.
CONTACT_PLACES = frozenset({"contact_page", "footer", "header", "directory"})
_CONTEXT = 140
_DESK = 300  # characters: a desk is named with its room, person and telephone before its address
_CREDIT = 45  # characters before an address in which a credit names the maker
_BESIDE = 300  # characters of a line or block in which a maker's site and mailbox stand together
_BEFORE = 110  # characters before an address that may say whose it is


def read_addresses(
    context: SiteContext, detectors: Mapping[str, DetectorFacts]
) -> tuple[tuple[AddressFact, ...], tuple[AddressPlace, ...]]:
    """All addresses with class and places, and the places of addresses drawn as images (which cannot be read)."""
    roles = _page_roles(detectors, context)
    places: dict[str, list[AddressPlace]] = {}
    contact: set[str] = set()
    images: dict[str, AddressPlace] = {}
    vocabulary = context.matcher.vocabulary
    for page in context.pages.values():
        if is_twin(page.url):
            continue
        role = roles.get(same_page_key(page.url), "")
        parts = _part_roles(page, roles)
        for address, place in _page_addresses(page, role, parts, context):
            known = places.setdefault(address.lower(), [])
            if not any(
                p.where == place.where and (p.where in ("footer", "header") or p.url == place.url) for p in known
            ):
                known.append(place)
            if place.where in CONTACT_PLACES or place.where in ("consultation", "desk"):
                contact.add(address.lower())
        if role in ("contact_page", "directory"):
            for src, alt in page.images:
                if looks_like_address_image(src, alt, vocabulary.signs, vocabulary.lists):
                    images[src] = AddressPlace(role, page.url, alt or src, "image")
    facts = [
        AddressFact(address, _class(address, context), address in contact, tuple(found[:6]))
        for address, found in places.items()
    ]
    facts.sort(key=lambda fact: (not fact.agency_contact, fact.address))
    return tuple(facts), tuple(images.values())


def _page_roles(detectors: Mapping[str, DetectorFacts], context: SiteContext) -> dict[str, str]:
    """What each page is to the addresses on it. Of the start page only the footer is contact."""
    roles: dict[str, str] = {}
    for detector, role in (
        ("access_to_information", "desk"),
        ("feedback", "feedback"),
        ("organisation", "directory"),
        ("email_directory", "directory"),
        ("contact", "contact_page"),
    ):
        facts = detectors.get(detector)
        for section in facts.sections if facts is not None else ():
            if section.state in (SectionState.PRESENT, SectionState.PARTIAL) and section.place is not Place.FEED:
                roles[section.url if "#" in section.url else same_page_key(section.url)] = role
    units = (section for name in UNIT_DETECTORS if name in detectors for section in detectors[name].sections)
    for key in unit_pages(units, context):
        roles.setdefault(key, "directory")
    for item in detectors["email_directory"].items if "email_directory" in detectors else ():
        roles.setdefault(same_page_key(item.url or ""), "directory")  # a person's own page
    roles.pop(same_page_key(context.start.url), None)
    for item in detectors["feedback"].items if "feedback" in detectors else ():
        roles.setdefault(same_page_key(item.url or ""), "consultation")
    return roles


def _part_roles(page: Page, roles: Mapping[str, str]) -> dict[int, str]:
    """Of a page that holds several sections: the role of every box that stands in one of them."""
    out: dict[int, str] = {}
    for url, role in roles.items():
        base, mark, fragment = url.partition("#")
        box = page.anchor(unquote(fragment)) if mark and same_page_key(base) == same_page_key(page.url) else None
        out |= {id(inner): role for inner in box.walk()} if box is not None else {}
    return out


def _class(address: str, context: SiteContext) -> AddressClass:
    agency, vocabulary = context.agency, context.matcher.vocabulary
    official = (agency.mail_domain,) if agency.mail_domain else ()
    return classify(
        address,
        official=official,
        accepted=agency.accepted_mail_domains,
        as_of=context.reading.as_of,
        free=vocabulary.free_mail,
        isp=vocabulary.isp_mail,
    )


def _page_addresses(
    page: Page, role: str, parts: Mapping[int, str], context: SiteContext
) -> Iterator[tuple[str, AddressPlace]]:
    signs = context.matcher.vocabulary.signs
    for name, content in page.metas:
        if name in ("copyright", "author", "reply-to", "email", "contact"):
            for raw in find_addresses(content, signs):
                yield raw.address, AddressPlace("meta", page.url, excerpt(content, _CONTEXT))
    for box in page.boxes:
        for raw in addresses_in(box, signs):
            where = _where(page, box, raw, parts.get(id(box), role), context)
            if where in CONTACT_PLACES and _is_credit(box, raw, context):
                where = "vendor"
            yield raw.address, AddressPlace(where, page.url, excerpt(raw.excerpt, _CONTEXT), raw.hidden_as)


def _where(page: Page, box: Box, raw: RawAddress, role: str, context: SiteContext) -> str:
    if raw.address.rpartition("@")[2] in context.matcher.vocabulary.placeholder_mail:
        return "placeholder"
    before = fold(_words_before(box, raw.address)[-_BEFORE:])
    if context.matcher.vocabulary.any_in("vendor_words", before):
        return "vendor"
    if box.place is Place.FOOTER:
        return "footer" if _furniture_is_own(box, Place.FOOTER, context) else "portal_footer"
    if box.place is Place.HEADER:
        return "header" if _furniture_is_own(box, Place.HEADER, context) else "portal_header"
    if role == "contact_page" or (role == "directory" and box.place is not Place.SIDE):
        return role
    around = fold(box.text[:600])
    if role == "feedback" and any(word in around for word in context.matcher.vocabulary.lists["send_words"]):
        return "consultation"
    if role == "desk" and page.is_main(box):
        low = box.low + max(box.text.find(raw.address), 0)
        further = fold(box.words.text[max(low - _DESK, 0) : low])
        if context.matcher.vocabulary.any_in("desk_words", further):
            return "desk"
    if role == "consultation" and context.matcher.vocabulary.any_in("send_words", before):
        return "consultation"  # nearer than on the section's own page: a published letter names its writer, too
    if _is_repeated_contact(page, box, context):
        return "footer"
    return "article" if page is not context.start else "home_page"


def _is_credit(box: Box, raw: RawAddress, context: SiteContext) -> bool:
    """True for a firm's mailbox in a credit: behind "bởi" or "by" and the maker's name, whatever he made."""
    if _class(raw.address, context) is not AddressClass.OTHER:
        return False
    words = fold(_words_before(box, raw.address)[-_CREDIT:]).split()
    if any(word in context.matcher.vocabulary.lists["credit_words"] for word in words):
        return True
    domain, host = fold_host(raw.address.rpartition("@")[2]), fold_host(context.scope.host)
    if f".{host}".endswith(f".{domain}") or domain.endswith(f".{host}"):
        return False  # the agency's own site
    return box.place in (Place.FOOTER, Place.HEADER) and _is_of_linked_site(box, raw.address)


def _is_of_linked_site(box: Box, address: str) -> bool:
    """True if a name beside the address links to the address's own site ("Giao diện: <a>Vườn Đẹp</a>, a@vuondep…").

    An agency that shows its site beside its mailbox writes the site's address, not a name.
    """
    around = box.parent if box.parent is not None and box.parent.weight <= _BESIDE else box
    domain = fold_host(address.rpartition("@")[2])
    return any(
        domain == fold_host(urlsplit(absolute("", link.attrs.get("href") or "")).hostname or "")
        and bool(link.text)
        and domain not in link.text.lower()
        for link in around.walk()
        if link.tag == "a"
    )


def _words_before(box: Box, address: str) -> str:
    """What stands before the address: in its own box, or, of a link that holds nothing else, in the box around it."""
    before = box.text.partition(address)[0]
    if before.strip() or box.parent is None or box.tag != "a":
        return before
    return box.words.text[box.parent.low : box.low]


def _furniture_is_own(box: Box, place: Place, context: SiteContext) -> bool:
    """On a path of a portal, header and footer are the agency's only if they name it."""
    if context.scope.is_whole_host:
        return True
    names = [fold(name) for name in (context.agency.name, *context.agency.short_names) if name]
    if leads_to_parent(box, context.scope) and not any(name in fold(box.text) for name in names):
        return False  # a line about the portal in the agency's own footer
    top = box
    for outer in box.ancestors():
        if outer.place is not place:
            break
        top = outer
    text = fold(top.text)
    return any(name in text for name in names) if names else box_is_owned(top, context.scope)


def _is_repeated_contact(page: Page, box: Box, context: SiteContext) -> bool:
    """Old layouts have no footer element: the block that stands on every page with address words is the footer."""
    for outer in (box, *list(box.ancestors())[:4]):
        if outer.mark in page.template:
            vocabulary = context.matcher.vocabulary
            parts, text = vocabulary.detectors["contact"].parts, f" {fold(outer.text)} "
            words = (*parts["address"], *parts["phone"], *vocabulary.lists["email_words"])
            return any(f" {word} " in text for word in words)
    return False


def contact_pages(detectors: Mapping[str, DetectorFacts]) -> Iterable[str]:
    """URLs of the readable contact pages."""
    facts = detectors.get("contact")
    return (
        [s.url for s in facts.sections if facts is not None and s.state in (SectionState.PRESENT, SectionState.PARTIAL)]
        if facts
        else []
    )

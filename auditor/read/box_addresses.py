"""The addresses that one box of a page shows: as text, as a link, under Cloudflare's or Joomla's cover. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.read.addresses import (
    AddressSigns,
    RawAddress,
    decode_cfemail,
    decode_hidden_mail,
    find_addresses,
    mailto_address,
)
from auditor.read.boxes import Box

_EXCERPT = 140
_COVER = "/cdn-cgi/l/email-protection#"
#: Joomla 4 and later: an element whose attributes hold the address in two coded parts, and a note in its place.
_HIDDEN_MAIL = "joomla-hidden-mail"


def _is_cover(box: Box) -> bool:
    """True for an element that shows a note in the place of an address."""
    return bool(box.attrs.get("data-cfemail")) or box.tag == _HIDDEN_MAIL


def covered_address(box: Box) -> str | None:
    """The address under the cover that the box is; None if it is none, or holds no address."""
    if box.tag == _HIDDEN_MAIL:
        return decode_hidden_mail(box.attrs.get("first") or "", box.attrs.get("last") or "")
    coded = box.attrs.get("data-cfemail")
    if not coded and box.tag == "a":
        coded = (box.attrs.get("href") or "").partition(_COVER)[2]
    return decode_cfemail(coded) if coded else None


def covered_in(boxes: Iterable[Box]) -> Iterator[tuple[int, str]]:
    """Where the notes of covered addresses begin in the page's text, and the addresses."""
    for box in boxes:
        address = covered_address(box) if box.attrs else None
        if address:
            yield box.low, address


def addresses_in(box: Box, signs: AddressSigns) -> Iterator[RawAddress]:
    """The addresses of this box's own text and link, not of the boxes inside it (their text joins it if short)."""
    if _is_cover(box):
        address = covered_address(box)
        if address:
            around = box.parent.text.replace(box.text, address) if box.parent and box.text else address
            yield RawAddress(address, around[:_EXCERPT], "joomla" if box.tag == _HIDDEN_MAIL else "cfemail", 0)
        return
    href = (box.attrs.get("href") or "") if box.tag == "a" else ""
    if href.lower().startswith("mailto:"):
        for address in mailto_address(href, signs):
            yield RawAddress(address, box.text or address, "", 0)
    elif _COVER in href:
        address = covered_address(box)
        if address:
            yield RawAddress(address, box.text or address, "cfemail", 0)
    if box.tag != "option" and box.speaks:
        text = box.text if len(box.text) <= 600 else " ".join(part for part in box.parts if isinstance(part, str))
        yield from find_addresses(text, signs)

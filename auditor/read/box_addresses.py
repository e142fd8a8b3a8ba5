"""The addresses that one box of a page shows: as text, as a link, under Cloudflare's or Joomla's cover. Pure."""

from __future__ import annotations

from collections.abc import Iterator

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


def addresses_in(box: Box, signs: AddressSigns) -> Iterator[RawAddress]:
    """The addresses of this box's own text and link, not of the boxes inside it (their text joins it if short)."""
    coded = box.attrs.get("data-cfemail")
    if coded:
        address = decode_cfemail(coded)
        if address:
            yield RawAddress(address, box.parent.text[:_EXCERPT] if box.parent else address, "cfemail", 0)
        return
    if box.tag == _HIDDEN_MAIL:
        address = decode_hidden_mail(box.attrs.get("first") or "", box.attrs.get("last") or "")
        if address:
            around = box.parent.text.replace(box.text, address) if box.parent and box.text else address
            yield RawAddress(address, around[:_EXCERPT], "joomla", 0)
        return
    href = (box.attrs.get("href") or "") if box.tag == "a" else ""
    if href.lower().startswith("mailto:"):
        for address in mailto_address(href, signs):
            yield RawAddress(address, box.text or address, "", 0)
    elif _COVER in href:
        address = decode_cfemail(href.partition("#")[2])
        if address:
            yield RawAddress(address, box.text or address, "cfemail", 0)
    if box.tag != "option" and box.speaks:
        text = box.text if len(box.text) <= 600 else " ".join(part for part in box.parts if isinstance(part, str))
        yield from find_addresses(text, signs)

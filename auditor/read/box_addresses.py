"""The addresses that one box of a page shows: as text, as a link, under Cloudflare's cover. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.read.addresses import AddressSigns, RawAddress, decode_cfemail, find_addresses, mailto_address
from auditor.read.boxes import Box

_EXCERPT = 140
_COVER = "/cdn-cgi/l/email-protection#"


def addresses_in(box: Box, signs: AddressSigns) -> Iterator[RawAddress]:
    """The addresses of this box's own text and link, not of the boxes inside it (their text joins it if short)."""
    coded = box.attrs.get("data-cfemail")
    if coded:
        address = decode_cfemail(coded)
        if address:
            yield RawAddress(address, box.parent.text[:_EXCERPT] if box.parent else address, "cfemail", 0)
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

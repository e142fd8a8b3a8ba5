"""E-mail addresses that a page's own script writes (Joomla's cloak): put where a reader sees them. Pure."""

from __future__ import annotations

import html
import re

_SCRIPT = re.compile(r"<script\b[^>]{0,200}>(.{0,4000}?)</script>", re.DOTALL | re.IGNORECASE)
_TARGET = re.compile(r"getElementById\(\s*['\"](cloak\w{1,80})['\"]\s*\)\s*\.innerHTML")
_PIECE = r"(?:addy\w{0,80}|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\")"
_ASSIGNED = re.compile(rf"\b(addy\w{{0,80}})\s*=\s*({_PIECE}(?:\s*\+\s*{_PIECE}){{0,40}})")
_LITERAL = re.compile(r"'([^'\n]{0,200})'|\"([^\"\n]{0,200})\"")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def uncloak(markup: str) -> str:
    """`markup` with the addresses that Joomla's e-mail cloak would write: in the element that the script names, or in
    the script's own place. Everything else is left as it is."""
    if "addy" not in markup:
        return markup
    places: dict[str, str] = {}

    def replaced(script: re.Match[str]) -> str:
        address = _written(script.group(1))
        target = _TARGET.search(script.group(1))
        if not address:
            return script.group(0)
        if target is None:
            return address
        places[target.group(1)] = address
        return ""

    out = _SCRIPT.sub(replaced, markup)
    for name, address in places.items():
        out = _filled(name).sub(rf"\g<1>{address}", out, count=1)
    return out


def _filled(name: str) -> re.Pattern[str]:
    """The element of that id and the text in it, up to its end."""
    return re.compile(rf"(<(\w+)\b[^>]{{0,200}}\bid=[\"']{re.escape(name)}[\"'][^>]{{0,200}}>)[^<]{{0,400}}(?=</\2>)")


def _written(script: str) -> str:
    """The address that the script puts together from pieces; "" if it is none."""
    assigned = _ASSIGNED.findall(script)
    text = ""
    for pieces in (pieces for name, pieces in assigned if name == assigned[0][0]):  # later ones are its caption
        text += "".join(html.unescape(first or second) for first, second in _LITERAL.findall(pieces))
    return text if _ADDRESS.fullmatch(text) else ""

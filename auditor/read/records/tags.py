"""The tag=value list of DKIM key records, which DMARC shares (RFC 6376 section 3.2, RFC 9989 section 4.8)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_WHITE = " \t\r\n"


@dataclass(frozen=True, slots=True)
class TagList:
    """The readable tags in the order written, names folded to lower case; `malformed` counts the parts that are none.

    Names are case-sensitive by RFC 6376 but case-insensitive in the grammar of RFC 9989; folding accepts both, since
    no two registered tags differ by case only.
    """

    tags: tuple[tuple[str, str], ...]
    malformed: int = 0

    def get(self, name: str) -> str | None:
        """The value of the first tag `name`, or None."""
        return next((value for key, value in self.tags if key == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.tags)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names that occur more than once."""
        return tuple(dict.fromkeys(name for name in self.names if self.names.count(name) > 1))


def parse_tags(text: str) -> TagList:
    """`text` as a tag list. Never raises: a part that is not name=value is counted as malformed.

    An empty part is allowed only at the very end (a closing semicolon).
    """
    parts = text.split(";")
    if len(parts) > 1 and not parts[-1].strip(_WHITE):
        parts.pop()
    tags: list[tuple[str, str]] = []
    malformed = 0
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip(_WHITE)
        if equals and _NAME.match(name):
            tags.append((name.lower(), value.strip(_WHITE)))
        else:
            malformed += 1
    return TagList(tuple(tags), malformed)

"""Files for mail: card files packed into messages that stay under the size which mail servers accept."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reports.scorecard import card_filename

_BASE64_LINE = 76  # RFC 2045 section 6.8; each line ends in CRLF
_PART_HEADERS = 400
_ZIP_END = 22


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached file: ASCII name, MIME type, bytes."""

    name: str
    maintype: str
    subtype: str
    content: bytes

    @property
    def encoded_size(self) -> int:
        return encoded_size(len(self.content))


@dataclass(frozen=True, slots=True)
class Packed:
    """`parts`: the attachments of each message, at least one message. `left_out`: file names that fit into none."""

    parts: tuple[tuple[Attachment, ...], ...]
    left_out: tuple[str, ...] = ()


def encoded_size(length: int) -> int:
    """Bytes that a file of `length` bytes takes inside a message: base64, line ends and part headers."""
    characters = 4 * -(-length // 3)
    return characters + 2 * -(-characters // _BASE64_LINE) + _PART_HEADERS


def card_files(cards: Mapping[str, str], as_of: date) -> list[tuple[str, bytes]]:
    """(file name, UTF-8 bytes) of each card, names unique however alike the codes are."""
    files: dict[str, bytes] = {}
    for code, page in cards.items():
        name, number = card_filename(code, as_of), 2
        while name in files:
            name, number = card_filename(f"{code[:50]}-{number}", as_of), number + 1
        files[name] = page.encode("utf-8", "replace")
    return list(files.items())


def pack(
    files: Sequence[tuple[str, bytes]], *, first_room: int, later_room: int, singly_up_to: int, zip_name: str
) -> Packed:
    """Spread `files` over messages: each as its own HTML file if there are at most `singly_up_to`, else in ZIP files.

    `first_room` and `later_room` are the bytes that the first and each further message has left for attachments,
    base64 counted. A file that does not fit into a message of its own is left out and named.
    """
    if len(files) <= singly_up_to:
        groups, left_out = _fill(files, first_room, later_room, _files_size)
        parts = [tuple(Attachment(name, "text", "html", content) for name, content in group) for group in groups]
    else:
        shrunk = {name: len(zlib.compress(content, 9)) for name, content in files}
        groups, left_out = _fill(files, first_room, later_room, lambda group: encoded_size(_zip_size(group, shrunk)))
        several = len([group for group in groups if group]) > 1
        parts, number = [], 0
        for group in groups:
            number += bool(group)
            name = f"{zip_name}-{number}.zip" if several else f"{zip_name}.zip"
            parts.append((Attachment(name, "application", "zip", _zip(group)),) if group else ())
    return Packed(tuple(parts), tuple(left_out))


Group = list[tuple[str, bytes]]


def _fill(
    files: Sequence[tuple[str, bytes]], first_room: int, later_room: int, size: Callable[[Group], int]
) -> tuple[list[Group], list[str]]:
    groups: list[Group] = [[]]
    left_out: list[str] = []
    for file in files:
        room = first_room if len(groups) == 1 else later_room
        if size([*groups[-1], file]) <= room:
            groups[-1].append(file)
        elif size([file]) <= later_room:
            groups.append([file])
        else:
            left_out.append(file[0])
    return groups, left_out


def _files_size(group: Group) -> int:
    return sum(encoded_size(len(content)) for _, content in group)


def _zip_size(group: Group, shrunk: Mapping[str, int]) -> int:
    # Per entry: local header 30, central header 46, the name in both (APPNOTE 4.3.7, 4.3.12), a few bytes of slack
    # because zlib's wrapper and the raw deflate of a ZIP differ.
    return _ZIP_END + sum(shrunk[name] + 76 + 2 * len(name) + 32 for name, _ in group)


def _zip(group: Group) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in group:
            # A fixed time: the same cards always give the same file, so a rebuilt message does not differ.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()

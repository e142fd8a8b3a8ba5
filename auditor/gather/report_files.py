"""Reports out of files as receivers send them: .xml, .xml.gz, .zip, and messages with these (.eml, mbox, maildir).

Told apart by their first bytes, never by their names. Bounded against bombs: sizes, ratios, numbers of parts; an
archive inside an archive is refused. Nothing is written, no link is followed.
"""

from __future__ import annotations

import email
import email.errors
import email.policy
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from auditor.read.dmarc_report import MAX_BYTES, ReportError, ReportProblem

MAX_FILE_BYTES = 25_000_000  # of a file, and of one message in an mbox
MAX_MBOX_BYTES = 2_000_000_000  # read message by message
MAX_RATIO = 400  # unpacked to packed; real reports reach about 40
MAX_MEMBERS = 100  # of a zip archive
MAX_PARTS = 200  # of a message
MAX_FILES = 100_000  # of a folder
_FREE = 1_000_000  # what is smaller than this unpacked is no bomb, whatever its ratio
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_ARCHIVES = (_GZIP, _ZIP, b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of the folder and what tells that it has not changed."""

    path: Path
    name: str  # relative to the folder
    size: int
    mtime_ns: int


def walk(folder: Path) -> Iterator[ReportFile]:
    """The files below `folder` in order of their names; hidden ones, links and a maildir's tmp are left out."""
    seen = 0
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "tmp")
        for name in sorted(names):
            path = Path(base, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            seen += 1
            if seen > MAX_FILES:
                return
            try:
                status = path.stat()
            except OSError:  # taken away meanwhile
                continue
            yield ReportFile(path, path.relative_to(folder).as_posix(), status.st_size, status.st_mtime_ns)


def documents(file: ReportFile) -> Iterator[tuple[bytes | None, ReportError | None]]:
    """Every XML document in the file, or in its place why one could not be had; the others still come."""
    try:
        with file.path.open("rb") as stream:
            head = stream.read(4096)
            if head.startswith(b"From "):
                if file.size > MAX_MBOX_BYTES:
                    raise ReportError(ReportProblem.TOO_LARGE, f"{file.size} bytes")
                stream.seek(0)
                for message in _mbox(stream):
                    yield from _guarded(message, of_message=True)
                return
            if file.size > MAX_FILE_BYTES:
                raise ReportError(ReportProblem.TOO_LARGE, f"{file.size} bytes")
            data = head + stream.read(MAX_FILE_BYTES)
    except OSError as error:
        yield None, ReportError(ReportProblem.UNREADABLE, error.strerror or "")
        return
    except ReportError as error:
        yield None, error
        return
    bare = data.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    yield from _guarded(data, of_message=not (data.startswith(_ARCHIVES) or bare.startswith(b"<")))


def _guarded(data: bytes, *, of_message: bool) -> Iterator[tuple[bytes | None, ReportError | None]]:
    try:
        for document in _of_message(data) if of_message else unpack(data):
            yield document, None
    except ReportError as error:
        yield None, error


def _mbox(stream: io.BufferedReader) -> Iterator[bytes]:
    """The messages of an mbox, split at the "From " lines."""
    lines: list[bytes] = []
    size = 0
    for line in stream:
        if line.startswith(b"From ") and (not lines or lines[-1] in (b"\n", b"\r\n")):
            if lines:
                yield b"".join(lines)
            lines, size = [], 0
            continue
        size += len(line)
        if size <= MAX_FILE_BYTES:
            lines.append(line)
    if lines:
        yield b"".join(lines)


def _of_message(data: bytes) -> Iterator[bytes]:
    """The reports attached to one message (RFC 9990 section 3.5): parts that are XML or an archive by their bytes."""
    try:
        message = email.message_from_bytes(data, policy=email.policy.compat32)
        parts = [part for _, part in zip(range(MAX_PARTS), message.walk(), strict=False)]
    except (email.errors.MessageError, ValueError, LookupError, RecursionError) as error:
        raise ReportError(ReportProblem.NOT_A_REPORT, type(error).__name__) from error
    found = False
    for part in parts:
        payload = _payload(part)
        if payload.startswith(_ARCHIVES) or (payload.lstrip()[:1] == b"<" and "html" not in part.get_content_type()):
            found = True
            yield from unpack(payload)
    if not found:
        raise ReportError(ReportProblem.EMPTY)


def _payload(part: Message) -> bytes:
    if part.is_multipart():
        return b""
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError):
        return b""
    return payload if isinstance(payload, bytes) else b""


# -- archives ---------------------------------------------------------------------------------------------------------


def unpack(data: bytes) -> Iterator[bytes]:
    """XML as it is, or what a gzip file or a zip archive holds. Raises ReportError."""
    if data.startswith(_GZIP):
        yield _flat(_gunzip(data))
    elif data.startswith(_ZIP):
        yield from _unzip(data)
    elif data.startswith(_ARCHIVES):
        raise ReportError(ReportProblem.DAMAGED, "neither gzip nor zip")
    else:
        yield data


def _flat(data: bytes) -> bytes:
    if data.startswith(_ARCHIVES):
        raise ReportError(ReportProblem.NESTED)
    return data


def _gunzip(data: bytes) -> bytes:
    """All members of a gzip file, in steps: no more is unpacked than the bounds allow."""
    out = io.BytesIO()
    rest = data
    limit = min(MAX_BYTES, max(_FREE, MAX_RATIO * len(data)))
    try:
        while rest.startswith(_GZIP):
            unpacker = zlib.decompressobj(wbits=31)
            out.write(unpacker.decompress(rest, limit + 1 - out.tell()))
            if out.tell() > limit:
                raise ReportError(ReportProblem.BOMB)
            if not unpacker.eof:
                raise ReportError(ReportProblem.DAMAGED, "ends too early")
            rest = unpacker.unused_data
    except zlib.error as error:
        raise ReportError(ReportProblem.DAMAGED, str(error)) from error
    return out.getvalue()


def _unzip(data: bytes) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            total = sum(member.file_size for member in members)
            if len(members) > MAX_MEMBERS or total > min(MAX_BYTES, max(_FREE, MAX_RATIO * len(data))):
                raise ReportError(ReportProblem.BOMB)
            found = False
            for member in members:
                if member.filename.startswith("__MACOSX/"):
                    continue
                with archive.open(member) as file:  # never more than its header declares
                    document = _flat(file.read(member.file_size))
                found = True
                yield document
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError) as error:
        # encrypted members and unknown methods, too
        raise ReportError(ReportProblem.DAMAGED, str(error)[:200]) from error
    if not found:
        raise ReportError(ReportProblem.EMPTY)

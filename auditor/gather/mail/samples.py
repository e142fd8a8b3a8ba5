"""Which DKIM selectors the messages that somebody dropped in a folder were signed with. Only their headers are read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from email import policy
from email.errors import MessageError
from email.parser import BytesHeaderParser
from pathlib import Path

from auditor.read.records.outcomes import fold_name
from auditor.read.records.tags import parse_tags

MAX_FILES = 200  # a sample, not an archive
MAX_HEADER = 256 * 1024  # octets of a file that are read
MAX_SELECTORS = 20  # of one domain


def read_samples(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """The selectors in the DKIM-Signature headers (RFC 6376 section 3.5, tags d and s) of the files in `folder`, by
    signing domain. A file that cannot be read, or is no message, is left out; so is everything beyond MAX_FILES."""
    found: dict[str, dict[str, None]] = {}
    try:
        files = sorted(path for path in itertools.islice(folder.rglob("*"), MAX_FILES * 5) if path.is_file())
    except OSError:
        return {}
    for path in files[:MAX_FILES]:
        for domain, selector in _signatures(path):
            known = found.setdefault(domain, {})
            if len(known) < MAX_SELECTORS:
                known.setdefault(selector)
    return {domain: tuple(selectors) for domain, selectors in found.items()}


def _signatures(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with path.open("rb") as file:
            head = file.read(MAX_HEADER)
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(head)
        headers = [str(value) for value in message.get_all("DKIM-Signature", [])]
    except (OSError, MessageError, ValueError):
        return
    for header in headers:
        tags = parse_tags(header)
        domain, selector = tags.get("d"), tags.get("s")
        if domain and selector and (domain + selector).isascii():
            yield fold_name(domain), fold_name(selector)

"""The name of an agency's web host as a sender of mail, from the look at the host."""

from __future__ import annotations

from auditor.model import HostLook, HostMailFacts
from auditor.read.records.web_host import read_name


def read_host_mail(host: HostLook | None) -> HostMailFacts | None:
    """The facts of the host's name; None if it was not looked at. `reason` why one that decides is missing."""
    return None if host is None or host.mail is None else read_name(host.mail, host.looked_at)

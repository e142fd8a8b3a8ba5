"""The law as code: one module per subject, one small pure function per criterion of config/criteria.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from auditor.model.criterion import CheckFunction
from checks import (
    access,
    addresses,
    content,
    deadlines,
    freshness,
    functions,
    mailboxes,
    person,
    quality,
    standards,
)
from checks.mail import (
    dane,
    dkim,
    dmarc,
    dnssec,
    information,
    mta_sts,
    mx,
    nameservers,
    registration,
    reports,
    smtp,
    spf,
    subdomains,
    tls_rpt,
    web_host,
)

_SUBJECTS = (
    content,
    freshness,
    quality,
    deadlines,
    access,
    functions,
    standards,
    addresses,
    mailboxes,
    web_host,
    dkim,
    mx,
    spf,
    dmarc,
    nameservers,
    registration,
    dnssec,
    smtp,
    mta_sts,
    tls_rpt,
    dane,
    information,
    reports,
    subdomains,
    person,
)


def collect() -> Mapping[str, CheckFunction]:
    """Every check by the id of its criterion, in the order of the modules. Raises ValueError if two claim one id."""
    found: dict[str, CheckFunction] = {}
    for subject in _SUBJECTS:
        for function in vars(subject).values():
            criterion = getattr(function, "criterion_id", None)
            if criterion is None or function.__module__ != subject.__name__:
                continue
            if criterion in found:
                raise ValueError(f"two checks for {criterion}: {found[criterion].__name__}, {function.__name__}")
            found[criterion] = function
    return MappingProxyType(found)

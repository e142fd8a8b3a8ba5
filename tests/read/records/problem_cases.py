"""For every problem and remark of a mail domain an example that has it said, through the real record readers; and for
every part of it what is sound, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from auditor.model import (
    Completed,
    DnsAnswer,
    MailEvidence,
    MxTarget,
    NotRun,
    Outcome,
    Reason,
    ReverseLook,
)
from auditor.read.records import Problem, read_mail
from auditor.read.records.dkim import read_dkim
from auditor.read.records.mx import read_mx
from auditor.read.records.spf import read_spf
from tests.read.records.looks import NODATA, NXDOMAIN, SERVFAIL, TIMEOUT, tree, txt
from tests.read.records.test_dkim import rsa_key, short_key

DOMAIN = "tinh.example"
HOST = f"mail.{DOMAIN}"
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
P = Problem
Said = Callable[[], tuple[str, ...]]


@dataclass(frozen=True)
class Part:
    """One part of a mail domain. `sound` says nothing; neither does `blind`, but what is in `unseen`."""

    sound: Said
    blind: Said
    wrong: Mapping[Problem, Said]
    unseen: frozenset[Problem] = frozenset()


# -- the whole domain, MX ---------------------------------------------------------------------------------------------


def reverse(name: Outcome[DnsAnswer], *addresses: str) -> ReverseLook:
    return ReverseLook("203.0.113.5", name, Completed(addresses) if addresses else None)


TARGET = MxTarget(HOST, 10, Completed(("203.0.113.5",)), reverse=(reverse(txt(f"{HOST}."), "203.0.113.5"),))


def mx(*targets: MxTarget, **changes: Any) -> Said:
    address: Outcome[tuple[str, ...]] = NotRun(Reason.OUT_OF_SCOPE)
    return lambda: read_mx(**{"mx": Completed(targets), "address": address, **changes}).problems


def target(**changes: Any) -> MxTarget:
    return replace(TARGET, **changes)


MX = Part(
    mx(TARGET),
    mx(mx=TIMEOUT),
    {
        P.MX_MISSING: mx(mx=NODATA, address=NODATA),
        P.MX_IMPLICIT: mx(mx=NODATA, address=Completed(("203.0.113.5",))),
        P.MX_NULL: mx(target(host=".", preference=0)),
        P.MX_NULL_WITH_OTHERS: mx(TARGET, target(host=".", preference=0)),
        P.MX_TARGET_ALIAS: mx(target(is_alias=True)),
        P.MX_TARGET_UNRESOLVED: mx(target(addresses=NXDOMAIN)),
        P.MX_TARGET_UNCHECKED: mx(TARGET, target(host="b.example", addresses=TIMEOUT)),
        P.MX_TARGET_IS_ADDRESS: mx(target(host="203.0.113.5")),
        P.MX_PRIVATE_ADDRESS: mx(target(addresses=Completed(("192.168.1.5",)))),
        P.MX_UNREADABLE: mx(),
        P.MX_NO_PTR: mx(target(reverse=(reverse(NXDOMAIN),))),
        P.MX_PTR_UNCONFIRMED: mx(target(reverse=(reverse(txt("x.example."), "203.0.113.6"),))),
        P.MX_WILDCARD: mx(TARGET, wildcard=Completed(DnsAnswer("x", "MX", ("10 a.",)))),
    },
)


def gone(answer: Outcome[Any]) -> Said:
    return lambda: read_mail(MailEvidence(DOMAIN, datetime.now(UTC), answer, answer, answer)).mx.problems


ZONE = Part(gone(NODATA), gone(SERVFAIL), {P.ZONE_GONE: gone(NXDOMAIN)}, frozenset({P.MX_MISSING}))


# -- SPF, DMARC, DKIM -------------------------------------------------------------------------------------------------


def spf(
    record: str | Outcome[DnsAnswer], *more: str, hosts: Mapping[tuple[str, str], Any] | None = None, **others: str
) -> Said:
    answer = txt(record, *more) if isinstance(record, str) else record
    return lambda: read_spf(DOMAIN, answer, tree(**others), hosts).problems


def many(count: int, answer: Outcome[Any]) -> Said:
    names = [f"h{n}.example" for n in range(count)]
    terms = " ".join(f"a:{name}" for name in names)
    return spf(f"v=spf1 {terms} -all", hosts={(name, "A"): answer for name in names})


def spf_tree(name: str, answer: Outcome[DnsAnswer], record: str) -> Said:
    return lambda: read_spf(DOMAIN, txt(record), {name: answer}).problems


SPF = Part(
    spf("v=spf1 ip4:203.0.113.0/24 include:a.example -all", a_example="v=spf1 ip4:198.51.100.0/24 -all"),
    spf(TIMEOUT),
    {
        P.SPF_MISSING: spf(NODATA),
        P.SPF_NEAR_MISS: spf("v=spf1,a,-all"),
        P.SPF_MULTIPLE: spf("v=spf1 -all", "v=spf1 ~all"),
        P.SPF_SYNTAX: spf("v=spf1 include -all"),
        P.SPF_UNKNOWN_MECHANISM: spf("v=spf1 foo -all"),
        P.SPF_BAD_ADDRESS: spf("v=spf1 ip4:1.2.3 -all"),
        P.SPF_BAD_PREFIX: spf("v=spf1 ip4:192.0.2.1/33 -all"),
        P.SPF_BAD_DOMAIN: spf("v=spf1 include:nodot -all"),
        P.SPF_BAD_MACRO: spf("v=spf1 exists:%{x}.example -all"),
        P.SPF_REPEATED_MODIFIER: spf("v=spf1 redirect=a.example redirect=b.example"),
        P.SPF_NON_ASCII: spf("v=spf1 include:bánh.example -all"),
        P.SPF_TOO_MANY_LOOKUPS: many(11, Completed(DnsAnswer("", "A", ("203.0.113.5",)))),
        P.SPF_TOO_MANY_VOIDS: many(3, NXDOMAIN),
        P.SPF_TOO_MANY_MX: spf("v=spf1 mx -all", hosts={(DOMAIN, "MX"): txt(*(f"{n} h{n}.example." for n in range(11)))}),
        P.SPF_LOOP: spf("v=spf1 include:a.example -all", a_example=f"v=spf1 include:{DOMAIN} -all"),
        P.SPF_INCLUDE_MISSING: spf_tree("a.example", NXDOMAIN, "v=spf1 include:a.example -all"),
        P.SPF_INCLUDE_MULTIPLE: spf_tree("a.example", txt("v=spf1 -all", "v=spf1"), "v=spf1 include:a.example -all"),
        P.SPF_INCLUDE_INVALID: spf("v=spf1 include:a.example -all", a_example="v=spf1 foo -all"),
        P.SPF_INCLUDE_OPEN: spf("v=spf1 include:a.example -all", a_example="v=spf1 +all"),
        P.SPF_INCLUDE_UNCHECKED: spf_tree("a.example", TIMEOUT, "v=spf1 include:a.example -all"),
        P.SPF_REDIRECT_MISSING: spf_tree("a.example", NXDOMAIN, "v=spf1 redirect=a.example"),
        P.SPF_REDIRECT_IGNORED: spf("v=spf1 -all redirect=a.example"),
        P.SPF_TERMS_AFTER_ALL: spf("v=spf1 -all a"),
        P.SPF_MACRO_TARGET: spf("v=spf1 include:%{l}.example -all"),
        P.SPF_PLUS_ALL: spf("v=spf1 +all"),
        P.SPF_NEUTRAL_ALL: spf("v=spf1 ?all"),
        P.SPF_NO_ALL: spf("v=spf1 a"),
        P.SPF_OPEN_RANGE: spf("v=spf1 ip4:0.0.0.0/0 -all"),
        P.SPF_PTR: spf("v=spf1 ptr -all"),
        P.SPF_LONG_RECORD: spf("v=spf1 " + "ip4:203.0.113.1 " * 40 + "-all"),
        P.SPF_OVERLAP: spf("v=spf1 ip4:203.0.113.0/24 ip4:203.0.113.7 -all"),
    },
)  # fmt: skip


def dmarc(*answers: str | Outcome[DnsAnswer], reports: Outcome[DnsAnswer] | None = None) -> Said:
    """The domain's own answer, then that of the name above it."""
    names = (f"_dmarc.{DOMAIN}", "_dmarc.example")
    walk = tuple((name, txt(one) if isinstance(one, str) else one) for name, one in zip(names, answers, strict=False))
    asked = ((f"{DOMAIN}._report._dmarc.other.test", reports),) if reports is not None else ()
    there: Outcome[Any] = Completed(())
    look = MailEvidence(DOMAIN, datetime.now(UTC), there, NODATA, txt("x"), dmarc=walk, dmarc_reports=asked)
    return lambda: read_mail(look).dmarc.problems


GOOD = f"v=DMARC1; p=reject; rua=mailto:a@{DOMAIN}"
DMARC = Part(
    dmarc(GOOD),
    dmarc(TIMEOUT),
    {
        P.DMARC_MISSING: dmarc(NXDOMAIN, NXDOMAIN),
        P.DMARC_NEAR_MISS: dmarc("v=DMARC p=none", NXDOMAIN),
        P.DMARC_MULTIPLE: dmarc(txt(GOOD, "v=DMARC1; p=none"), NXDOMAIN),
        P.DMARC_INHERITED: dmarc(NXDOMAIN, GOOD),
        P.DMARC_POLICY_MISSING: dmarc(f"v=DMARC1; rua=mailto:a@{DOMAIN}"),
        P.DMARC_POLICY_INVALID: dmarc("v=DMARC1; p=all"),
        P.DMARC_POLICY_NONE: dmarc("v=DMARC1; p=none"),
        P.DMARC_SUBDOMAIN_WEAKER: dmarc(f"{GOOD}; sp=none"),
        P.DMARC_TESTING: dmarc(f"{GOOD}; t=y"),
        P.DMARC_NO_RUA: dmarc("v=DMARC1; p=reject"),
        P.DMARC_BAD_URI: dmarc("v=DMARC1; p=reject; rua=a@tinh.example"),
        P.DMARC_URI_SIZE: dmarc(f"{GOOD}!10m"),
        P.DMARC_PCT: dmarc(f"{GOOD}; pct=50"),
        P.DMARC_REMOVED_TAG: dmarc(f"{GOOD}; ri=86400"),
        P.DMARC_UNKNOWN_TAG: dmarc(f"{GOOD}; x=y"),
        P.DMARC_BAD_TAG: dmarc(f"{GOOD}; adkim=q"),
        P.DMARC_DUPLICATE_TAG: dmarc(f"{GOOD}; sp=reject; sp=reject"),
        P.DMARC_REPORT_REFUSED: dmarc("v=DMARC1; p=reject; rua=mailto:a@other.test", reports=NXDOMAIN),
        P.DMARC_PSD: dmarc(f"{GOOD}; psd=y"),
    },
)


def dkim(record: str | Outcome[DnsAnswer], *more: str) -> Said:
    return lambda: read_dkim("s1", txt(record, *more) if isinstance(record, str) else record).problems


DKIM = Part(
    dkim(f"v=DKIM1; k=ed25519; p={ED25519}"),
    dkim(TIMEOUT),
    {
        P.DKIM_MISSING: dkim(NXDOMAIN),
        P.DKIM_MULTIPLE: dkim(f"k=ed25519; p={ED25519}", "v=DKIM1; p="),
        P.DKIM_BAD_TAGS: dkim("v=DKIM1; k=rsa"),
        P.DKIM_BAD_VERSION: dkim(f"v=DKIM2; k=ed25519; p={ED25519}"),
        P.DKIM_UNKNOWN_TYPE: dkim(f"v=DKIM1; k=x; p={ED25519}"),
        P.DKIM_BAD_KEY: dkim("v=DKIM1; p=abc"),
        P.DKIM_REVOKED: dkim("v=DKIM1; p="),
        P.DKIM_TESTING: dkim(f"v=DKIM1; t=y; k=ed25519; p={ED25519}"),
        P.DKIM_KEY_TOO_SHORT: dkim(f"v=DKIM1; p={short_key()}"),
        P.DKIM_KEY_SHORT: dkim(f"v=DKIM1; p={rsa_key(1024)}"),
        P.DKIM_SHA1_ONLY: dkim(f"v=DKIM1; h=sha1; k=ed25519; p={ED25519}"),
        P.DKIM_NOT_FOR_MAIL: dkim(f"v=DKIM1; s=tlsrpt; k=ed25519; p={ED25519}"),
    },
)


PARTS = {"zone": ZONE, "mx": MX, "spf": SPF, "dmarc": DMARC, "dkim": DKIM}

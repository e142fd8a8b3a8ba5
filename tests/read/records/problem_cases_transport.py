"""The examples of problem_cases.py for the way that mail takes: policies, reports, name servers, mail servers, logos."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from auditor.model import (
    Completed,
    DirectLook,
    DirectReply,
    DnsAnswer,
    Failed,
    Look,
    LookKind,
    NameServersLook,
    NotRun,
    Outcome,
    Reason,
    SmtpLook,
    TlsLook,
    TransportEvidence,
)
from auditor.read.records.bimi import read_bimi
from auditor.read.records.caa import read_caa
from auditor.read.records.dane import read_dane
from auditor.read.records.mta_sts import read_mta_sts
from auditor.read.records.nameservers import read_nameservers
from auditor.read.records.smtp import read_smtp
from auditor.read.records.tls_rpt import read_tls_rpt
from auditor.read.records.transport import read_transport
from tests.read.records.certs import NOW, issue, tlsa
from tests.read.records.looks import NODATA, NXDOMAIN, TIMEOUT, txt
from tests.read.records.problem_cases import DOMAIN, HOST, P, Part, Said

# -- MTA-STS, TLS-RPT -------------------------------------------------------------------------------------------------

POLICY_URL = "https://mta-sts.tinh.example/.well-known/mta-sts.txt"
POLICY = f"version: STSv1\nmode: enforce\nmx: {HOST}\nmax_age: 1209600\n"
FETCHED = Look(
    POLICY_URL, LookKind.FILE, datetime.now(UTC), POLICY_URL, status=200,
    headers=(("content-type", "text/plain"),), body=POLICY.encode(),
)  # fmt: skip


def sts(record: str | Outcome[DnsAnswer] = "v=STSv1; id=1", *more: str, **look: Any) -> Said:
    answer = txt(record, *more) if isinstance(record, str) else record
    return lambda: read_mta_sts(DOMAIN, answer, Completed(replace(FETCHED, **look)), (HOST,)).problems


def policy(old: str, new: str) -> Said:
    return sts(body=POLICY.replace(old, new).encode())


def plain_server() -> tuple[str, ...]:
    """A policy that is in force, and a mail server without STARTTLS."""
    smtp = ((HOST, Completed(replace(SEEN, starttls=False))),)
    evidence = TransportEvidence(
        txt("v=STSv1; id=1"),
        Completed(FETCHED),
        NODATA,
        Completed(DnsAnswer(DOMAIN, "MX", (f"10 {HOST}.",))),
        smtp=smtp,
    )
    return read_transport(DOMAIN, evidence, NOW).mta_sts.problems


MTA_STS = Part(
    sts(),
    sts(TIMEOUT),
    {
        P.MTA_STS_MISSING: sts(NXDOMAIN),
        P.MTA_STS_NEAR_MISS: sts("v=stsv1; id=1"),
        P.MTA_STS_MULTIPLE: sts("v=STSv1; id=1", "v=STSv1; id=2"),
        P.MTA_STS_BAD_RECORD: sts("v=STSv1; id=1; x"),
        P.MTA_STS_BAD_ID: sts("v=STSv1; id=a-b"),
        P.MTA_STS_POLICY_UNREACHED: sts(status=None, reason=Reason.CONNECT_TIMEOUT),
        P.MTA_STS_POLICY_REDIRECTS: sts(status=302),
        P.MTA_STS_POLICY_STATUS: sts(status=404, reason=Reason.HTTP_404),
        P.MTA_STS_POLICY_CERTIFICATE: sts(status=None, reason=Reason.TLS_INVALID),
        P.MTA_STS_POLICY_TYPE: sts(headers=(("content-type", "text/html"),)),
        P.MTA_STS_POLICY_TOO_LARGE: sts(truncated=True),
        P.MTA_STS_POLICY_VERSION: policy("STSv1", "STSv2"),
        P.MTA_STS_POLICY_MODE: policy("enforce", "Enforce"),
        P.MTA_STS_POLICY_MAX_AGE: policy("1209600", "forever"),
        P.MTA_STS_POLICY_MX: policy(HOST, "*"),
        P.MTA_STS_POLICY_LINE: policy("mode", "hello\nmode"),
        P.MTA_STS_POLICY_DUPLICATE: policy("mode: enforce", "mode: enforce\nmode: none"),
        P.MTA_STS_SHORT_AGE: policy("1209600", "60"),
        P.MTA_STS_MODE_NONE: policy("enforce", "none"),
        P.MTA_STS_MODE_TESTING: policy("enforce", "testing"),
        P.MTA_STS_MX_UNMATCHED: policy(HOST, "other.example"),
        P.MTA_STS_CERTIFICATE: plain_server,
    },
)


def rpt(record: str | Outcome[DnsAnswer], *more: str) -> Said:
    return lambda: read_tls_rpt(txt(record, *more) if isinstance(record, str) else record).problems


TLS_RPT = Part(
    rpt("v=TLSRPTv1; rua=mailto:a@tinh.example"),
    rpt(TIMEOUT),
    {
        P.TLS_RPT_MISSING: rpt(NXDOMAIN),
        P.TLS_RPT_MULTIPLE: rpt("v=TLSRPTv1; rua=mailto:a@b.vn", "v=TLSRPTv1; rua=mailto:a@b.vn"),
        P.TLS_RPT_NEAR_MISS: rpt("v=tlsrptv1; rua=mailto:a@b.vn"),
        P.TLS_RPT_BAD_RECORD: rpt("v=TLSRPTv1; rua=mailto:a@b.vn; x"),
        P.TLS_RPT_NO_RUA: rpt("v=TLSRPTv1;"),
        P.TLS_RPT_BAD_URI: rpt("v=TLSRPTv1; rua=mailto:a@b.vn,ftp://x"),
    },
)


# -- name servers -----------------------------------------------------------------------------------------------------


def ns(
    *addresses: str | Outcome[tuple[str, ...]], direct: tuple[DirectLook, ...] = (), answer: Outcome[Any] | None = None
) -> Said:
    hosts = tuple(f"ns{n}.{DOMAIN}" for n in range(len(addresses)))
    found = tuple(Completed((one,)) if isinstance(one, str) else one for one in addresses)
    records = answer or Completed(DnsAnswer(DOMAIN, "NS", hosts))
    asked = Completed(direct) if direct else NotRun(Reason.NOT_CONFIGURED)
    return lambda: (
        read_nameservers(NameServersLook(DOMAIN, records, tuple(zip(hosts, found, strict=True)), asked)).problems
    )


def direct(
    code: str = "NOERROR", *, serial: int = 1, ttl: int = 3600, host: str = "mail", recursion: bool = False
) -> DirectLook:
    """What a name server says of the zone and of its MX records."""

    def said(kind: str, text: str) -> Outcome[DirectReply]:
        reply = dns.message.make_response(dns.message.make_query(DOMAIN, kind))
        reply.set_rcode(dns.rcode.from_text(code))
        reply.flags |= dns.flags.AA if code == "NOERROR" else 0
        reply.flags |= dns.flags.RA if recursion else 0
        if code == "NOERROR":
            reply.answer.append(dns.rrset.from_text(f"{DOMAIN}.", ttl, "IN", kind, text))
        return Completed(DirectReply(reply.to_wire()))

    soa = said("SOA", f"ns. host. {serial} 3600 600 86400 300")
    return DirectLook(f"ns-{code}-{host}.{DOMAIN}", "198.52.0.1", soa, said("MX", f"10 {host}.{DOMAIN}."))


APART = ("198.52.0.1", "203.1.0.1")
SILENT = DirectLook("ns9.example", "198.52.0.9", Failed(Reason.DNS_TIMEOUT))
NAMESERVERS = Part(
    ns(*APART, direct=(direct(), direct())),
    ns(answer=TIMEOUT),
    {
        P.NS_SINGLE: ns("198.52.0.1"),
        P.NS_SAME_NETWORK: ns("198.52.0.1", "198.52.0.2"),
        P.NS_UNRESOLVED: ns(*APART, NXDOMAIN),
        P.NS_PRIVATE_ADDRESS: ns(*APART, "10.0.0.1"),
        P.NS_LAME: ns(*APART, direct=(direct(), direct("REFUSED"))),
        P.NS_MX_DIFFERS: ns(*APART, direct=(direct(), direct(host="mail2"))),
        P.NS_SERIAL_DIFFERS: ns(*APART, direct=(direct(), direct(serial=2))),
        P.NS_NO_ANSWER: ns(*APART, direct=(direct(), SILENT)),
        P.NS_INTERCEPTED: ns(*APART, direct=(direct("REFUSED", recursion=True),)),
        P.NS_SHORT_TTL: ns(*APART, direct=(direct(ttl=60),)),
        P.NS_LONG_TTL: ns(*APART, direct=(direct(ttl=30 * 86_400),)),
    },
)


# -- DANE, SMTP -------------------------------------------------------------------------------------------------------

CERTIFICATE, STRANGER = issue(HOST), issue(HOST)
SEEN = SmtpLook(HOST, "203.0.113.5", NOW, f"{HOST} ESMTP", (f"{HOST} Hello", "SIZE 1", "8BITMIME"), True)


def session(chain: tuple[bytes, ...] = CERTIFICATE.chain, version: str = "TLSv1.3", distrust: str = "") -> Any:
    return Completed(TlsLook(version, chain, distrust))


def dane(*records: str | Outcome[DnsAnswer], secure: bool = True, look: Any = None) -> Said:
    texts = tuple(one for one in records if isinstance(one, str))
    answer = Completed(DnsAnswer("", "TLSA", texts, authenticated=secure, server="r")) if texts else records[0]
    mx_answer = Completed(DnsAnswer(DOMAIN, "MX", (f"10 {HOST}.",), authenticated=secure, server="r"))
    shown = look or Completed(replace(SEEN, tls=session()))
    known = frozenset({"r"})
    return lambda: read_dane(mx_answer, ((HOST, answer),), {HOST: shown}, validating=known).problems  # type: ignore[arg-type]


def two_servers() -> tuple[str, ...]:
    pinned = Completed(DnsAnswer("", "TLSA", (MATCH, OTHER), authenticated=True))
    answer = Completed(DnsAnswer(DOMAIN, "MX", (f"10 {HOST}.",), authenticated=True))
    looks = {HOST: Completed(replace(SEEN, tls=session()))}
    return read_dane(answer, ((HOST, pinned), ("b.example", NODATA)), looks, validating=frozenset({"r"})).problems


MATCH, OTHER = tlsa(3, 1, 1, CERTIFICATE.leaf), tlsa(3, 1, 1, STRANGER.leaf)
ELSEWHERE = issue("other.example")
DANE = Part(
    dane(MATCH, OTHER),
    dane(TIMEOUT),
    {
        P.DANE_MISSING: dane(NXDOMAIN),
        P.DANE_INSECURE: dane(MATCH, secure=False),
        P.DANE_NOT_ALL: two_servers,
        P.DANE_MISMATCH: dane(OTHER),
        P.DANE_UNCHECKED: dane(MATCH, look=NotRun(Reason.PORT_25_BLOCKED)),
        P.DANE_UNUSABLE: dane("1 1 1 " + "ab" * 32),
        P.DANE_BAD_RECORD: dane(MATCH, "3 1 1 xyz"),
        P.DANE_SINGLE: dane(MATCH),
        P.DANE_EXPIRED: dane(
            tlsa(2, 1, 1, ELSEWHERE.authority), look=Completed(replace(SEEN, tls=session(ELSEWHERE.chain)))
        ),
    },
)


def smtp(**changes: Any) -> Said:
    look = replace(SEEN, **{"tls": session(), **changes})
    return lambda: read_smtp(((HOST, Completed(look)),)).servers[0].problems


def unseen() -> tuple[str, ...]:
    return read_smtp(((HOST, NotRun(Reason.PORT_25_BLOCKED)),)).servers[0].problems


SMTP = Part(
    smtp(),
    unseen,
    {
        P.SMTP_NO_STARTTLS: smtp(starttls=False),
        P.SMTP_TLS_FAILED: smtp(tls=Failed(Reason.TLS_FAILED)),
        P.SMTP_OLD_TLS: smtp(tls=session(version="TLSv1")),
        P.SMTP_CERTIFICATE_EXPIRED: smtp(tls=session(issue(HOST, days=-1).chain)),
        P.SMTP_CERTIFICATE_NOT_YET: smtp(looked_at=NOW - timedelta(days=800)),
        P.SMTP_CERTIFICATE_NAME: smtp(tls=session(ELSEWHERE.chain)),
        P.SMTP_CERTIFICATE_UNTRUSTED: smtp(tls=session(distrust="no path")),
        P.SMTP_CERTIFICATE_EXPIRING: smtp(tls=session(issue(HOST, days=3).chain)),
        P.SMTP_NO_SIZE: smtp(ehlo=(f"{HOST} Hello", "8BITMIME")),
        P.SMTP_NO_8BITMIME: smtp(ehlo=(f"{HOST} Hello", "SIZE 1")),
        P.SMTP_EHLO_NAME: smtp(ehlo=("localhost Hello", "SIZE 1", "8BITMIME")),
    },
)


# -- BIMI, CAA --------------------------------------------------------------------------------------------------------


def bimi(record: str | Outcome[DnsAnswer], *more: str) -> Said:
    return lambda: read_bimi(txt(record, *more) if isinstance(record, str) else record).problems


BIMI = Part(
    bimi("v=BIMI1; l=https://a.example/l.svg; a=https://a.example/l.pem"),
    bimi(TIMEOUT),
    {
        P.BIMI_MULTIPLE: bimi("v=BIMI1; l=", "v=BIMI1; l="),
        P.BIMI_BAD_RECORD: bimi("v=BIMI1; x=y"),
        P.BIMI_NOT_HTTPS: bimi("v=BIMI1; l=http://a.example/l.svg; a=https://a.example/l.pem"),
        P.BIMI_NOT_SVG: bimi("v=BIMI1; l=https://a.example/l.png; a=https://a.example/l.pem"),
        P.BIMI_NO_CERTIFICATE: bimi("v=BIMI1; l=https://a.example/l.svg"),
    },
)


def caa(*records: str, answer: Outcome[DnsAnswer] | None = None) -> Said:
    return lambda: read_caa(((DOMAIN, answer or Completed(DnsAnswer(DOMAIN, "CAA", records))),)).problems


CAA = Part(
    caa('0 issue "ca.example"'),
    caa(answer=TIMEOUT),
    {P.CAA_BAD_RECORD: caa("hello"), P.CAA_UNKNOWN_CRITICAL: caa('128 x "y"')},
)

PARTS = {
    "mta-sts": MTA_STS, "tls-rpt": TLS_RPT, "nameservers": NAMESERVERS, "dane": DANE, "smtp": SMTP, "bimi": BIMI, "caa": CAA,
}  # fmt: skip

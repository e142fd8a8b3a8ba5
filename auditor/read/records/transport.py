"""All of a domain's transport read: one record after the other, and what one says of the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from auditor.model import (
    Completed,
    DnsAnswer,
    DnssecFacts,
    MtaStsFacts,
    Outcome,
    SmtpFacts,
    TransportEvidence,
    TransportFacts,
)
from auditor.read.records.bimi import read_bimi
from auditor.read.records.caa import read_caa
from auditor.read.records.dane import read_dane, validators
from auditor.read.records.mta_sts import read_mta_sts
from auditor.read.records.mx import parse_mx
from auditor.read.records.outcomes import blindness, texts
from auditor.read.records.problems import Problem
from auditor.read.records.services import read_service
from auditor.read.records.smtp import FAULTY, read_smtp
from auditor.read.records.tls_rpt import read_tls_rpt
from auditor.read.records.tlsa_chain import is_absent, read_tlsa_chain


def read_transport(
    domain: str, evidence: TransportEvidence, now: datetime, chain: DnssecFacts | None = None
) -> TransportFacts:
    """The facts of `evidence`, looked up at `now`. A resolver that authenticates the root, or the MX records,
    validates: what it leaves unauthenticated is unsigned. `chain`: what the domain's own chain of DNSSEC came to."""
    smtp = read_smtp(evidence.smtp)
    if not evidence.smtp:  # whom to look at is not known
        smtp = replace(smtp, reason=blindness(evidence.mx))
    walked = {look.host: read_tlsa_chain(look, now) for look in evidence.tlsa_signed}
    sts = read_mta_sts(domain, evidence.mta_sts, evidence.policy, mail_servers(evidence.mx))
    return TransportFacts(
        mta_sts=_with_certificates(sts, smtp),
        tls_rpt=read_tls_rpt(evidence.tls_rpt),
        dane=read_dane(
            evidence.mx,
            evidence.tlsa,
            dict(evidence.smtp),
            validating=validators(chain, evidence.root, evidence.mx),
            chain=chain,
            walked=walked,
            denied=frozenset(look.host for look in evidence.tlsa_signed if is_absent(look, walked[look.host])),
        ),
        smtp=smtp,
        bimi=read_bimi(evidence.bimi),
        caa=read_caa(evidence.caa),
        services=tuple(read_service(name, answer) for name, answer in evidence.services),
    )


def mail_servers(mx: Outcome[DnsAnswer]) -> tuple[str, ...]:
    """The hosts of the MX records by preference; none for a null MX, without MX records, and
    where the answer is not known."""
    if not isinstance(mx, Completed):
        return ()
    records = [record for text in texts(mx) if (record := parse_mx(text))]
    return tuple(dict.fromkeys(host for _, host in sorted(records) if host != "."))


def _with_certificates(sts: MtaStsFacts, smtp: SmtpFacts) -> MtaStsFacts:
    """RFC 8461 section 4.2: under a policy, the server's certificate must be valid for its name and trusted."""
    if sts.state != "valid" or sts.mode == "none":
        return sts
    refused = any(
        server.state == "plain" or FAULTY & set(server.problems)
        for server in smtp.servers
        if server.state != "unverifiable"
    )
    return replace(sts, problems=(*sts.problems, Problem.MTA_STS_CERTIFICATE)) if refused else sts

"""The mail part of the JSON output: one object for the facts of a mail domain. Keys: docs/json.md."""

from __future__ import annotations

from typing import Any

from auditor.model import MailFacts, NameServerFacts, NameServerReply, RegistrationFacts, TransportFacts

Json = dict[str, Any]


def mail_block(mail: MailFacts) -> Json:
    """The facts of one mail domain; dates and enums are made JSON values by the caller."""
    return {
        "domain": mail.domain,
        "looked_at": mail.looked_at,
        "confirmed": mail.confirmed,
        "mx": {
            "state": mail.mx.state,
            "targets": [{"preference": p, "host": h, "addresses": list(a)} for p, h, a in mail.mx.targets],
            "problems": list(mail.mx.problems),
            "reason": mail.mx.reason,
        },
        "spf": {
            "state": mail.spf.state,
            "record": mail.spf.record,
            "all": mail.spf.all_qualifier,
            "lookups": mail.spf.lookups,
            "void_lookups": mail.spf.void_lookups,
            "branches": [
                {"term": one.term, "lookups": one.lookups, "void_lookups": one.void_lookups}
                for one in mail.spf.branches
            ],
            "addresses": mail.spf.addresses,
            "widest": mail.spf.widest,
            "overlaps": list(mail.spf.overlaps),
            "problems": list(mail.spf.problems),
            "reason": mail.spf.reason,
        },
        "dmarc": {
            "state": mail.dmarc.state,
            "record": mail.dmarc.record,
            "location": mail.dmarc.location,
            "policy": mail.dmarc.policy,
            "effective_policy": mail.dmarc.effective_policy,
            "subdomain_policy": mail.dmarc.subdomain_policy,
            "below_policy": mail.dmarc.below_policy,
            "absent_policy": mail.dmarc.absent_policy,
            "alignment": {"dkim": mail.dmarc.alignment[0], "spf": mail.dmarc.alignment[1]},
            "rua": list(mail.dmarc.rua),
            "destinations": [{"domain": name, "state": state} for name, state in mail.dmarc.destinations],
            "problems": list(mail.dmarc.problems),
            "reason": mail.dmarc.reason,
        },
        "dkim": [
            {
                "selector": key.selector,
                "state": key.state,
                "record": key.record,
                "problems": list(key.problems),
                "reason": key.reason,
                "source": key.source,
                "kind": key.kind,
                "bits": key.bits,
            }
            for key in mail.dkim
        ],
        "dkim_reason": mail.dkim_reason,
        "dkim_asked": mail.dkim_asked,
        "dkim_hint": mail.dkim_hint,
        "transport": _transport(mail.transport) if mail.transport else None,
        "nameservers": _nameservers(mail.nameservers) if mail.nameservers else None,
        "dnssec": {
            "state": mail.dnssec.state,
            "zone": mail.dnssec.zone,
            "why": mail.dnssec.why,
            "reason": mail.dnssec.reason,
        }
        if mail.dnssec
        else None,
        "registration": _registration(mail.registration) if mail.registration else None,
        "web_hosts": [
            {
                "host": one.host,
                "policy": one.policy,
                "location": one.location,
                "sends_nothing": one.sends_nothing,
                "null_mx": one.null_mx,
                "reason": one.reason,
            }
            for one in mail.web_hosts
        ],
    }


def _registration(facts: RegistrationFacts) -> Json:
    return {
        "domain": facts.domain,
        "state": facts.state,
        "expires_at": facts.expires_at,
        "statuses": list(facts.statuses),
        "url": facts.url,
        "reason": facts.reason,
    }


def _nameservers(facts: NameServerFacts) -> Json:
    said = {reply.host: reply for reply in facts.replies}
    return {
        "state": facts.state,
        "zone": facts.zone,
        "servers": [
            {
                "host": host,
                "addresses": list(addresses),
                "asked": _reply(said[host]) if host in said else None,
            }
            for host, addresses in facts.servers
        ],
        "serials": sorted({reply.serial for reply in facts.replies if reply.serial is not None}),
        "problems": list(facts.problems),
        "reason": facts.reason,
        "direct_reason": facts.direct_reason,
    }


def _reply(reply: NameServerReply) -> Json:
    return {
        "address": reply.address,
        "state": reply.state,
        "rcode": reply.rcode,
        "authoritative": reply.authoritative,
        "recursion": reply.recursion,
        "serial": reply.serial,
        "mx": None if reply.mx is None else list(reply.mx),
        "reason": reply.reason,
    }


def _transport(facts: TransportFacts) -> Json:
    return {
        "mta_sts": {
            "state": facts.mta_sts.state,
            "record": facts.mta_sts.record,
            "mode": facts.mta_sts.mode,
            "max_age": facts.mta_sts.max_age,
            "patterns": list(facts.mta_sts.patterns),
            "unmatched": list(facts.mta_sts.unmatched),
            "problems": list(facts.mta_sts.problems),
            "reason": facts.mta_sts.reason,
        },
        "tls_rpt": {
            "state": facts.tls_rpt.state,
            "record": facts.tls_rpt.record,
            "rua": list(facts.tls_rpt.rua),
            "problems": list(facts.tls_rpt.problems),
            "reason": facts.tls_rpt.reason,
        },
        "dane": {
            "state": facts.dane.state,
            "hosts": [
                {"host": h.host, "state": h.state, "records": list(h.records), "vouched_by": h.vouched_by}
                for h in facts.dane.hosts
            ],
            "problems": list(facts.dane.problems),
            "reason": facts.dane.reason,
        },
        "smtp": {
            "state": facts.smtp.state,
            "servers": [
                {
                    "host": server.host,
                    "state": server.state,
                    "banner": server.banner,
                    "name": server.name,
                    "tls_version": server.tls_version,
                    "extensions": list(server.extensions),
                    "certificate_names": list(server.certificate_names),
                    "not_after": server.not_after,
                    "problems": list(server.problems),
                    "reason": server.reason,
                }
                for server in facts.smtp.servers
            ],
            "reason": facts.smtp.reason,
        },
        "bimi": {"state": facts.bimi.state, "record": facts.bimi.record, "problems": list(facts.bimi.problems)},
        "caa": {
            "state": facts.caa.state,
            "name": facts.caa.name,
            "issuers": list(facts.caa.issuers),
            "accounts": list(facts.caa.accounts),
            "problems": list(facts.caa.problems),
        },
        "services": [{"name": s.name, "state": s.state, "targets": list(s.targets)} for s in facts.services],
    }

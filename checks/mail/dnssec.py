"""DNSSEC: whether answers for the mail domain can be forged on their way."""

from __future__ import annotations

from auditor.model import AgencyFacts, Criterion, DnssecFacts, Finding, MailFacts, Reason, Verdict, check
from checks.mail.wording import for_operator, not_configured, said, unknown

_VERDICTS = {"secure": Verdict.PASS, "insecure": Verdict.FAIL, "bogus": Verdict.FAIL}
_BEYOND_US = frozenset({"algorithm", "too_many_keys", "wildcard"})  # the data came, and we cannot judge it
_MISSING = frozenset({"no_keys", "unsigned_ds", "soa_unsigned", "mx_unsigned"})


@check("mail.dnssec")
def dnssec(facts: AgencyFacts, rule: Criterion) -> Finding:
    """The chain from the root holds down to the domain. RFC 4033 to 4035."""
    rule, mail = for_operator(facts, rule), facts.mail
    if mail is None or mail.dnssec is None:
        return not_configured(rule)
    seen = mail.dnssec
    asked = _asked(seen, mail)
    if seen.state not in _VERDICTS:
        return _unseen(rule, mail, seen, asked)
    why = rule.say(f"mail.dnssec.why.{seen.why}", zone=seen.zone) if seen.why else ""
    verdict, key = _VERDICTS[seen.state], f"mail.dnssec.{seen.state}"
    if verdict is Verdict.FAIL and _is_above(seen.zone, mail):
        verdict, key = Verdict.NOT_APPLICABLE, "mail.dnssec.above"
    elif seen.state == "bogus" and not mail.confirmed:
        verdict, key = Verdict.UNVERIFIED, "mail.unconfirmed"
    return said(rule, mail, verdict, key, asked=asked, zone=seen.zone, why=why)


def _asked(seen: DnssecFacts, mail: MailFacts) -> tuple[str, str]:
    """The query that shows it."""
    if seen.why.startswith("mx_") or seen.why == "wildcard":
        return mail.domain, "MX"
    if seen.zone == ".":  # the root has no DS: its keys are held against the trust anchors
        return ".", "DNSKEY"
    return seen.zone or mail.domain, "SOA" if seen.why.startswith("soa_") else "DS"


def _unseen(rule: Criterion, mail: MailFacts, seen: DnssecFacts, asked: tuple[str, str]) -> Finding:
    """Not "cannot be resolved": the names were answered, but not with what a chain is made of."""
    reason = seen.reason or Reason.DNS_ERROR
    if reason is not Reason.DNS_ERROR:
        return unknown(rule, mail, reason, asked)
    zone, why = seen.zone or mail.domain, ""
    key = "mail.dnssec.no_data"
    if seen.why in _BEYOND_US and zone != ".":  # the root is judged everywhere: there it is the resolver, or our clock
        key, why = "mail.dnssec.beyond_us", rule.say(f"mail.dnssec.why.{seen.why}", zone=zone)
    elif seen.why in _MISSING and zone != ".":  # dropped on the way, or an inner view; or really missing
        key, why = "mail.dnssec.missing", rule.say(f"mail.dnssec.why.{seen.why}", zone=zone)
    place = rule.say("mail.dnssec.root") if zone == "." else zone
    return said(rule, mail, Verdict.UNVERIFIED, key, asked=asked, reason=reason, zone=place, why=why)


def _is_above(zone: str, mail: MailFacts) -> bool:
    """True if the chain ends above the zone that holds the domain: its operator can mend nothing there."""
    own = mail.nameservers.zone if mail.nameservers is not None and mail.nameservers.state == "valid" else mail.domain
    return zone != own and own.endswith("." + zone)

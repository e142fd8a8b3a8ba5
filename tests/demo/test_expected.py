"""The demo province, audited end to end over loopback, against what expected.yaml says a fair auditor must find.

The whole way is real: DNS, TLS, the polite client, the crawl, readers, checks. The night is made once for the module;
the tests compare parts of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from auditor.demo.province import Province
from auditor.model import AgencyAudit, DetectorFacts, Finding, MailFacts, SiteState, TransportFacts
from tests.demo.never import NEVER
from tests.demo.nights import (
    AS_OF,
    CODES,
    EXPECTED,
    MAIL_DOMAINS,
    OPERATOR,
    Night,
    audit_province,
    entry,
    fails,
    findings,
    want,
)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with Province(AS_OF, tmp_path_factory.mktemp("expected")) as province:
        yield asyncio.run(audit_province(province))


def test_every_agency_of_the_registry_is_expected(night: Night) -> None:
    assert set(night.final) == set(CODES)


# -- the site ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_site_state(night: Night, code: str) -> None:
    site = night.audit(code).site
    assert site.state in {want(code)["site_state"], want(code).get("site_state_also_fair")}
    assert want(code).get("moved_to", "") in (urlsplit(site.state_detail).hostname or site.state_detail)


@pytest.mark.parametrize("code", CODES)
def test_traps_are_reported(night: Night, code: str) -> None:
    kinds = {trap.kind for trap in night.audit(code).site.traps}
    assert set(want(code).get("traps", ())) <= kinds
    any_of = set(want(code).get("traps_any_of", ()))
    assert not any_of or any_of & kinds


@pytest.mark.parametrize("code", CODES)
def test_budget_and_manners(night: Night, code: str) -> None:
    """Traps of endless pages do not eat the budget: no agency needs all of it."""
    evidence = night.first[code].evidence
    assert len(evidence.looks) < evidence.budget or not evidence.looks
    assert not evidence.budget_spent


# -- detectors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_states_of_all_detectors(night: Night, code: str) -> None:
    site = night.audit(code).site
    everywhere = want(code).get("all_detectors")
    if everywhere:
        assert {name: facts.state for name, facts in site.detectors.items() if facts.state != everywhere} == {}
        return
    wanted = {name: entry(value)[0] for name, value in want(code)["detectors"].items()}
    assert {name: str(site.section(name).state) for name in wanted} == wanted


@pytest.mark.parametrize("code", CODES)
def test_newest_dates(night: Night, code: str) -> None:
    site = night.audit(code).site
    dated: dict[str, date | None] = {}
    for name, value in want(code)["detectors"].items():
        if isinstance(value, str) or len(value) < 2:
            continue  # nothing is laid down
        newest = entry(value)[1]
        dated[name] = None if newest in (None, "undated") else night.province.day(newest)
        assert (newest == "undated") == site.section(name).undated, name
    assert {name: _date(site.section(name)) for name in dated} == dated


def _date(facts: DetectorFacts) -> date | None:
    return facts.newest.date if facts.newest else None


@pytest.mark.parametrize("code", CODES)
def test_newest_update_of_the_site(night: Night, code: str) -> None:
    newest = night.audit(code).site.newest_update
    wanted = want(code).get("newest_update")
    assert (newest.date if newest else None) == (night.province.day(wanted) if wanted is not None else None)


@pytest.mark.parametrize(
    ("code", "detector"),
    [(code, name) for code in CODES for name, value in want(code)["detectors"].items() if entry(value)[2]],
)
def test_detector_shows_its_proof(night: Night, code: str, detector: str) -> None:
    """The words or the address that prove the state stand in what is shown of it."""
    audit = night.audit(code)
    facts = audit.site.section(detector)
    shown = [text for section in facts.sections for text in (section.label, section.url, section.excerpt)]
    shown += [item.title for item in facts.items]
    shown += [facts.newest.excerpt, facts.newest.url] if facts.newest else []
    shown += [text for look in facts.looked_at for text in (look.label, look.url)]
    shown += [text for finding in _about(audit, detector) for text in _proof(finding)]
    assert entry(want(code)["detectors"][detector])[2] in "\n".join(shown)


def _about(audit: AgencyAudit, detector: str) -> list[Finding]:
    return [finding for finding in audit.findings if finding.id.endswith(f".{detector}")]


def _proof(finding: Finding) -> list[str]:
    shown = [finding.seen]
    shown += [text for ref in finding.evidence for text in (ref.url, ref.excerpt)]
    shown += [text for look in finding.looked_at for text in (look.label, look.url)]
    return shown


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_addresses_with_class_and_role(night: Night, code: str) -> None:
    audit = night.audit(code)
    known = {fact.address: fact for fact in audit.site.addresses}
    wanted = {}
    for address, (class_, contact) in want(code)["addresses"].items():
        if contact is False and address not in known and not _was_read(audit, address):
            continue  # an innocent address on a page that nothing asked for
        wanted[address] = (class_, bool(contact) if contact is not None else None)
    seen = {
        address: (str(known[address].class_), known[address].agency_contact if wanted[address][1] is not None else None)
        for address in wanted
        if address in known
    }
    assert seen == wanted


def _was_read(audit: AgencyAudit, address: str) -> bool:
    entities = "".join(f"&#{ord(character)};" for character in address)
    return any(
        address.encode() in look.body or entities.encode() in look.body for look in audit.evidence.looks if look.ok
    )


@pytest.mark.parametrize("code", [code for code in CODES if "hidden_as" in want(code)])
def test_hidden_addresses_are_decoded(night: Night, code: str) -> None:
    """Entities are no hiding place to a reader: the address may be called plain. All others are named."""
    known = {fact.address: fact for fact in night.audit(code).site.addresses}
    for address, hiding in want(code)["hidden_as"].items():
        fair = {hiding, ""} if hiding == "entities" else {hiding}
        assert fair & {place.hidden_as for place in known[address].places}, address


@pytest.mark.parametrize("code", CODES)
def test_no_stranger_is_called_the_agencys_contact(night: Night, code: str) -> None:
    """Every contact that is shown is one that the agency's pages publish as theirs."""
    for fact in night.audit(code).site.addresses:
        if fact.agency_contact:
            assert want(code)["addresses"].get(fact.address, [None, None])[1] is not False, fact
            assert fact.class_ == "official" or fact.address in want(code)["addresses"], fact


# -- verdicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_verdicts(night: Night, code: str) -> None:
    found = findings(night.audit(code))
    wanted = want(code)["verdicts"]
    assert {name: str(found[name].verdict) for name in wanted} == wanted


@pytest.mark.parametrize("code", CODES)
def test_nothing_fails_but_planted_faults(night: Night, code: str) -> None:
    planted = {name for name, verdict in want(code)["verdicts"].items() if verdict == "fail"}
    audit = night.audit(code)
    assert {name: findings(audit)[name].seen for name in fails(audit) if name not in planted} == {}


@pytest.mark.parametrize("code", CODES)
def test_every_fail_shows_where_it_looked(night: Night, code: str) -> None:
    for name in fails(night.audit(code)):
        finding = findings(night.audit(code))[name]
        assert finding.evidence or finding.looked_at, name
        assert finding.seen and finding.expected and finding.advice and finding.basis, name


@pytest.mark.parametrize("code", CODES)
def test_first_look_fails_nothing_that_the_second_one_takes_back(night: Night, code: str) -> None:
    assert set(fails(night.first[code])) <= set(fails(night.final[code]))


@pytest.mark.parametrize(
    ("code", "criterion", "words"),
    [(code, *pair) for code in CODES for pair in want(code).get("evidence", {}).items()],
)
def test_finding_shows_its_proof(night: Night, code: str, criterion: str, words: str) -> None:
    finding = findings(night.audit(code))[criterion]
    assert words in "\n".join(_proof(finding))
    assert any(ref.fetched_at is not None for ref in finding.evidence)


def _transport(mail: MailFacts) -> TransportFacts:
    assert mail.transport is not None
    return mail.transport


# -- mail -------------------------------------------------------------------------------------------------------------

_MAIL_FACTS: Mapping[str, Callable[[MailFacts], Any]] = {
    "mx": lambda mail: mail.mx.state,
    "spf": lambda mail: mail.spf.state,
    "dmarc": lambda mail: mail.dmarc.state,
    "dmarc_policy": lambda mail: mail.dmarc.policy,
    "dkim": lambda mail: {one.selector: one.state for one in mail.dkim if one.state != "none"},
    "mx_problem": lambda mail: " ".join(mail.mx.problems),
    "spf_all": lambda mail: mail.spf.all_qualifier,
    "mta_sts": lambda mail: f"{_transport(mail).mta_sts.state} {_transport(mail).mta_sts.mode}",
    "tls_rpt": lambda mail: _transport(mail).tls_rpt.state,
    "registration": lambda mail: mail.registration.state if mail.registration else None,
    "smtp": lambda mail: _transport(mail).smtp.state,
    "smtp_problem": lambda mail: " ".join(_transport(mail).smtp.problems),
}


@pytest.mark.parametrize("domain", MAIL_DOMAINS)
def test_mail_facts(night: Night, domain: str) -> None:
    wanted = EXPECTED["mail"][domain]
    assert {name: _MAIL_FACTS[name](night.mail[domain]) for name in wanted} == wanted


@pytest.mark.parametrize("code", CODES)
def test_mail_block_is_the_same_on_every_card(night: Night, code: str) -> None:
    found = findings(night.audit(code))
    wanted = EXPECTED["mail"]["verdicts"]
    assert {name: str(found[name].verdict) for name in wanted} == wanted
    block = [(f.id, f.verdict, f.seen) for f in night.audit(OPERATOR).findings if f.item == "mail"]
    assert [(f.id, f.verdict, f.seen) for f in night.audit(code).findings if f.item == "mail"] == block


# -- what must never be said ------------------------------------------------------------------------------------------


def test_everything_that_must_never_be_said_is_tested() -> None:
    listed = {(code, line["what"]) for code in CODES for line in want(code).get("never", ())}
    listed |= {("mail", line["what"]) for line in EXPECTED["mail"]["never"]}
    assert set(NEVER) == listed


@pytest.mark.parametrize(("code", "what"), NEVER)
def test_never(night: Night, code: str, what: str) -> None:
    assert list(NEVER[code, what](night, code)) == []


# -- scores -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_card_without_enough_to_measure_is_not_ranked(night: Night, code: str) -> None:
    audit = night.audit(code)
    if audit.site.state in (SiteState.OK, SiteState.SPLASH):
        assert audit.scores.grade is not None
    else:
        assert audit.scores.grade is None
        assert audit.scores.f.earned == 0 or audit.scores.f.measurable < audit.scores.f.max


def test_the_best_sites_score_above_the_worst(night: Night) -> None:
    share = {code: audit.scores.total.permille or 0 for code, audit in night.final.items()}
    assert share["sct"] == 1000
    assert min(share["sct"], share["stp"], share["tanmau"], share["stttt"]) > max(share["sxd"], share["sgddt"])


def test_an_audit_writes_nothing(night: Night) -> None:
    names = {path.name for path in night.province.folder.iterdir()}
    assert names == {
        "agencies.yaml", "auditor.toml", "ca.pem", "mailbox", "mailboxes.csv", "danh-sach-hop-thu.csv", "bao-cao-dmarc"
    }  # fmt: skip


def test_a_complete_site_is_judged_within_forty_requests(night: Night) -> None:
    complete = night.audit("sct").site
    assert 20 <= complete.requests <= 40, "fewer could not have seen every section"

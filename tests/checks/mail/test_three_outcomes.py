"""Every criterion of a mail domain: right, wrong, and could not look, each from real servers up to the finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditor.demo.signing import Plan
from auditor.model import Finding, ReportFacts, Verdict
from auditor.report_import import facts_of, import_reports
from auditor.store import open_store
from tests.checks.mail.scenes import DOMAIN, HOST, POLICY, WEB, Scene, mail_facts, web_host_facts
from tests.factories import judge, make_agency, make_facts, rulebook
from tests.gather.servers import Authority
from tests.test_reports import xml

SOUND = Scene()
WRONG = frozenset({Verdict.FAIL, Verdict.PARTIAL, Verdict.NEEDS_PERSON})
SIGNED = "@ 300 MX 10 mail\nmail 300 A 203.0.113.5\n"
ANOTHER = f"_25._tcp.mail 300 TLSA 3 1 1 {'ab' * 32}\n"
MATCHING = f"{SIGNED}_25._tcp.mail 300 TLSA PINNED\n"
#: Shown and never judged, whatever they say: right and wrong differ by what is said.
SHOWN = frozenset({"mail.caa", "mail.bimi", "mail.services"})


@dataclass(frozen=True)
class Row:
    verdict: Verdict
    key: str
    scene: Scene = SOUND


def ok(key: str, scene: Scene = SOUND) -> Row:
    return Row(Verdict.PASS, key, scene)


def fail(key: str, scene: Scene) -> Row:
    return Row(Verdict.FAIL, key, scene)


def part(key: str, scene: Scene) -> Row:
    return Row(Verdict.PARTIAL, key, scene)


def blind(scene: Scene, key: str = "mail.unverified") -> Row:
    return Row(Verdict.UNVERIFIED, key, scene)


def broken(name: str, kind: str = "*", **changes: object) -> Scene:
    """A scene in which one name is not answered."""
    return Scene(faults={(name, kind): "servfail"}, **changes)  # type: ignore[arg-type]


def without(*names: str, **changes: object) -> Scene:
    return Scene({name: {} for name in names}, **changes)  # type: ignore[arg-type]


def at(name: str, kind: str, *texts: str, **changes: object) -> Scene:
    """A scene in which one name has one other set of records."""
    return Scene({name: {kind: texts}}, **changes)  # type: ignore[arg-type]


TABLE: dict[str, tuple[Row, ...]] = {
    "mail.mx": (
        ok("mail.mx.valid"),
        fail("mail.mx.none", at(DOMAIN, "TXT", "v=spf1 -all", looks=2)),
        part("mail.mx.problems", at(DOMAIN, "MX", f"10 {HOST}.", "20 gone.example.", looks=2)),
        blind(broken(DOMAIN, "MX")),
    ),
    "mail.spf": (
        ok("mail.spf.valid"),
        fail("mail.spf.permerror", at(DOMAIN, "TXT", "v=spf1 foo -all")),
        part("mail.spf.problems", at(DOMAIN, "TXT", "v=spf1 ?all")),
        blind(broken(DOMAIN, "TXT")),
        blind(Scene({DOMAIN: {"TXT": ["v=spf1 include:x.example -all"]}}, faults={("x.example", "TXT"): "servfail"})),
    ),
    "mail.dkim": (
        ok("mail.dkim.valid"),
        fail("mail.dkim.invalid", at(f"s1._domainkey.{DOMAIN}", "TXT", "v=DKIM1; p=abc")),
        part("mail.dkim.valid", at(f"s1._domainkey.{DOMAIN}", "TXT", "v=DKIM1; t=y; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")),
        blind(broken(f"s1._domainkey.{DOMAIN}")),
        blind(without(f"s1._domainkey.{DOMAIN}"), "mail.dkim.missing"),
    ),
    "mail.dmarc": (
        ok("mail.dmarc.valid"),
        fail("mail.dmarc.none", without(f"_dmarc.{DOMAIN}", looks=2)),
        part("mail.dmarc.problems", at(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=none")),
        blind(broken(f"_dmarc.{DOMAIN}")),
    ),
    "mail.subdomains": (
        ok("mail.subdomains.closed"),
        fail("mail.subdomains.open", at(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; np=none")),
        part("mail.subdomains.existing", at(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; sp=none; np=reject")),
        part("mail.subdomains.hosts", at(f"_dmarc.{WEB}", "TXT", "v=DMARC1; p=none")),
        blind(broken(f"_dmarc.{DOMAIN}")),
    ),
    "mail.smtp": (
        ok("mail.smtp.tls"),
        fail("mail.smtp.plain", Scene(tls=False)),
        blind(Scene(tls=None), "mail.smtp.unverified"),
    ),
    "mail.mta_sts": (
        ok("mail.mta_sts.valid"),
        fail("mail.mta_sts.none", without(f"_mta-sts.{DOMAIN}")),
        part("mail.mta_sts.problems", Scene(policy=POLICY.replace("enforce", "testing"))),
        blind(broken(f"_mta-sts.{DOMAIN}")),
    ),
    "mail.tls_rpt": (
        ok("mail.tls_rpt.valid"),
        fail("mail.tls_rpt.invalid", at(f"_smtp._tls.{DOMAIN}", "TXT", "v=TLSRPTv1;")),
        blind(broken(f"_smtp._tls.{DOMAIN}")),
    ),
    "mail.dnssec": (
        ok("mail.dnssec.secure", Scene(plan=Plan(SIGNED))),
        fail("mail.dnssec.insecure", Scene(plan=Plan(SIGNED, signed=False))),
        fail("mail.dnssec.bogus", Scene(plan=Plan(SIGNED, days=-1), looks=2)),
        blind(Scene(plan=Plan(SIGNED, days=-1)), "mail.unconfirmed"),
        blind(broken(DOMAIN, "DS", plan=Plan(SIGNED))),
    ),
    "mail.nameservers": (
        ok("mail.nameservers.valid"),
        part("mail.nameservers.problems", Scene({DOMAIN: {"MX": ["0 ."], "NS": [f"ns1.{DOMAIN}."]}})),
        blind(broken(DOMAIN, "NS")),
    ),
    "mail.registration": (
        ok("mail.registration.valid"),
        fail("mail.registration.expired", Scene(days=-3, looks=2)),
        part("mail.registration.near", Scene(days=9)),
        blind(Scene(days=None), "mail.registration.unverified"),
        blind(Scene(days=-3), "mail.registration.unconfirmed"),
    ),
    "mail.dane": (
        ok("mail.dane.remarks", Scene(plan=Plan(MATCHING))),
        ok("mail.dane.valid", Scene(plan=Plan(MATCHING + ANOTHER))),
        fail("mail.dane.mismatch", Scene(plan=Plan(SIGNED + ANOTHER))),
        fail("mail.dane.none", Scene(plan=Plan(SIGNED))),
        fail("mail.dane.unsigned", Scene(plan=Plan(MATCHING, signed=False))),
        blind(broken(f"_25._tcp.{HOST}", plan=Plan(MATCHING))),
        blind(Scene(plan=Plan(MATCHING), tls=None), "mail.dane.unchecked"),
    ),
    "mail.caa": (
        ok("mail.caa.valid"),
        ok("mail.caa.none", at(DOMAIN, "MX", f"10 {HOST}.")),
        blind(broken(DOMAIN, "CAA")),
    ),
    "mail.bimi": (
        ok("mail.bimi.valid"),
        ok("mail.bimi.invalid", at(f"default._bimi.{DOMAIN}", "TXT", "v=BIMI1; l=http://x.example/l.svg")),
        blind(broken(f"default._bimi.{DOMAIN}")),
    ),
    "mail.services": (
        ok("mail.services.valid"),
        ok("mail.services.none", without(f"_imaps._tcp.{DOMAIN}")),
        blind(broken(f"_imaps._tcp.{DOMAIN}")),
    ),
    "mail.reports": (
        ok("mail.reports.seen"),
        Row(Verdict.NEEDS_PERSON, "mail.reports.seen"),
        Row(Verdict.NOT_APPLICABLE, "mail.reports.none"),
    ),
    "g.web_host": (
        ok("web_host.enforced"),
        part("web_host.open", at(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; sp=none")),
        part("web_host.sends_nothing", Scene({WEB: {"MX": ["0 ."]}, f"_dmarc.{DOMAIN}": {}})),
        blind(broken(f"_dmarc.{WEB}"), "web_host.unverified"),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def reports(folder: Path, row: Row) -> ReportFacts | None:
    """What a folder of real report files comes to: mail that passes, mail that does not, or no file at all."""
    (folder / "in").mkdir()
    if row.verdict is not Verdict.NOT_APPLICABLE:
        passed = "pass" if row.verdict is Verdict.PASS else "fail"
        yesterday = datetime.now(UTC) - timedelta(days=1)
        (folder / "in" / "a.xml").write_bytes(xml(end=yesterday, dkim=passed, spf="fail"))
    with open_store(folder / "auditor.db") as store:
        import_reports(folder / "in", store)
        return facts_of(store, [DOMAIN], date.today(), 30).get(DOMAIN)


def found(criterion: str, row: Row, authority: Authority, folder: Path) -> Finding:
    """The finding of the scene, for the agency that operates the mail system."""
    agency = make_agency(operates_mail=True, mail_domain=DOMAIN)
    if criterion == "g.web_host":
        return judge(criterion, make_facts(agency=agency, host_mail=web_host_facts(row.scene)))
    seen = reports(folder, row) if criterion == "mail.reports" else None
    return judge(criterion, make_facts(agency=agency, mail=mail_facts(row.scene, authority), reports=seen))


def test_the_table_has_every_criterion_of_a_mail_domain_with_all_three_outcomes() -> None:
    of_mail = {row.id for row in rulebook().data.criteria if row.item == "mail"}
    assert set(TABLE) == of_mail | {"g.web_host"}
    for criterion, rows in TABLE.items():
        right = {row.key for row in rows if row.verdict is Verdict.PASS}
        wrong = {row.key for row in rows if row.verdict in WRONG}
        unseen = {row.key for row in rows if row.verdict in (Verdict.UNVERIFIED, Verdict.NOT_APPLICABLE)}
        assert (len(right) > 1 if criterion in SHOWN else right and wrong) and unseen, criterion


ROWS = [pytest.param(name, row, id=f"{name}-{row.verdict}-{row.key}") for name, rows in TABLE.items() for row in rows]


@pytest.mark.parametrize(("criterion", "row"), ROWS)
def test_the_outcome(criterion: str, row: Row, authority: Authority, tmp_path: Path) -> None:
    finding = found(criterion, row, authority, tmp_path)
    assert (finding.verdict, finding.seen_key) == (row.verdict, row.key), finding.seen
    assert finding.seen and "{" not in finding.seen
    if row.verdict is Verdict.UNVERIFIED and not row.key.endswith("unconfirmed"):
        assert finding.reason is not None


@pytest.mark.parametrize("fault", ["servfail", "refused", "drop"])
def test_where_nothing_is_answered_nothing_is_held_against_the_domain(authority: Authority, fault: str) -> None:
    mail = mail_facts(Scene(faults={("*", "*"): fault}, days=None), authority)
    facts = make_facts(agency=make_agency(operates_mail=True, mail_domain=DOMAIN), mail=mail, reports=None)
    verdicts = {name: judge(name, facts).verdict for name in TABLE if name not in ("g.web_host", "mail.reports")}
    assert set(verdicts.values()) == {Verdict.UNVERIFIED}, verdicts

"""read_mail: one mail domain's facts from one or two looks, and the texts of all problems."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

import config
from auditor.model import Completed, DnsAnswer, Failed, MailEvidence, MxTarget, NotRun, Outcome, Reason
from auditor.read.records import Problem, read_mail
from tests.read.records.looks import NODATA, NXDOMAIN, txt

NOW = datetime(2025, 6, 1, tzinfo=UTC)
DOMAIN = "tinh.example"
WALK = (f"_dmarc.{DOMAIN}", "_dmarc.example")


def evidence(**parts: object) -> MailEvidence:
    good = MailEvidence(
        domain=DOMAIN,
        looked_at=NOW,
        mx=Completed((MxTarget("mail.tinh.example", 10, Completed(("203.0.113.5",))),)),
        address=Failed(Reason.DNS_NODATA),
        txt=txt("v=spf1 mx -all"),
        spf_hosts=((DOMAIN, "MX", Completed(DnsAnswer(DOMAIN, "MX", ("10 mail.tinh.example.",)))),),
        dmarc=((WALK[0], txt("v=DMARC1; p=reject; rua=mailto:a@tinh.example")),),
    )
    return replace(good, **parts)


def everything(outcome: Failed | NotRun) -> MailEvidence:
    dmarc: tuple[tuple[str, Outcome[DnsAnswer]], ...] = tuple((name, outcome) for name in WALK)
    return evidence(mx=outcome, address=outcome, txt=outcome, dmarc=dmarc, dkim=(("s1", outcome),), spf_hosts=())


def test_a_good_domain() -> None:
    facts = read_mail(evidence())
    assert (facts.mx.state, facts.spf.state, facts.dmarc.state) == ("valid", "valid", "valid")
    assert (facts.mx.problems, facts.spf.problems, facts.dmarc.problems) == ((), (), ())
    assert facts.confirmed
    assert facts.evidence == evidence()


@pytest.mark.parametrize("reason", [Reason.DNS_TIMEOUT, Reason.DNS_SERVFAIL, Reason.RESOLVER_DOWN])
def test_what_could_not_be_looked_at_is_unverifiable_in_every_part(reason: Reason) -> None:
    facts = read_mail(everything(NotRun(reason) if reason is Reason.RESOLVER_DOWN else Failed(reason)))
    for part in (facts.mx, facts.spf, facts.dmarc, facts.dkim[0]):
        assert (part.state, part.reason) == ("unverifiable", reason)


def test_a_zone_that_is_gone_is_one_fact_in_every_part() -> None:
    facts = read_mail(everything(Failed(Reason.DNS_NXDOMAIN)))
    for part in (facts.mx, facts.spf, facts.dmarc):
        assert (part.state, part.reason, part.problems[0]) == ("none", Reason.DNS_NXDOMAIN, Problem.ZONE_GONE)


def test_a_time_out_beside_nxdomain_does_not_hide_that_the_zone_is_gone() -> None:
    gone = everything(Failed(Reason.DNS_NXDOMAIN))
    assert read_mail(replace(gone, txt=Failed(Reason.DNS_TIMEOUT))).spf.reason is Reason.DNS_NXDOMAIN


@pytest.mark.parametrize("answer", [NODATA, txt("hello")], ids=["no-data", "answer"])
def test_a_zone_that_answers_anything_is_not_gone(answer: Outcome[DnsAnswer]) -> None:
    facts = read_mail(replace(everything(Failed(Reason.DNS_NXDOMAIN)), txt=answer))
    assert Problem.ZONE_GONE not in facts.mx.problems + facts.spf.problems + facts.dmarc.problems


def test_a_negative_answer_alone_is_not_confirmed() -> None:
    missing = evidence(dmarc=((WALK[0], NXDOMAIN), (WALK[1], NXDOMAIN)))
    assert not read_mail(missing).confirmed
    assert read_mail(replace(missing, attempt=2), missing).confirmed


def test_a_second_look_that_differs_confirms_nothing() -> None:
    missing = evidence(dmarc=((WALK[0], NXDOMAIN), (WALK[1], NXDOMAIN)))
    assert not read_mail(missing, evidence()).confirmed
    assert read_mail(evidence(), missing).confirmed


def test_a_proven_fault_needs_no_second_look() -> None:
    facts = read_mail(evidence(txt=txt("v=spf1 +all")))
    assert facts.confirmed
    assert facts.spf.reason is None


def test_every_problem_has_a_text_and_every_text_a_problem() -> None:
    texts = yaml.safe_load((Path(config.__file__).parent / "mail_problems.yaml").read_text("utf-8"))
    assert set(texts) == {str(problem) for problem in Problem}
    assert all(isinstance(text, str) and text.endswith(".") for text in texts.values())


def test_the_shipped_mail_file_is_well_formed() -> None:
    data = yaml.safe_load((Path(config.__file__).parent / "mail.yaml").read_text("utf-8"))
    entries = data["free"] + data["isp"]
    assert set(data) == {"free", "isp", "placeholder", "dkim_selectors"}
    assert all(isinstance(entry, str) and entry == entry.lower().strip() and "." in entry for entry in entries)
    assert len(entries) == len(set(entries))
    assert not any(entry.endswith("gov.vn") for entry in entries)
    assert data["dkim_selectors"]["configured"] == []
    assert all(isinstance(name, str) for names in data["dkim_selectors"]["suggestions"].values() for name in names)

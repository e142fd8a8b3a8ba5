"""Stability: while requests fail at random, a verdict stays what it is or becomes unverified; it never flips to fail."""

from __future__ import annotations

import asyncio

import pytest

from auditor.audit_context import open_context
from auditor.model import AgencyAudit
from tests.faulty import AS_OF, agency, at_random, fails, look_twice_in, sites, verdicts

SEEDS = range(6)
STEADY = ("sct", "sgddt", "tanmau")  # nothing wrong; empty and broken sections; soft 404


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], AgencyAudit]:
    """Each site audited as many times as there are seeds while one request in ten fails; seed -1: without faults."""

    async def run(seed: int) -> list[AgencyAudit]:
        fault = at_random(seed, 0.1) if seed >= 0 else None
        folder = tmp_path_factory.mktemp("shaken")
        async with sites(folder, fault) as here, open_context(here.settings(), as_of=AS_OF) as context:
            return [(await look_twice_in(context, agency(code))).final for code in STEADY]

    return {(audit.agency.code, seed): audit for seed in (-1, *SEEDS) for audit in asyncio.run(run(seed))}


@pytest.mark.parametrize("code", STEADY)
def test_one_request_in_ten_failing_flips_nothing_to_fail(
    shaken: dict[tuple[str, int], AgencyAudit], code: str
) -> None:
    calm = fails(shaken[code, -1])
    assert {seed: fails(shaken[code, seed]) - calm for seed in SEEDS} == {seed: set() for seed in SEEDS}


@pytest.mark.parametrize("code", STEADY)
def test_one_request_in_ten_failing_gives_the_same_verdict_or_none(
    shaken: dict[tuple[str, int], AgencyAudit], code: str
) -> None:
    calm = verdicts(shaken[code, -1], "f", "g", "mail")
    for seed in SEEDS:
        now = verdicts(shaken[code, seed], "f", "g", "mail")
        changed = {id: (calm[id], verdict) for id, verdict in now.items() if verdict not in (calm[id], "unverified")}
        assert changed == {}, seed


def test_faults_were_really_injected(shaken: dict[tuple[str, int], AgencyAudit]) -> None:
    looks = [look for (_, seed), audit in shaken.items() if seed >= 0 for look in audit.evidence.looks]
    broken = [look for look in looks if not look.ok and look.status != 404]
    assert len(broken) >= len(looks) // 50
    assert {look.reason for look in broken} >= {"http_5xx", "read_failed"}

"""What changed between two audits of one agency. Pure."""

from __future__ import annotations

from auditor.model import AgencyAudit, Change


def changes(audit: AgencyAudit, previous: AgencyAudit | None) -> tuple[Change, ...]:
    """The findings whose verdict differs from the previous audit's, in the order of the card.

    Criteria that only one of the two has are left out: a new rule is no change of the site.
    """
    if previous is None:
        return ()
    before = {finding.id: finding.verdict for finding in previous.findings}
    return tuple(
        Change(finding.id, finding.title, before[finding.id], finding.verdict)
        for finding in audit.findings
        if finding.id in before and before[finding.id] is not finding.verdict
    )

"""The nouns of the auditor. No I/O; imports nothing else of ours."""

from auditor.model.agency import Agency, AgencyKind, MailDomainUse, SiteScope, SiteStatus, fold_host
from auditor.model.criterion import Basis, Criterion, check, section_evidence
from auditor.model.dmarc_reports import AggregateReport, ReportedSource, ReportFacts, ReportRow
from auditor.model.evidence import (
    Certificate,
    DirectLook,
    DirectReply,
    DnsAnswer,
    DnssecLook,
    DnssecStep,
    HostLook,
    HostMail,
    Look,
    LookKind,
    MailEvidence,
    MxTarget,
    NameServersLook,
    RegistrationLook,
    ReverseLook,
    SignedAnswer,
    SiteEvidence,
    SmtpLook,
    TlsaLook,
    TlsLook,
    TransportEvidence,
)
from auditor.model.facts import (
    AddressClass,
    AddressFact,
    AddressPlace,
    AgencyFacts,
    Calendar,
    Candidate,
    Dated,
    DateSource,
    DetectorFacts,
    EncodingFacts,
    History,
    Item,
    LookedAt,
    Place,
    Section,
    SectionState,
    SiteFacts,
    SiteState,
    Trap,
)
from auditor.model.finding import MEASURED, EvidenceRef, Finding, Verdict
from auditor.model.mail_facts import DkimFacts, DmarcFacts, HostMailFacts, MailFacts, MxFacts, SpfBranch, SpfFacts
from auditor.model.mailboxes import MailboxRegister, RegisteredMailbox
from auditor.model.observed import ClaimedDate, ObservedItem, ObservedSection
from auditor.model.outcome import OUR_SIDE, PASSING, Completed, Failed, NotRun, Outcome, Reason
from auditor.model.redating import Redated
from auditor.model.scorecard import AgencyAudit, Change, Ruleset, Score, Scorecard
from auditor.model.transport import (
    BimiFacts,
    CaaFacts,
    DaneFacts,
    DaneHost,
    DnssecFacts,
    MtaStsFacts,
    NameServerFacts,
    NameServerReply,
    RegistrationFacts,
    ServiceFacts,
    SmtpFacts,
    SmtpServer,
    TlsRptFacts,
    TransportFacts,
)

__all__ = [
    "MEASURED", "OUR_SIDE", "PASSING", "AddressClass", "AddressFact", "AddressPlace", "Agency", "AgencyAudit",
    "AgencyFacts",
    "AgencyKind", "AggregateReport", "Basis", "BimiFacts", "CaaFacts", "Calendar", "Candidate", "Certificate", "Change",
    "ClaimedDate", "Completed", "Criterion", "DaneFacts", "DaneHost", "DateSource", "Dated", "DetectorFacts",
    "DirectLook", "DirectReply", "DkimFacts", "DmarcFacts", "DnsAnswer", "DnssecFacts", "DnssecLook", "DnssecStep",
    "EncodingFacts", "EvidenceRef", "Failed", "Finding", "History", "HostLook", "HostMail", "HostMailFacts", "Item",
    "Look", "LookKind", "LookedAt", "MailDomainUse", "MailEvidence", "MailFacts", "MailboxRegister", "MtaStsFacts",
    "MxFacts", "MxTarget", "NameServerFacts", "NameServerReply", "NameServersLook", "NotRun", "ObservedItem",
    "ObservedSection", "Outcome", "Place", "Reason", "Redated", "RegisteredMailbox", "RegistrationFacts",
    "RegistrationLook", "ReportFacts", "ReportRow", "ReportedSource", "ReverseLook", "Ruleset", "Score", "Scorecard",
    "Section", "SectionState", "ServiceFacts", "SignedAnswer", "SiteEvidence", "SiteFacts", "SiteScope", "SiteState",
    "SiteStatus", "SmtpFacts", "SmtpLook", "SmtpServer", "SpfBranch", "SpfFacts", "TlsLook", "TlsRptFacts", "TlsaLook",
    "TransportEvidence", "TransportFacts", "Trap", "Verdict", "check", "fold_host", "section_evidence",
]  # fmt: skip

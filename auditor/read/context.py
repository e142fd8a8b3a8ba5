"""What all detectors of one site share. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.model import Agency, Look, SiteEvidence, SiteScope
from auditor.read.candidates import Lead
from auditor.read.entries import Reading
from auditor.read.families import Families
from auditor.read.feeds import Feed
from auditor.read.folding import fold
from auditor.read.labels import LabelMatcher
from auditor.read.page import Page
from auditor.read.urls import same_page_key


@dataclass(slots=True)
class SiteContext:
    """What all detectors of one site share."""

    agency: Agency
    scope: SiteScope
    evidence: SiteEvidence
    matcher: LabelMatcher
    reading: Reading
    start: Page
    looks: Mapping[str, Look]  # by same_page_key of the requested URL
    pages: Mapping[str, Page]  # by same_page_key of the final URL
    feeds: Mapping[str, Feed]  # by same_page_key
    leads: Mapping[str, list[Lead]]
    menu: frozenset[str]
    official_domains: tuple[str, ...]
    probe: Look | None = None
    inner_failures: tuple[Look, ...] = ()
    families: Families = field(default_factory=Families)
    notes: dict[str, str] = field(default_factory=dict)

    def look_at(self, url: str) -> Look | None:
        return self.looks.get(same_page_key(url))

    def page_at(self, url: str) -> Page | None:
        look = self.look_at(url)
        return self.pages.get(same_page_key(look.final_url)) if look is not None else self.pages.get(same_page_key(url))

    def is_sent_away(self, look: Look) -> bool:
        """True for an address that is redirected to where an address that surely does not exist is redirected to."""
        probe = self.probe
        if probe is None or not probe.ok or look.url == probe.url:
            return False
        return bool(look.redirects) and probe.redirects != () and look.final_url == probe.final_url

    def own_names(self) -> tuple[str, ...]:
        """The agency's names, folded, with and without the province that the registry writes behind them."""
        names = {fold(name) for name in (self.agency.name, *self.agency.short_names)}
        province = self.matcher.vocabulary.abolished.words["province"]
        return tuple({*names, *(name.partition(f" {word} ")[0] for name in names for word in province)} - {""})

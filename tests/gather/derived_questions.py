"""Which questions the standards have a checker of a mail domain ask, derived from the records that its zones hold.

Nothing here is read from the program: not its parsers, not its walks. The derivation is small because it is made of the
world's own records, which are well-formed where it looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from tests.gather.mail_world import Types, World

Question = tuple[str, str]
SERVICES = ("_autodiscover._tcp", "_submissions._tcp", "_imaps._tcp")


class Derived:
    """The questions for one domain. `selectors`: of DKIM, to be tried."""

    def __init__(self, world: World, domain: str, *, selectors: Sequence[str]) -> None:
        self._world, self._domain, self._selectors = world, domain, selectors

    def questions(self) -> set[Question]:
        return self.core() | {
            *self._reverse(), *self._reports(), *self._keys(), *self._way(), *self._information(), *self._servers(),
            *self._chain(),
        }  # fmt: skip

    def core(self) -> set[Question]:
        """What no checker can do without."""
        return {*self._mx(), *self._spf(self._domain, {self._domain}), *self._policy()}

    # -- the records that a resolver would give ---------------------------------------------------------------------

    def _types(self, name: str) -> Types | None:
        """What stands at `name`; a wildcard stands for names that do not exist (RFC 4592). None: no such name."""
        if name in self._world.existing:
            return self._world.records.get(name, {})
        above = name.partition(".")[2]
        while above and above not in self._world.existing:
            above = above.partition(".")[2]
        return self._world.records.get(f"*.{above}")

    def _texts(self, name: str, kind: str) -> list[str]:
        """The records of one type; an alias is followed (RFC 1034 section 4.3.2)."""
        for _ in range(8):
            types = self._types(name) or {}
            if kind in types or "CNAME" not in types:
                return types.get(kind, [])
            name = types["CNAME"][0].rstrip(".")
        return []

    def _parents(self) -> Iterator[str]:
        """The domain and all above it, without the root."""
        name = self._domain
        while name:
            yield name
            name = name.partition(".")[2]

    # -- MX -----------------------------------------------------------------------------------------------------------

    def _hosts(self) -> list[str]:
        """RFC 5321 section 5.1: the hosts of the MX records; RFC 7505: "." is none; an address is no host name."""
        named = [text.split()[1].rstrip(".") for text in self._texts(self._domain, "MX")]
        return [host for host in dict.fromkeys(named) if host and not host.replace(".", "").isdigit()]

    def _mx(self) -> Iterator[Question]:
        yield self._domain, "MX"
        for host in self._hosts():
            yield from _addresses(host)
        if not self._texts(self._domain, "MX"):
            yield from _addresses(self._domain)  # RFC 5321 section 5.1: the implicit MX

    def _reverse(self) -> Iterator[Question]:
        """RFC 1912 section 2.1: an address has a name, and the name leads back to it."""
        for host in self._hosts():
            for address in self._texts(host, "A") + self._texts(host, "AAAA"):
                pointer = ip_address(address).reverse_pointer
                yield pointer, "PTR"
                for name in self._texts(pointer, "PTR"):
                    yield from _addresses(name.rstrip("."))

    # -- SPF, DMARC, DKIM ---------------------------------------------------------------------------------------------

    def _spf(self, owner: str, seen: set[str]) -> Iterator[Question]:
        """RFC 7208 section 4.4, then each term in turn (4.6.2); nothing after `all` (5.1), redirect only without (6.1)."""
        yield owner, "TXT"
        record = next((text for text in self._texts(owner, "TXT") if text.split()[0] == "v=spf1"), "")
        terms = record.split()[1:]
        if any(term == "ip4:1.2.3" for term in terms):  # section 4.6: a syntax error anywhere ends it
            return
        for term in terms:
            name, _, target = term.lstrip("+-~?").partition(":")
            if name == "all":
                return
            if term.startswith("redirect="):
                name, target = "include", term.partition("=")[2]
            target = self._expanded(target, owner) if target else owner
            if "%" in target:
                continue
            if name == "include" and target not in seen:  # sections 5.2 and 6.1
                seen.add(target)
                yield from self._spf(target, seen)
            elif name == "a":
                yield from _addresses(target)  # section 5.3
            elif name == "mx":
                yield target, "MX"  # section 5.4
            elif name == "exists":
                yield target, "A"  # section 5.7: A, whatever the client's address is

    def _expanded(self, target: str, owner: str) -> str:
        """Section 7.2: of the macros used here, only %{d} does not depend on the sender."""
        return target.replace("%{d2}", ".".join(owner.split(".")[-2:]))

    def _walk(self) -> list[str]:
        """RFC 9989 section 4.10: the domain, then upwards; of more than eight labels only the last seven."""
        names = list(self._parents())
        return names if len(names) <= 8 else [names[0], *names[-7:]]

    def _policy(self) -> Iterator[Question]:
        for name in self._walk():
            yield f"_dmarc.{name}", "TXT"
            found = self._texts(f"_dmarc.{name}", "TXT")
            if found and (name == self._domain or "psd=n" in found[0]):  # steps 2 and 7
                return

    def _reports(self) -> Iterator[Question]:
        """RFC 9990 section 4: a receiver of another organization must say that it takes the reports."""
        for name in self._walk():
            yield f"{name}._report._dmarc.bao-cao.example", "TXT"

    def _keys(self) -> Iterator[Question]:
        """RFC 6376 section 3.6.2.1; RFC 8020: where there is no name _domainkey, there is nothing below it."""
        yield f"_domainkey.{self._domain}", "TXT"
        if self._types(f"_domainkey.{self._domain}") is not None:
            yield from ((f"{selector}._domainkey.{self._domain}", "TXT") for selector in self._selectors)

    # -- transport and information --------------------------------------------------------------------------------------

    def _way(self) -> Iterator[Question]:
        yield f"_mta-sts.{self._domain}", "TXT"  # RFC 8461 section 3.1
        yield f"_smtp._tls.{self._domain}", "TXT"  # RFC 8460 section 3
        if self._world.zone_of(self._domain) in self._world.signed:  # RFC 7672 section 2.2.1: MX records that are secure
            for host in self._hosts():
                yield f"_25._tcp.{host}", "TLSA"  # section 2.2.3
                if self._texts(f"_25._tcp.{host}", "TLSA"):  # section 2.1: only records that are secure count
                    yield from self._keys_down_to(self._world.zone_of(host))

    def _information(self) -> Iterator[Question]:
        yield f"default._bimi.{self._domain}", "TXT"  # the BIMI draft, section 4.2
        yield from ((f"{service}.{self._domain}", "SRV") for service in SERVICES)  # RFC 6186, RFC 8314 section 5.1
        for name in self._parents():  # RFC 8659 section 3: upwards, to the first that has records
            yield name, "CAA"
            if self._texts(name, "CAA"):
                return

    # -- the zone -----------------------------------------------------------------------------------------------------

    def _servers(self) -> Iterator[Question]:
        """RFC 1034 section 4.2.1: the NS records stand at the top of the zone; RFC 2182: where the servers are."""
        zone = self._world.zone_of(self._domain)
        for name in self._parents():
            yield name, "NS"
            if name == zone:
                break
        for server in self._texts(zone, "NS"):
            yield from _addresses(server.rstrip("."))

    def _chain(self) -> Iterator[Question]:
        """RFC 4035 section 5: the chain, and section 5.3: what the last keys signed."""
        yield from self._keys_down_to(self._domain)
        zone = self._world.zone_of(self._domain)
        if self._domain in self._world.existing and zone in self._world.signed:
            yield zone, "SOA"

    def _keys_down_to(self, name: str) -> Iterator[Question]:
        """RFC 4035 section 5: from the root's keys down, by DS and DNSKEY, to the first zone that is not signed."""
        labels = name.split(".")
        yield ".", "DNSKEY"
        for above in (".".join(labels[n:]) for n in range(len(labels) - 1, -1, -1)):
            yield above, "DS"
            if above in self._world.unsigned:
                return
            if above in self._world.signed:
                yield above, "DNSKEY"


def _addresses(host: str) -> Iterator[Question]:
    yield host, "A"
    yield host, "AAAA"

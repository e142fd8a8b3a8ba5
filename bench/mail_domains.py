"""How many mail domains a second, with checkdmarc beside us: `python bench/mail_domains.py [--domains N] [--seconds S]`.

A DNS server of its own process answers on loopback, first after 20 ms, then at once. 1,000 different domains (several
kinds of mail set-up: own and shared servers, include trees, no DMARC, parked; unsigned, as most are, below a signed root
and a signed top-level domain) are given to

    auditor      `auditor mail --file LIST --json`, the command itself
    checkdmarc   check_domains() of each in turn, in one process, without TLS connections (the dev extra installs it)

one after the other, each in one process that starts cold: start-up and imports count, caches begin empty. checkdmarc
is stopped after `--seconds` (60) with the domains that it has done, and its rate is of those. Printed are domains per
second, questions sent per domain, and the ratio. Nothing is asserted; everything is bounded in number and time, and
nothing but 127.0.0.1 is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from auditor.demo.signing import Plan, sign_tree

DELAY_MS = 20
_PROVIDERS = 20
_TTL = 300


# -- the zone ---------------------------------------------------------------------------------------------------------


def domain(number: int) -> str:
    return f"co-quan-{number:05}.example"


def zone(domains: int) -> dict[tuple[str, str], list[str]]:
    """(owner, type) -> records in zone-file form."""
    records: dict[tuple[str, str], list[str]] = {}
    for number in range(_PROVIDERS):
        base = f"nha-cung-cap-{number}.example"
        records[base, "A"] = ["192.0.2.1"]
        records[f"_spf.{base}", "TXT"] = [f'"v=spf1 include:_spf1.{base} include:_spf2.{base} ~all"']
        records[f"_spf1.{base}", "TXT"] = ['"v=spf1 ip4:192.0.2.0/26 ip4:198.51.100.0/26 ~all"']
        records[f"_spf2.{base}", "TXT"] = ['"v=spf1 ip4:203.0.113.0/25 ip6:2001:db8:5::/48 ~all"']
        for host in ("mx1", "mx2", "ns1", "ns2"):
            records[f"{host}.{base}", "A"] = [f"192.0.2.{10 + number}"]
            records[f"{host}.{base}", "AAAA"] = [f"2001:db8::{number + 1:x}"]
    for number in range(domains):
        records |= _domain_records(domain(number), number)
    return records


def _domain_records(name: str, number: int) -> dict[tuple[str, str], list[str]]:
    provider = f"nha-cung-cap-{number % _PROVIDERS}.example"
    common = {
        (name, "A"): [f"198.51.100.{number % 250 + 1}"],
        (name, "NS"): [f"ns1.{provider}.", f"ns2.{provider}."],
        (name, "SOA"): [f"ns1.{provider}. hostmaster.{name}. 1 3600 600 86400 300"],
        (f"_dmarc.{name}", "TXT"): [f'"v=DMARC1; p=quarantine; rua=mailto:dmarc@{name}"'],
    }
    own = {
        (name, "MX"): [f"10 mail.{name}."],
        (f"mail.{name}", "A"): [f"198.51.100.{number % 250 + 1}"],
        (name, "TXT"): [f'"v=spf1 mx a:mail.{name} include:_spf.{provider} -all"', '"xac-minh=abc123"'],
    }
    hosted = {
        (name, "MX"): [f"10 mx1.{provider}.", f"20 mx2.{provider}."],
        (name, "TXT"): [f'"v=spf1 include:_spf.{provider} ~all"'],
    }
    parked = {(name, "MX"): ["0 ."], (name, "TXT"): ['"v=spf1 -all"']}
    kind = (own, hosted, own, hosted, parked)[number % 5]
    records = common | kind
    if number % 7 == 3:
        del records[f"_dmarc.{name}", "TXT"]
    return records


def signed(domains: int) -> tuple[str, dict[tuple[bytes, int], bytes]]:
    """The root's DS, and (name, type) -> the whole answer to a question with DO: the keys of the root and of the zone
    that holds the domains, and the proof that these are handed over to unsigned zones."""
    apexes = [".", "example", *map(domain, range(domains))]
    tree = sign_tree({apex: Plan(signed=number < 2) for number, apex in enumerate(apexes)}, datetime.now(UTC))
    asked = [(".", "DNSKEY"), ("example", "DNSKEY"), *((apex, "DS") for apex in apexes[1:])]
    answers = {}
    for name, kind in asked:
        reply = tree.answer(dns.message.make_query(name, kind, want_dnssec=True))
        answers[dns.name.from_text(name).to_wire() or b"", int(dns.rdatatype.from_text(kind))] = reply.to_wire()
    return tree.anchors[0], answers


# -- the server, a process of its own ---------------------------------------------------------------------------------


class _Server(asyncio.DatagramProtocol):
    """Answers from ready-made bytes, so that the server is not what is measured."""

    def __init__(
        self, records: dict[tuple[str, str], list[str]], signed: dict[tuple[bytes, int], bytes], delay: float
    ) -> None:
        self.delay = delay
        self.queries = 0
        self._signed = signed
        self._answers = {
            (dns.name.from_text(owner).to_wire(), int(dns.rdatatype.from_text(kind))): _answer(kind, texts)
            for (owner, kind), texts in records.items()
        }
        self._names = {name[place:] for name, _ in self._answers for place in _labels(name)}
        soa = dns.rdata.from_text("IN", "SOA", ". . 1 3600 600 86400 300").to_wire()
        assert soa is not None
        self._soa = b"\0" + b"\0\x06\0\x01" + _TTL.to_bytes(4, "big") + len(soa).to_bytes(2, "big") + soa

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.queries += 1
        end = 12
        while data[end]:
            end += data[end] + 1
        name, question = data[12 : end + 1].lower(), data[12 : end + 5]
        key = (name, int.from_bytes(data[end + 1 : end + 3], "big"))
        if data[11] and data[-4] & 0x80 and key in self._signed:  # DO, in the OPT record at the end
            self._send(data[:2] + self._signed[key][2:], addr)
            return
        found = self._answers.get(key)
        edns = b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if data[11] else b""
        code = 0 if found or name in self._names else 3
        flags = bytes((0x84 | data[2] & 1, 0x80 | code))
        answers, authority = (found[0], b"\0\0") if found else (0, b"\0\x01")
        body = found[1] if found else self._soa
        counts = b"\0\x01" + answers.to_bytes(2, "big") + authority + (b"\0\x01" if edns else b"\0\0")
        self._send(data[:2] + flags + counts + question + body + edns, addr)

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.sendto, reply, addr)  # type: ignore[attr-defined]
        else:
            self.transport.sendto(reply, addr)  # type: ignore[attr-defined]


def _labels(wire: bytes) -> Iterator[int]:
    place = 0
    while place < len(wire):
        yield place
        place += wire[place] + 1


def _answer(kind: str, texts: list[str]) -> tuple[int, bytes]:
    number = int(dns.rdatatype.from_text(kind))
    wires = [dns.rdata.from_text("IN", kind, text).to_wire() or b"" for text in texts]
    head = b"\xc0\x0c" + number.to_bytes(2, "big") + b"\0\x01" + _TTL.to_bytes(4, "big")
    return len(wires), b"".join(head + len(wire).to_bytes(2, "big") + wire for wire in wires)


async def serve(domains: int, delay: float) -> None:
    """Print the port and the root's DS, then the number of questions so far for every line on standard input, until
    its end."""
    loop = asyncio.get_running_loop()
    anchor, answers = signed(domains)
    transport, server = await loop.create_datagram_endpoint(
        lambda: _Server(zone(domains), answers, delay), local_addr=("127.0.0.1", 0)
    )
    transport.get_extra_info("socket").setsockopt(1, 8, 8_000_000)  # SO_RCVBUF: no packet is lost in a burst
    print(transport.get_extra_info("sockname")[1], anchor, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(server.queries, flush=True)
    transport.close()


# -- those who are measured -------------------------------------------------------------------------------------------


def theirs(port: int, path: Path, seconds: float) -> None:
    """checkdmarc over the list, one after the other, until the time is over. Prints how many it did."""
    import checkdmarc
    import dns.nameserver

    server = [dns.nameserver.Do53Nameserver("127.0.0.1", port)]
    started, done = time.monotonic(), 0
    for name in path.read_text().split():
        if time.monotonic() - started > seconds:
            break
        result = checkdmarc.check_domains([name], nameservers=server)
        assert result["mx"]["hosts"] is not None, name  # type: ignore[index,call-overload]
        done += 1
    print(json.dumps({"done": done}))


@dataclass(frozen=True)
class Figure:
    """What one program did: domains, seconds from its start to its end, questions that reached the server."""

    done: int
    seconds: float
    queries: int

    @property
    def rate(self) -> float:
        return self.done / self.seconds


@contextmanager
def dns_server(domains: int, delay_ms: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, __file__, "--serve", "--domains", str(domains), "--delay", str(delay_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _ask(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def measure(delay_ms: float, domains: int, seconds: float, without: bool) -> dict[str, Figure]:
    """Both programs against one server, one after the other."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder, dns_server(domains, delay_ms) as server:
        assert server.stdout is not None
        port, _, anchor = server.stdout.readline().strip().partition(" ")
        path = Path(folder) / "list.txt"
        (Path(folder) / "trust_anchors.yaml").write_text(f'root:\n  - "{anchor}"\n')
        path.write_text("".join(f"{domain(number)}\n" for number in range(domains)))
        ours = [sys.executable, "-m", "auditor.cli", "--folder", folder, "mail", "--file", str(path), "--json", "--resolver"]
        commands = {"auditor": [*ours, f"127.0.0.1:{port}"]}
        if not without:
            commands["checkdmarc"] = [
                sys.executable, __file__, "--theirs", str(path), "--port", port, "--seconds", str(seconds)
            ]  # fmt: skip
        for name, command in commands.items():
            before, started = _ask(server), time.monotonic()
            ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            took = time.monotonic() - started
            if ran.returncode:
                sys.exit(ran.stderr)
            lines = ran.stdout.splitlines()
            done = json.loads(lines[-1])["done"] if name == "checkdmarc" else _sound(lines)
            figures[name] = Figure(done, took, _ask(server) - before)
    return figures


def _sound(lines: list[str]) -> int:
    """How many domains were really looked at: a fast "could not look" counts for nothing."""
    results = [json.loads(line) for line in lines]
    return sum(
        result["mx"]["state"] in ("valid", "null")
        and result["spf"]["state"] == "valid"
        and result["dnssec"]["state"] == "insecure"
        for result in results
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long checkdmarc may run")
    parser.add_argument("--without-checkdmarc", action="store_true")
    parser.add_argument("--delay", type=float, help="milliseconds; default: 20, then 0")
    for hidden in ("--serve", "--theirs", "--port"):
        parser.add_argument(hidden, **({"action": "store_true"} if hidden == "--serve" else {}), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.domains, given.delay / 1000))
        return
    if given.theirs:
        theirs(int(given.port), Path(given.theirs), given.seconds)
        return
    print(f"{given.domains} domains; one process each, from its start to its end")
    for delay in (DELAY_MS, 0) if given.delay is None else (given.delay,):
        figures = measure(delay, given.domains, given.seconds, given.without_checkdmarc)
        for name, figure in figures.items():
            print(
                f"answers after {delay:g} ms  {name:<11}{figure.done:>6} domains {figure.seconds:>7.1f} s "
                f"{figure.rate:>8.1f} domains/s {figure.queries / max(figure.done, 1):>6.1f} questions/domain"
            )
        if len(figures) == 2:
            print(f"answers after {delay:g} ms  ratio {figures['auditor'].rate / figures['checkdmarc'].rate:.1f}")


if __name__ == "__main__":
    main()

"""Real servers of a mail domain, each with its own configuration in a temporary folder, on high ports of loopback.

Nothing is registered with the system's service manager, and nothing runs on after the block that started it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype

KNOT, UNBOUND, POSTFIX = "/usr/sbin/knotd", "/usr/sbin/unbound", "/usr/sbin/postfix"
_PATIENCE = 20.0  # seconds until a server that does not answer counts as broken


def missing() -> str:
    """What stands against starting them here, in words; "" if nothing does."""
    absent = [path for path in (KNOT, UNBOUND, POSTFIX) if not Path(path).exists()]
    if absent:
        return f"not installed: {', '.join(absent)} (apt-get install knot unbound postfix)"
    return "" if os.geteuid() == 0 or _sudo() else "postfix starts for root only, and sudo is not to be had"


def _sudo() -> bool:
    return shutil.which("sudo") is not None and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0


def free_port() -> int:
    """A port that is free for UDP and TCP now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[None]:
    """A server in the foreground, ended with the block."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _until(answers: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not answers():
        if time.monotonic() > end:
            raise RuntimeError(f"the server did not come up: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def _answers(port: int, name: str, rdtype: str) -> bool:
    try:
        reply = dns.query.udp(dns.message.make_query(name, rdtype), "127.0.0.1", port=port, timeout=1)
    except (dns.exception.DNSException, OSError):
        return False
    return bool(reply.answer)


@contextmanager
def knot(folder: Path, zones: Mapping[str, str], signed: Sequence[str]) -> Iterator[int]:
    """Authoritative for `zones` (name -> zone file); those in `signed` get keys and signatures. Yields the port."""
    folder.mkdir()
    port = free_port()
    listed = []
    for name, text in zones.items():
        file = folder / f"{name}zone"
        file.write_text(text)
        signing = "on" if name in signed else "off"
        listed.append(f"  - domain: {name}\n    file: {file}\n    dnssec-signing: {signing}\n    zonefile-sync: -1\n")
    config = folder / "knot.conf"
    config.write_text(
        f"server:\n    listen: 127.0.0.1@{port}\n    rundir: {folder}\n"
        f"database:\n    storage: {folder}\n"
        f"log:\n  - target: stdout\n    any: info\n"
        f"zone:\n{''.join(listed)}"
    )
    log = folder / "log"
    with _running([KNOT, "-c", str(config)], log):
        for name in zones:
            _until(lambda name=name: _answers(port, name, "DNSKEY" if name in signed else "SOA"), log)  # type: ignore[misc]
        yield port


def trust_anchor(port: int, zone: str) -> str:
    """The DS record of the zone's key-signing key, as the parent would hold it."""
    name = dns.name.from_text(zone)
    reply = dns.query.udp(dns.message.make_query(name, "DNSKEY"), "127.0.0.1", port=port, timeout=5)
    keys = [key for rrset in reply.answer if rrset.rdtype == dns.rdatatype.DNSKEY for key in rrset if key.flags & 1]
    return f"{name} DS {dns.dnssec.make_ds(name, keys[0], 'SHA256')}"


@contextmanager
def unbound(folder: Path, authority: int, zones: Sequence[str], anchors: Sequence[str]) -> Iterator[int]:
    """A validating resolver that asks the server at port `authority` for `zones`. Yields its port."""
    folder.mkdir()
    port = free_port()
    stubs = "".join(
        f'stub-zone:\n    name: "{zone}"\n    stub-addr: 127.0.0.1@{authority}\n    stub-prime: no\n' for zone in zones
    )
    config = folder / "unbound.conf"
    config.write_text(
        f'server:\n    interface: 127.0.0.1\n    port: {port}\n    directory: "{folder}"\n    chroot: ""\n'
        f'    username: ""\n    pidfile: "{folder}/pid"\n    use-syslog: no\n    logfile: ""\n    do-daemonize: no\n'
        f"    do-not-query-localhost: no\n    do-ip6: no\n"
        f'    module-config: "validator iterator"\n    access-control: 127.0.0.0/8 allow\n'
        + "".join(f'    trust-anchor: "{anchor}"\n' for anchor in anchors)
        + f"remote-control:\n    control-enable: no\n{stubs}"
    )
    log = folder / "log"
    with _running([UNBOUND, "-d", "-c", str(config)], log):
        _until(lambda: _answers(port, zones[0], "SOA"), log)
        yield port


@contextmanager
def postfix(folder: Path, hostname: str, certificate: Path, key: Path) -> Iterator[int]:
    """A mail server that offers STARTTLS with the given certificate and takes mail for nobody. Yields its port."""
    port = free_port()
    folder.mkdir()
    folder.chmod(0o755)
    config, queue, data = folder / "etc", folder / "queue", folder / "data"
    for path in (config, queue, data):
        path.mkdir()
    (config / "main.cf").write_text(
        f"compatibility_level = 3.6\nqueue_directory = {queue}\ndata_directory = {data}\n"
        f"command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\n"
        f"mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = {hostname}\nmydestination =\n"
        f"inet_protocols = ipv4\nalias_maps =\nalias_database =\nlocal_recipient_maps =\nmynetworks = 127.0.0.0/8\n"
        f"smtpd_tls_security_level = may\nsmtpd_tls_cert_file = {certificate}\nsmtpd_tls_key_file = {key}\n"
        f"smtpd_peername_lookup = no\nsmtp_dns_support_level = disabled\nmaillog_file = {folder}/log\n"
        f"maillog_file_prefixes = {folder}\n"
    )
    (config / "master.cf").write_text(
        f"127.0.0.1:{port} inet n - n - - smtpd\n"
        "pickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n"
        "tlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n"
        "bounce unix - - n - 0 bounce\nanvil unix - - n - 1 anvil\nproxymap unix - - n - - proxymap\n"
        "postlog unix-dgram n - n - 1 postlogd\n"
    )
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "chown", "-R", "root:root", str(config), str(queue)], check=True)
    subprocess.run([*as_root, "chown", "postfix", str(data)], check=True)
    log = folder / "log"
    log.touch()
    control = [*as_root, POSTFIX, "-c", str(config)]
    started = subprocess.run([*control, "start"], capture_output=True, text=True, check=False, timeout=60)
    if started.returncode:
        raise RuntimeError(f"postfix: {started.stdout}{started.stderr}")
    try:
        _until(lambda: _listens(port), log)
        yield port
    finally:
        subprocess.run([*control, "stop"], capture_output=True, check=False, timeout=60)


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False

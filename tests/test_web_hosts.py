"""The names of all agencies' websites on the card of who operates the mail domain, from the registry to the finding."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from auditor.cli import cli
from auditor.demo.dns import DnsServer

DOMAIN = "tinh.example"
ZONE = {
    DOMAIN: {"MX": ["0 ."], "TXT": ["v=spf1 -all"]},
    f"_dmarc.{DOMAIN}": {"TXT": ["v=DMARC1; p=reject"]},
    f"vanphong.{DOMAIN}": {"A": ["127.0.0.1"]},
    f"sct.{DOMAIN}": {"A": ["127.0.0.1"]},
    f"_dmarc.sct.{DOMAIN}": {"TXT": ["v=DMARC1; p=none"]},
}
AGENCIES = f"""agencies:
  - {{code: vp, name: Văn phòng, url: 'http://vanphong.{DOMAIN}:9/', mail_domain: {DOMAIN}, operates_mail: true}}
  - {{code: sct, name: Sở Công Thương, url: 'http://sct.{DOMAIN}:9/', mail_domain: {DOMAIN}}}
  - {{code: bo, name: Cơ quan khác, url: 'http://khac.example:9/', mail_domain: {DOMAIN}}}
  - {{code: cu, name: Cơ quan cũ, url: 'http://cu.{DOMAIN}:9/', mail_domain: {DOMAIN}, enabled: false}}
"""


def test_the_operator_alone_is_audited_and_reads_of_all_hosts(tmp_path: Path) -> None:
    (tmp_path / "agencies.yaml").write_text(AGENCIES, encoding="utf-8")
    with DnsServer(ZONE) as server:
        reach = ["--resolver", "{}:{}".format(*server.address), "--allow-private", "--delay", "0", "--second-look", "0"]
        result = CliRunner().invoke(cli, ["--folder", str(tmp_path), "audit", "vp", "--json", *reach])
        asked = [name for name, kind in server.queries if kind == "TXT" and name.endswith(DOMAIN)]
    audit = json.loads(result.stdout)
    assert [(one["host"], one["policy"]) for one in audit["mail"]["web_hosts"]] == [
        (f"vanphong.{DOMAIN}", "reject"), (f"sct.{DOMAIN}", "none"),
    ]  # fmt: skip
    finding = next(one for one in audit["findings"] if one["id"] == "mail.subdomains")
    assert (finding["verdict"], f"sct.{DOMAIN} (none)" in finding["seen"]) == ("partial", True)
    assert not {f"cu.{DOMAIN}", f"khac.{DOMAIN}"} & set(asked)

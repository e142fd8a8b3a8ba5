"""The weekly mail and the alert: headers, sizes, attachments, splitting, and what they say."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from auditor.model import Change, Verdict
from reports.email import MAX_BODY, NewFail, build_alert, build_weekly, new_fails_of
from reports.packing import encoded_size, pack
from reports.run import RunFailure, RunInfo
from tests.reports.builders import (
    AS_OF,
    GRADE_WORDS,
    HOSTILE,
    SEEN_AT,
    audit,
    hostile,
    messages,
    not_declared,
    province,
)

MESSAGES = messages()
NOW = datetime(2017, 11, 20, 0, 30, tzinfo=UTC)
DONE = RunInfo("7", AS_OF, SEEN_AT, SEEN_AT, "done", 3)
BROKEN = replace(DONE, state="incomplete", failures=(RunFailure("x", "Ủy ban X", "Bị dừng giữa chừng."),))


@dataclass(frozen=True)
class Settings:
    recipients: tuple[str, ...] = ("mot@example.gov.vn", "hai@example.gov.vn")
    sender: str = "kiemtra@example.gov.vn"
    max_message_mb: float = 8
    max_attached_cards: int = 5
    department: str = "Sở Thông tin và Truyền thông"


def weekly(
    count: int = 3, page: str = "<p>phiếu</p>", settings: Settings | None = None, **options: object
) -> list[EmailMessage]:
    audits = province(count)
    cards = {one.agency.code: page for one in audits}
    return build_weekly(
        audits, MESSAGES, settings or Settings(), cards, sent_at=NOW, grade_words=GRADE_WORDS, **options
    )  # type: ignore[arg-type]


def bodies(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None and html is not None
    return text.get_content(), html.get_content()


def names(message: EmailMessage) -> list[str]:
    return [part.get_filename() or "" for part in message.iter_attachments()]


def noise(size: int, seed: int) -> str:
    return "".join(random.Random(seed).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=size))


def test_headers() -> None:
    [message] = weekly()
    sent = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert sent["From"] == "kiemtra@example.gov.vn" and sent["To"] == "mot@example.gov.vn, hai@example.gov.vn"
    assert sent["Subject"] == "Kết quả kiểm tra trang thông tin điện tử và thư điện tử công vụ ngày 20/11/2017"
    assert sent["Date"] == "Mon, 20 Nov 2017 07:30:00 +0700" and sent["Auto-Submitted"] == "auto-generated"
    assert sent["Message-ID"].endswith("@example.gov.vn>") and sent["MIME-Version"] == "1.0"
    assert message.as_bytes().isascii() and max(len(line) for line in message.as_bytes().splitlines()) <= 998


def test_the_message_id_depends_on_what_is_delivered_and_to_whom_only() -> None:
    one = weekly()[0]["Message-ID"]
    assert weekly(page="<p>khác</p>")[0]["Message-ID"] == one
    again = [replace(one, finished_at=NOW) for one in province(3)]
    made = build_weekly(again, MESSAGES, Settings(), {}, sent_at=NOW)
    assert made[0]["Message-ID"] != one
    assert weekly(key="weekly:2017-W48")[0]["Message-ID"] != one
    assert weekly(settings=Settings(recipients=("ba@example.gov.vn",)))[0]["Message-ID"] != one


def test_up_to_five_cards_are_attached_as_pages_and_more_as_one_zip() -> None:
    [five] = weekly(5)
    assert names(five) == [f"huyen-{n:03d}-2017-11-20.html" for n in range(5)]
    attached = next(five.iter_attachments())
    assert attached.get_content_type() == "text/html" and attached.get_content() == "<p>phiếu</p>"
    [six] = weekly(6, league_html="<p>bảng</p>")
    assert names(six) == ["bang-xep-hang-2017-11-20.html", "phieu-danh-gia-2017-11-20.zip"]
    packed = list(six.iter_attachments())[1].get_content()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == [f"huyen-{n:03d}-2017-11-20.html" for n in range(6)]
        assert archive.read("huyen-000-2017-11-20.html").decode() == "<p>phiếu</p>"


@pytest.mark.parametrize(("count", "mb"), [(4, 0.5), (12, 0.4)])
def test_split_over_several_messages_none_over_the_limit_and_no_card_lost(count: int, mb: float) -> None:
    audits = province(count)
    cards = {one.agency.code: noise(120_000, n) for n, one in enumerate(audits)}
    made = build_weekly(audits, MESSAGES, Settings(max_message_mb=mb), cards, sent_at=NOW)
    assert len(made) > 1
    assert all(len(message.as_bytes()) <= mb * 1_000_000 for message in made)
    assert len({message["Message-ID"] for message in made}) == len(made)
    assert f"(phần 2/{len(made)})" in made[1]["Subject"] and "phần 2/" in bodies(made[1])[0]
    found: list[str] = []
    for message in made:
        for part in message.iter_attachments():
            if part.get_content_type() == "application/zip":
                with zipfile.ZipFile(io.BytesIO(part.get_content())) as archive:
                    found += archive.namelist()
            else:
                found.append(part.get_filename() or "")
    assert found == [f"huyen-{n:03d}-2017-11-20.html" for n in range(count)]


def test_a_card_that_fits_into_no_message_is_named_and_the_others_go() -> None:
    audits = province(3)
    cards = {one.agency.code: noise(600_000 if n == 1 else 1000, n) for n, one in enumerate(audits)}
    [message] = build_weekly(audits, MESSAGES, Settings(max_message_mb=0.5), cards, sent_at=NOW)
    assert names(message) == ["huyen-000-2017-11-20.html", "huyen-002-2017-11-20.html"]
    for body in bodies(message):
        assert "1 phiếu vượt quá dung lượng" in body and "huyen-001-2017-11-20.html" in body


def test_the_size_that_packing_counts_is_not_below_the_real_one() -> None:
    files = [(f"huyen-{n:03d}-2017-11-20.html", noise(50_000 + n * 1313, n).encode()) for n in range(9)]
    room = 120_000
    packed = pack(files, first_room=room, later_room=room, singly_up_to=5, zip_name="z")
    assert len(packed.parts) > 2
    for part in packed.parts:
        for attachment in part:
            assert encoded_size(len(attachment.content)) <= room
            message = EmailMessage(policy=policy.SMTP)
            message.add_attachment(attachment.content, maintype="application", subtype="zip", filename=attachment.name)
            inner = next(message.iter_attachments())
            assert len(inner.as_bytes()) <= attachment.encoded_size


def test_alike_codes_do_not_overwrite_each_other() -> None:
    audits = [audit("lộc thành"), audit("lộc thạnh")]
    cards = {one.agency.code: one.agency.code for one in audits}
    [message] = build_weekly(audits, MESSAGES, Settings(), cards, sent_at=NOW)
    assert names(message) == ["loc-thanh-2017-11-20.html", "loc-thanh-2-2017-11-20.html"]


@pytest.mark.parametrize("count", [1, 150, 900])
def test_text_and_html_stay_under_the_limit(count: int) -> None:
    made = province(count)
    message = build_weekly(made, MESSAGES, Settings(), {}, sent_at=NOW, run=BROKEN)[0]
    text, html = bodies(message)
    assert len(message.as_bytes()) <= MAX_BODY + 4000
    shown = [one for one in made if one.scores.grade and f". {one.agency.name}: " in text]
    if count <= 150:
        assert len(shown) == sum(one.scores.grade is not None for one in made)
        assert all(one.agency.name in html for one in made)
    else:
        assert "… và " in text and "cơ quan khác" in html


def test_what_the_weekly_mail_says() -> None:
    made = [*province(12), not_declared()]
    [message] = build_weekly(made, MESSAGES, Settings(), {}, sent_at=NOW, run=BROKEN, grade_words=GRADE_WORDS)
    for body in bodies(message):
        assert "Kết quả tự động, để tham khảo" in body and "Sở Thông tin và Truyền thông" in body
        assert "Ủy ban X: Bị dừng giữa chừng." in body
        assert "Tin tức - sự kiện được cập nhật (trước đó: đạt một phần)" in body
        assert "Ban Dân tộc" in body and "không phải là kết luận không đạt" in body
        assert "Bản ghi SPF: đạt một phần" in body and "3fa9c1d27be8" in body
    assert "style=" in bodies(message)[1] and "<style>" in bodies(message)[1]


def test_hostile_text_in_mail() -> None:
    worst = hostile()
    made = [worst, replace(worst, scores=replace(worst.scores, grade=None))]
    run = replace(BROKEN, failures=(RunFailure(HOSTILE, HOSTILE, HOSTILE),), message=HOSTILE)
    [message] = build_weekly(made, MESSAGES, Settings(department=HOSTILE), {HOSTILE: HOSTILE}, sent_at=NOW, run=run)
    sent = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert sent["Bcc"] is None
    text, html = bodies(message)
    assert "<script" not in html and "<img" not in html and "\u202e" not in text + html
    assert "\nBcc:" not in text
    [alert] = build_alert(new_fails_of(made), run, MESSAGES, Settings(), sent_at=NOW)
    assert "<script" not in bodies(alert)[1] and "javascript:" not in bodies(alert)[1].replace(
        "javascript:alert(d", "", 0
    )


def test_an_alert_only_when_there_is_something_to_say() -> None:
    assert build_alert([], DONE, MESSAGES, Settings(), sent_at=NOW) == []
    fail = NewFail("snv", "Sở Nội vụ", "Tin tức", Verdict.PASS, "Tin mới nhất ngày 02/10/2017.", "https://a.vn/")
    subjects = [
        build_alert(fails, run, MESSAGES, Settings(), sent_at=NOW)[0]["Subject"]
        for fails, run in (([fail], DONE), ([], BROKEN), ([fail], BROKEN))
    ]
    assert subjects == [
        "1 tiêu chí mới không đạt, đêm 20/11/2017",
        "Lần kiểm tra đêm 20/11/2017 không hoàn thành",
        "Lần kiểm tra đêm 20/11/2017 không hoàn thành; 1 tiêu chí mới không đạt",
    ]


def test_what_the_alert_says() -> None:
    [message] = build_alert(new_fails_of([audit()]), BROKEN, MESSAGES, Settings(), sent_at=NOW)
    text, html = bodies(message)
    assert "Sở Nội vụ" in text and "cách ngày đánh giá 35 ngày làm việc" in text
    assert "https://snv.example.gov.vn/vi/muc-0/" in text and 'href="https://snv.example.gov.vn/vi/muc-0/"' in html
    assert "Ủy ban X: Bị dừng giữa chừng." in text
    assert message["Message-ID"] != weekly()[0]["Message-ID"]


def test_an_alert_stays_small_too() -> None:
    many = [NewFail(f"c{n}", f"Cơ quan {n}", "Tiêu chí " * 20, Verdict.PASS, "Đã thấy " * 40) for n in range(2000)]
    [message] = build_alert(many, BROKEN, MESSAGES, Settings(), sent_at=NOW)
    assert len(message.as_bytes()) <= MAX_BODY + 4000 and "cơ quan khác" in bodies(message)[0]


def test_new_fails_report_the_shared_mail_domain_once_and_only_fails() -> None:
    change = (Change("mail.dmarc", "Bản ghi DMARC", Verdict.PARTIAL, Verdict.FAIL),)
    found = new_fails_of([audit("a", "A", changes=change), audit("b", "B", changes=change), audit("c", "C")])
    assert [(fail.code, fail.title) for fail in found] == [
        ("example.gov.vn", "Bản ghi DMARC"),
        ("c", "Tin tức - sự kiện được cập nhật"),
    ]


def test_without_audits_there_is_nothing_to_send() -> None:
    with pytest.raises(ValueError, match="no audits"):
        build_weekly([], MESSAGES, Settings(), {}, sent_at=NOW)

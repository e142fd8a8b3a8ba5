"""The forms of one page: where they send to, and which fields they have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.model import Place
from auditor.read.boxes import Box
from auditor.read.urls import absolute, canonical

_CONTROLS = frozenset({"input", "textarea", "select", "button"})
_TABLE_PARTS = frozenset({"table", "thead", "tbody", "tfoot", "tr"})
_POST_BACK = re.compile(r"\s*javascript:\s*(?:__doPostBack|WebForm_DoPostBack)", re.I)  # a link that sends WebForms


@dataclass(frozen=True, slots=True)
class Form:
    """A form: where it sends to and which fields it has. `text` is all words in it."""

    action: str
    method: str
    fields: tuple[tuple[str, str], ...]  # (kind, name)
    text: str
    place: Place
    has_submit: bool
    box: Box | None = None

    @property
    def has_textarea(self) -> bool:
        return any(kind == "textarea" for kind, _ in self.fields)

    @property
    def has_password(self) -> bool:
        return any(kind == "password" for kind, _ in self.fields)


def forms_of(boxes: Iterable[Box], base: str) -> Iterator[Form]:
    for box in boxes:
        if box.tag != "form":
            continue
        fields: list[tuple[str, str]] = []
        submit = False
        outer = _form_parts(box)
        inside = [inner for part in outer for inner in part.walk()]
        for inner in inside:
            if inner.tag in _CONTROLS:
                kind = inner.tag if inner.tag != "input" else (inner.attrs.get("type") or "text").lower()
                submit = submit or kind in ("submit", "image", "button")
                fields.append((kind, inner.attrs.get("name") or inner.attrs.get("id") or ""))
            elif inner.tag == "a" and _POST_BACK.match(inner.attrs.get("href") or ""):
                submit = True
        words = " ".join(v for i in inside for k in ("placeholder", "value", "title", "alt") if (v := i.attrs.get(k)))
        action = absolute(base, box.attrs.get("action") or "") or canonical(base)
        method = (box.attrs.get("method") or "get").lower()
        text = " ".join(part.text for part in outer)
        yield Form(action, method, tuple(fields), f"{text} {words}", box.place, submit, box)


def _form_parts(form: Box) -> list[Box]:
    """The form, and what follows it in the table in which it stands between rows or cells.

    There a parser closes it at once, and what follows still belongs to it (HTML Standard, "in table" insertion mode).
    """
    parts = [form]
    if form.parent is None or form.parent.tag not in _TABLE_PARTS or any(one.tag in _CONTROLS for one in form.walk()):
        return parts
    while (following := parts[-1].after) is not None and following.tag != "form":
        parts.append(following)
    return parts

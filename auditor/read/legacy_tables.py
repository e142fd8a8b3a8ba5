"""Vietnamese text from before Unicode: TCVN3 (TCVN 5712:1993 VN3, "ABC" fonts) and VNI (two signs for a letter).

Both hide in pages that claim windows-1252 or even UTF-8, because old documents were pasted in: "Céng hoµ x· héi" is
"Cộng hoà xã hội" for a reader with the right font and nonsense for all others. Tables map Latin-1 signs to Unicode.
"""

from __future__ import annotations

import re

_TCVN3_CODES = (
    "A1Ă A2Â A3Ê A4Ô A5Ơ A6Ư A7Đ A8ă A9â AAê ABô ACơ ADư AEđ "
    "B5à B6ả B7ã B8á B9ạ BBằ BCẳ BDẵ BEắ C6ặ C7ầ C8ẩ C9ẫ CAấ CBậ "
    "CCè CEẻ CFẽ D0é D1ẹ D2ề D3ể D4ễ D5ế D6ệ D7ì D8ỉ DCĩ DDí DEị DFò "
    "E1ỏ E2õ E3ó E4ọ E5ồ E6ổ E7ỗ E8ố E9ộ EAờ EBở ECỡ EDớ EEợ EFù "
    "F1ủ F2ũ F3ú F4ụ F5ừ F6ử F7ữ F8ứ F9ự FAỳ FBỷ FCỹ FDý FEỵ"
)
TCVN3: dict[int, str] = {int(pair[:2], 16): pair[2:] for pair in _TCVN3_CODES.split()}

_VNI_VOWELS = {
    # base letters as VNI writes them, then each second sign with the letter that the two make
    "a": "aùá aøà aûả aõã aïạ aââ aáấ aàầ aåẩ aãẫ aäậ aêă aéắ aèằ aúẳ aüẵ aëặ",
    "e": "eùé eøè eûẻ eõẽ eïẹ eâê eáế eàề eåể eãễ eäệ",
    "o": "oùó oøò oûỏ oõõ oïọ oâô oáố oàồ oåổ oãỗ oäộ",
    "ô": "ôùớ ôøờ ôûở ôõỡ ôïợ",
    "u": "uùú uøù uûủ uõũ uïụ",
    "ö": "öùứ öøừ öûử öõữ öïự",
    "y": "yùý yøỳ yûỷ yõỹ",
}
_VNI_SINGLE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ", "í": "í", "ì": "ì"}


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_SINGLE)
    for row in _VNI_VOWELS.values():
        for entry in row.split():
            table[entry[:2]] = entry[2:]
    for pair, letter in list(table.items()):
        table[pair.upper()] = letter.upper()
        table[pair[0].upper() + pair[1:]] = letter.upper()  # "Aù": a capital with a small sign
    return table


VNI: dict[str, str] = _vni_table()
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))


def from_tcvn3(text: str) -> str:
    """`text` with TCVN3 signs (as Latin-1) turned into Unicode letters."""
    return text.translate(TCVN3)


def from_vni(text: str) -> str:
    """`text` with VNI signs (as Latin-1) turned into Unicode letters."""
    return _VNI_PATTERN.sub(lambda match: VNI[match[0]], text)

"""What the repository says of itself: every command is named, links lead somewhere, nothing speaks of a machine."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from auditor.cli import cli

ROOT = Path(__file__).parent.parent
DOCS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
_LOCK = re.compile(r"(requirements[^/]*\.txt|constraints[^/]*\.txt|[^/]*\.lock|pylock[^/]*\.toml)$")
_PUBLIC = ("https://pypi.org/", "https://files.pythonhosted.org/")
_GENERATED = {"node_modules", "dist", "build", "demo-out", "out", "__pycache__"}
_WHITE = r"\s+"  # between words below, so that this file does not match itself


def _files() -> list[Path]:
    """The files of the project: what git tracks or would add; without git everything that is not generated."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listing.returncode == 0:
        found = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not _is_generated(path.relative_to(ROOT))]
    return sorted(path for path in set(found) if path.is_file())


def _is_generated(path: Path) -> bool:
    return any(
        part in _GENERATED or (part.startswith(".") and part not in (".ci", ".gitignore"))
        for part in path.parts
    )  # fmt: skip


def _lines_with(pattern: str, flags: int = 0) -> list[str]:
    """file:line: text of every line of every text file that `pattern` matches."""
    wanted, found = re.compile(pattern, flags), []
    for path in _files():
        data = path.read_bytes()
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
            if wanted.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:160]}")
    return found


def _commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    names: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        names.append((*before, name))
        if isinstance(command, click.Group):
            names += _commands(command, (*before, name))
    return names


def _options(command: click.Command) -> set[str]:
    return {text for parameter in command.params for text in parameter.opts if text.startswith("--")} - {"--help"}


def _command(words: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None, words
        command = found
    return command


# -- commands --------------------------------------------------------------------------------------


def test_readme_leads_to_the_commands() -> None:
    assert "(docs/commands.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("words", _commands(cli), ids=" ".join)
def test_every_command_and_option_is_documented(words: tuple[str, ...]) -> None:
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    assert f"`auditor {' '.join(words)}" in text
    missing = {option for option in _options(_command(words)) if f"`{option}" not in text and f" {option}" not in text}
    assert not missing


def _shown_commands() -> set[tuple[str, str]]:
    """(file, first word after `auditor`) of every command line that the documents show."""
    shown = set()
    for path in DOCS:
        text = path.read_text("utf-8")
        for code in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) + re.findall(r"`([^`\n]+)`", text):
            for line in code.splitlines():
                match = re.search(r"(?:^|[\s/\\])auditor(?:\.exe)? +(?:--folder +\S+ +)?([a-z]\w*)\b(?!\.)", line)
                if match and not line.lstrip().startswith(("import", "from", "#", "sudo useradd", "sudo systemctl")):
                    shown.add((path.name, match[1]))
    return shown


def test_documents_show_only_commands_that_exist() -> None:
    known = {words[0] for words in _commands(cli)}
    shown = _shown_commands()
    assert len(shown) > 10
    # "auditor" is the service's user, too, in the lines for cron and systemd
    assert {(file, word) for file, word in shown if word not in known} == set()


def test_readme_states_the_test_command_and_the_demo() -> None:
    readme, makefile = (ROOT / "README.md").read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    assert "**the test command**" in readme
    for target in set(re.findall(r"`make (\w+)`", "".join(path.read_text("utf-8") for path in DOCS))) | {"test"}:
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_readme_has_a_vietnamese_quick_start_before_anything_longer() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert headings[0] == "Bắt đầu nhanh"


# -- links -----------------------------------------------------------------------------------------


def _anchor(heading: str) -> str:
    """The anchor that a heading gets: lower case, punctuation dropped, spaces to hyphens."""
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return kept.strip().replace(" ", "-")


def _links() -> list[tuple[Path, str]]:
    found = []
    for path in DOCS:
        text = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)
        found += [(path, link) for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    return found


@pytest.mark.parametrize(("path", "link"), _links(), ids=lambda value: getattr(value, "name", value))
def test_link_leads_somewhere(path: Path, link: str) -> None:
    if link.startswith(("http://", "https://", "mailto:")):
        return
    file, _, anchor = unquote(link).partition("#")
    target = (path.parent / file).resolve() if file else path
    assert target.is_file(), link
    assert target.is_relative_to(ROOT)
    if anchor:
        assert anchor in {_anchor(h) for h in re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)}


def test_the_picture_of_a_card_is_small() -> None:
    picture = ROOT / "docs/card.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 250_000


# -- nothing of the machine it was written on ---------------------------------------------------------


def test_no_path_of_one_machine() -> None:
    folders = "|".join(("work", "tmp", "root", "home/[a-z]+", "Users/[A-Za-z]+", "mnt"))
    assert _lines_with(rf"(?<![\w.%~)}}\]-])/({folders})(/|[\s\"'`:;,)]|$)") == []


def test_no_package_index_of_one_machine() -> None:
    words = (
        "index" + "-url",
        "find" + "-links",
        "trusted" + "-host",
        "UV_" + "INDEX",
        "PIP_" + "INDEX",
        "opt/" + "pypi",
    )
    assert _lines_with("|".join(words)) == []


def test_lock_files_name_the_public_index_only() -> None:
    for path in _files():
        if _LOCK.search(path.name):
            urls = re.findall(r"(?:https?|file)://[^\s\"']+", path.read_text("utf-8"))
            assert [url for url in urls if not url.startswith(_PUBLIC)] == [], path.name


def test_nothing_tells_how_it_was_made() -> None:
    names = (
        "clau" + "de",
        "anthro" + "pic",
        "chat" + "gpt",
        "open" + "ai",
        "sub" + "agent",
        "language" + _WHITE + "model",
    )
    process = (
        "issue" + _WHITE + r"#?\d", "issues" + _WHITE + "show", "the" + _WHITE + "brief", "(this|our|my)" + _WHITE + "session",
        "(another|the|a)" + _WHITE + "helper", "the" + _WHITE + "lead" + _WHITE + "(says|decided|commits|asked)",
        r"shared/(DESIGN|FIELD|LEGAL|LIBRARIES|samples|tools)", r"\b(DESIGN|FIELD|LEGAL|LIBRARIES)\.md",
    )  # fmt: skip
    assert _lines_with("|".join(rf"\b{name}\b" for name in names), re.I) == []
    assert _lines_with("|".join(process), re.I) == []
    assert _lines_with(r"[(\s]DES" + r"IGN\b[,:)]") == []  # a document that is not here


# -- the frame ---------------------------------------------------------------------------------------


def test_licence_is_mit() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License")
    assert "[MIT](LICENSE)" in (ROOT / "README.md").read_text("utf-8")


def test_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M
    )

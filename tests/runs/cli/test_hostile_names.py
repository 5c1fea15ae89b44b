# SPDX-License-Identifier: Apache-2.0
"""Names and texts of files reach a terminal escaped: none can clear it, ring, turn text around or fake a line."""

import json
import os
import shutil
import sys
import unicodedata
import xml.etree.ElementTree
from pathlib import Path
from typing import Any

import pytest

from energy_runner.cli.output import write, write_bytes, write_line
from tests.support.cli import Call
from tests.support.places import ROOT
from tests.support.published_sessions import write_eembc

SESSION = ROOT / "fixtures/sessions/0.1.0/energy-virtual-lpm01a"
EVIL = "x\x1b[2J\a\u202e\n[bold red]\x9b31m</script><b>"
NAME = EVIL.replace("/", "|") + "\udcff"
KEPT = {
    "started_utc",
    "mode",
    "sha256",
    "schema",
    "metric",
    "outcome",
    "driver",
    "port",
    "id",
    "kind",
    "alignment",
}


def spoilt(value: Any, key: str = "") -> Any:
    """Return a document whose texts for people are all hostile."""
    if isinstance(value, dict):
        return {name: spoilt(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [spoilt(one, key) for one in value]
    return value + EVIL if isinstance(value, str) and key not in KEPT else value


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A session with hostile texts, in a folder with a hostile name."""
    folder = tmp_path / NAME / "session"
    shutil.copytree(SESSION, folder)
    record = json.loads((folder / "record.json").read_text("utf-8"))
    (folder / "record.json").write_text(json.dumps(spoilt(record)), "utf-8")
    lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text("utf-8").splitlines()]
    told = {"box-identified": "identity", "dut-identified": "profile", "phase": "detail", "run-stopped": "reason"}
    for line in lines:
        key = told.get(line["kind"])
        if key:
            line[key] = spoilt(line[key], key)
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return folder


def assert_harmless(text: str) -> None:
    """No character of it acts on a terminal; no line consists of what a name holds after a line break."""
    assert "Traceback" not in text, text
    acting = {c for c in text if not c.isprintable() and c != "\n" and unicodedata.category(c) != "Zs"}
    assert not acting, f"{acting} in {text[:2000]!a}"
    assert not [line for line in text.splitlines() if line.startswith("[bold red]")], text


needs_any_name = pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes are those of Linux")


@needs_any_name
@pytest.mark.parametrize(
    "words",
    [
        ("analyze", "{session}"),
        ("analyze", "{session}", "--all"),
        ("check", "{session}", "--all"),
        ("report", "{session}"),
        ("sessions", "list", "{folder}"),
        ("sessions", "list", "{folder}/none"),
        ("segment", "{session}"),
        ("phases", "{session}"),
        ("phases", "{session}", "--edges", "{folder}/none.csv"),
        ("use", "{session}", "--per-hour", "60"),
        ("export", "table", "{session}"),
        ("export", "table", "{session}", "--out", "{folder}/t.csv"),
        ("export", "mlperf", "--new-system", "{folder}/s.toml"),
        ("bench", "show", "virtual-ideal", "--out", "{folder}/b.toml"),
        ("bench", "doctor", "{folder}/none.toml"),
        ("rules", "show", "{folder}/none.toml"),
        ("stimuli", "show", "kws01", "--stimuli", "{folder}"),
        ("stimuli", "fetch", "kws01", "--from", "{folder}"),
        ("run", "demo-keywords", "--bench", "{folder}"),
        ("{folder}",),
        ("run", "{folder}"),
    ],
    ids=lambda words: " ".join(words).replace("{", "").replace("}", ""),
)
def test_no_command_prints_what_acts_on_a_terminal(words: tuple[str, ...], hostile: Path, call: Call) -> None:
    _, out, err = call(*(word.format(session=hostile, folder=hostile.parent) for word in words))
    assert out + err
    if words[:2] == ("export", "table") and "--out" not in words:
        assert "\x1b" in out  # a file goes through a pipe as it is
        out = ""
    assert_harmless(out + err)


@needs_any_name
def test_nor_does_an_audit_or_an_import(tmp_path: Path, call: Call) -> None:
    write_eembc(tmp_path / NAME / "kws/energy")
    log = tmp_path / NAME / "kws/energy/log.txt"
    log.write_bytes(log.read_bytes().replace(b"m-ready", b"m-ready\x1b[2J\x07"))
    (tmp_path / NAME / "empty").mkdir()
    here = tmp_path / NAME
    (here / "kws/energy/results.txt").write_text("nothing", "utf-8")
    for words in (("audit", str(tmp_path)), ("audit", str(here)), ("audit", str(here / "empty"))):
        _, out, err = call(*words)
        assert out + err
        assert_harmless(out + err)
    files = {
        form: tmp_path / f"audit.{end}" for form, end in (("html", "html"), ("csv", "csv"), ("markdown", "md"))
    }
    _, out, err = call(
        "audit", str(tmp_path), *(word for form in files for word in (f"--{form}", str(files[form])))
    )
    assert_harmless(out + err)
    for form in ("html", "markdown"):  # a CSV is for programs, and has names as they are
        assert_harmless(files[form].read_text("utf-8").replace("\t", " "))
    assert "</script><b>" not in files["html"].read_text("utf-8")
    _, out, err = call("audit", str(tmp_path), "--json")
    assert_harmless(out + err)
    _, out, err = call("import", str(here / "kws/energy"), "--out", str(here / "out"))
    assert_harmless(out + err)
    assert_harmless((tmp_path / NAME / "out/report.html").read_text("utf-8").replace("\t", " "))


@needs_any_name
def test_the_report_and_its_figures_show_names_as_text(hostile: Path, call: Call, tmp_path: Path) -> None:
    _, _, err = call("report", str(hostile), "--figures", str(tmp_path / "figures"))
    assert "internal error" not in err
    html = (hostile / "report.html").read_text("utf-8")
    assert_harmless(html.replace("\t", " "))
    assert "[bold red]" in html  # the name is there, as text
    assert "</script><b>" not in html
    figures = sorted((tmp_path / "figures").glob("*.svg"))
    assert figures
    for figure in figures:
        assert "\x1b" not in figure.read_text("utf-8")
        xml.etree.ElementTree.parse(figure)  # noqa: S314 - our own file


def test_a_table_on_a_terminal_is_escaped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    write_bytes("file\r\nµ\x1b[2J\r\n".encode())
    assert capsys.readouterr().out == "file\nµ\\x1b[2J\n"


def test_texts_of_several_lines_keep_them_and_names_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    write("a\tb\n\x1b[2Jc\u202f\u00a0d\u202e\n")
    write_line("name\n\x1b[2J\a")
    assert capsys.readouterr().out == "a\tb\n\\x1b[2Jc\u202f\u00a0d\\u202e\nname\\n\\x1b[2J\\x07\n"


def test_a_folder_of_bytes_is_named(tmp_path: Path, call: Call) -> None:
    """A name that is no text in UTF-8 at all still leads to the session."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    shutil.copytree(SESSION, folder)
    status, out, _ = call("check", str(folder))
    assert status in (0, 1)
    assert_harmless(out)

# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with a line that is no TOML: the slips of people who write such a file for the first time.

`tomllib` says "Invalid value" or "Expected newline or end of document after a statement" for most of them, in
the words of those who know the grammar. So the line itself is looked at; where nothing is recognised, they stay.
"""

import re
from collections.abc import Callable, Sequence

from energy_runner.wording import shown

_AT = re.compile(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)")  # as tomllib ends its messages
_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot redefine", "Cannot mutate", "Duplicate")
_ASSIGNED = r"\s*(?P<key>[^=#\"'\s:]+)\s*=\s*"
_END = r"\s*(?:#.*)?"
_CURLY = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a", '"'))


def slip(text: str, message: str) -> tuple[int | None, str]:
    """Return the line at which `tomllib` stopped (None: at the end of the text), and what is wrong there."""
    at = _AT.search(message)
    number = int(at[1]) if at and at[1] else None
    words = _AT.sub("", message)
    if words.startswith(_TWICE):
        return number, "a key or table is given twice"
    lines: Sequence[str] = re.split(r"\r\n|\r|\n", text)
    last = max((index for index, one in enumerate(lines, start=1) if one.strip()), default=1)
    seen = number if number is not None and number <= len(lines) else last
    line = lines[seen - 1]
    for sign, said in _SLIPS:
        found = sign.fullmatch(line)
        if found:
            return seen, said(found)
    where = f" in '{shown(line.strip())}'" if line.strip() else ""
    return number, f"not valid TOML: {words[:1].lower()}{words[1:]}{where}"


def _with_value(found: re.Match[str], value: str) -> str:
    return shown(f"{found['key']} = {value}")


def _unit(found: re.Match[str]) -> str:
    return f"'{shown(found['value'])}': a number has no unit: {_with_value(found, found['number'])}"


_SLIPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"\s*[{\[]\s*(\"|\{|$).*"),
        lambda _: 'this looks like JSON; TOML has lines such as name = "desk"',
    ),
    (re.compile(r"\s*(;|//|--|').*"), lambda _: "a comment begins with #"),
    (
        re.compile(rf"{_ASSIGNED}(?P<number>[-+]?[0-9]+,[0-9]+){_END}"),
        lambda found: f"{found['number']}: write a decimal point: {found['number'].replace(',', '.')}",
    ),
    (
        re.compile(r"(?P<line>[^#]*[\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a].*)"),
        lambda found: f"use straight quotation marks: {shown(found['line'].strip().translate(_CURLY))}",
    ),
    (
        re.compile(r"\s*(?P<key>[A-Za-z_][\w.-]*)\s*:\s*(?P<value>[^=]*)"),
        lambda found: (
            f"write = after a key: {_with_value(found, found['value'].strip())}"
            if found["value"].strip()
            else f"a table's name stands in brackets: [{shown(found['key'])}]"
        ),
    ),
    (
        re.compile(rf"{_ASSIGNED}(?P<value>(?i:true|false|yes|no|on|off)){_END}"),
        lambda found: f"'{found['value']}': write true or false, in small letters",
    ),
    (
        re.compile(
            rf"{_ASSIGNED}(?P<value>(?P<number>[-+]?[0-9]+(?:\.[0-9]+)?)\s*(?:[^\W\d]|Ω|°|%)[^#\"']*?){_END}"
        ),
        _unit,
    ),
    (
        re.compile(rf"{_ASSIGNED}(?:#.*)?"),
        lambda found: f"the value of {shown(found['key'])} is missing",
    ),
    (
        re.compile(rf"{_ASSIGNED}\"(?P<value>[^\"]*\\[^\"]*)\"{_END}"),
        lambda found: (
            "a text with a backslash stands between single quotation marks: "
            + _with_value(found, f"'{found['value']}'")
        ),
    ),
    (
        re.compile(rf"{_ASSIGNED}(?:[^\"]*\"(?:[^\"]*\"[^\"]*\")*[^\"]*|'[^']*|[^']*')"),
        lambda _: "a quotation mark is missing",
    ),
    (
        re.compile(rf"{_ASSIGNED}(?P<value>[^\s\"'\[{{#0-9+-][^\"'#]*?){_END}"),
        lambda found: "a text stands between quotation marks: " + _with_value(found, f'"{found["value"]}"'),
    ),
    (
        re.compile(r"\s*\[[^\]]*|\s*\[\[[^\]]*\]?"),
        lambda _: "the bracket of a table's name is not closed, as in [monitor]",
    ),
    (
        re.compile(r"\s*(?P<key>[A-Za-z_][\w.-]*)\s+(?P<value>[^=]+)"),
        lambda found: f"= is missing after the key: {_with_value(found, found['value'].strip())}",
    ),
)

# SPDX-License-Identifier: Apache-2.0
"""Check the licence line of every source file, and add it where it is missing.

`scripts/spdx` runs this. The line comes first, or after a `#!` line and a line that names the encoding, as a
comment of the language. A file that names another licence is reported and never changed. Data files (TOML, JSON,
stimuli) have no such line: the licence of the whole applies to them, and users copy some of them.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

LICENCE = "Apache-2.0"
MARK = "SPDX-License-Identifier:"
ROOMS = ("instruments", "energy_runner", "dut_firmware", "tests", "scripts", "docs")
NOT_OURS = {"build", "__pycache__"}
HASH = f"# {MARK} {LICENCE}"
BLOCK = f"/* {MARK} {LICENCE} */"
COMMENTS = dict.fromkeys((".py", ".pyi", ".sh", ".mk", ".cmake"), HASH) | dict.fromkeys(
    (".c", ".h", ".cpp", ".hpp", ".S", ".ld", ".ino", ".css", ".js"), BLOCK
)
NAMES = dict.fromkeys(("Makefile", "CMakeLists.txt", "Kconfig"), HASH)
BOM = b"\xef\xbb\xbf"
# What must stay first: a `#!` line, and an encoding (PEP 263).
HEAD = re.compile(rb"(#!.*(?:\n|\Z))?([ \t\f]*#.*?coding[:=].*(?:\n|\Z))?")
SEARCHED_LINES = 5


def source_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every source file below `root` with the line that it should have; empty files need none."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            inside = path.relative_to(root).parts
            if (
                path.is_symlink()
                or not path.is_file()
                or NOT_OURS.intersection(inside)
                or path.stat().st_size == 0
            ):
                continue
            line = COMMENTS.get(path.suffix) or NAMES.get(path.name) or _script_line(path)
            if line and not any(part.startswith(".") for part in inside):
                yield path, line


def stated_licence(data: bytes) -> str | None:
    """Return the licence that a file names in its first lines, None if it names none."""
    for line in data.split(b"\n", SEARCHED_LINES)[:SEARCHED_LINES]:
        before, mark, after = line.partition(MARK.encode())
        if mark and before.strip(b" #/*;") in (b"", BOM):
            return after.strip(b" */\r").decode("utf-8", "replace")
    return None


def with_line(data: bytes, line: str) -> bytes:
    """Return the bytes of a file with the licence line added; line ends and byte order mark are kept."""
    bom = BOM if data.startswith(BOM) else b""
    body = data[len(bom) :]
    match = HEAD.match(body)
    head = match.group() if match else b""
    first_line, newline, _ = body.partition(b"\n")
    end = b"\r\n" if newline and first_line.endswith(b"\r") else b"\n"
    gap = b"" if not head or head.endswith(b"\n") else end
    return bom + head + gap + line.encode() + end + body[len(head) :]


def examine(root: Path, *, fix: bool) -> list[str]:
    """Return what is wrong below `root`, one line per file; with `fix` only what could not be fixed."""
    wrong = []
    for path, line in source_files(root):
        data = path.read_bytes()
        licence = stated_licence(data)
        if licence == LICENCE:
            continue
        if licence is not None:
            wrong.append(f"{path.relative_to(root)}: names the licence {licence!r}, not {LICENCE}")
        elif fix:
            path.write_bytes(with_line(data, line))
        else:
            wrong.append(f"{path.relative_to(root)}: has no line '{line}'")
    return wrong


def main() -> int:
    """Check, or fix, and print what is wrong; return status 1 if anything is."""
    parser = argparse.ArgumentParser(
        prog="scripts/spdx", description="Check the licence line of every source file."
    )
    parser.add_argument("--fix", action="store_true", help="put the line where it is missing")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="another copy of the repository")
    arguments = parser.parse_args()
    wrong = examine(arguments.root, fix=arguments.fix)
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong and not arguments.fix:
        print(f"{len(wrong)} files. Try: scripts/spdx --fix", file=sys.stderr)
    return 1 if wrong else 0


def _script_line(path: Path) -> str | None:
    """Return the line for a script without a suffix."""
    if path.suffix:
        return None
    with path.open("rb") as file:
        return HASH if file.read(2) == b"#!" else None


if __name__ == "__main__":
    sys.exit(main())

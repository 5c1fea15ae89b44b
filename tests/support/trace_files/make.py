# SPDX-License-Identifier: Apache-2.0
"""Write `fixtures/traces/`: one small file of each format, from the formats' descriptions.

Run it as `python -m tests.support.trace_files.make`; a test compares the files with what it writes.
"""

from collections.abc import Callable
from pathlib import Path

from tests.support.places import ROOT
from tests.support.trace_files import binaries, texts

FOLDER = ROOT / "fixtures" / "traces"
FILES: dict[str, Callable[[Path], Path]] = {
    "lpm01a.csv": texts.write_lpm01a_csv,
    "lpm01a.log": texts.write_lpm01a_log,
    "ppk2.csv": texts.write_ppk2_csv,
    "ppk2.ppk2": binaries.write_ppk2,
    "joulescope.csv": texts.write_joulescope_csv,
    "joulescope.jls": binaries.write_jls,
    "otii.csv": texts.write_otii_csv,
    "n6705.dlog": binaries.write_dlog,
    "n6705.dlog.xz": binaries.write_dlog,
    "rs-fastlog.csv": texts.write_rs_csv,
    "keithley.csv": texts.write_keithley_csv,
    "generic.csv": texts.write_generic_csv,
    "times.csv": texts.write_times,
    "logic.sr": binaries.write_sr,
    "logic.vcd": texts.write_vcd,
}


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, write in FILES.items():
        write(folder / name)


if __name__ == "__main__":
    make(FOLDER)

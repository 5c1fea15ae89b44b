# SPDX-License-Identifier: Apache-2.0
"""Trace files in text, written from the descriptions of their formats."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.support.trace_files.wave import EDGES_S, START_MS, VOLTAGE_V, Wave


def table(path: Path, header: str, rows: Sequence[str], end: str = "\n") -> Path:
    path.write_bytes(end.join([*header.split("\n"), *rows, ""]).encode())
    return path


def write_ppk2_csv(path: Path, wave: Wave | None = None, inputs: str = "columns", lost: range = range(0)) -> Path:
    """The vendor app's export; `inputs` is `columns`, `digits` or `bits`, and the rows in `lost` are left out."""
    wave = wave or Wave()
    heads = {"columns": ",D0,D1,D2,D3,D4,D5,D6,D7", "digits": ",D0-D7", "bits": ",Bits", "none": ""}
    rows = []
    for k, (time, current, high) in enumerate(zip(wave.times_s, wave.current_a, wave.high, strict=True)):
        if k in lost:
            continue
        states = {
            "columns": f",{int(high)},0,0,0,0,0,0,0",
            "digits": f",{int(high)}000000X",
            "bits": f",{int(high) + 0x20}",
            "none": "",
        }
        rows.append(f"{time * 1e3:.2f},{current * 1e6:.3f}{states[inputs]}")
    return table(path, f"Timestamp(ms),Current(uA){heads[inputs]}", rows)


def write_lpm01a_csv(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave()
    rng = np.random.default_rng(5)
    rows = [
        f"{current * 1e6:.1f},{time * 1e6 + 1000 + rng.integers(0, 900):.0f},{int(time) * 1000}"
        for time, current in zip(wave.times_s, wave.current_a, strict=True)
    ]
    header = "# LPM01A recording\n# freq 200\n# volt 3000m\nCurrent (uA),rx timestamp (us),board timestamps (ms)"
    return table(path, header, rows)


def write_joulescope_csv(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave()
    rows = [
        f"{time:.6f},{current:.9g},{VOLTAGE_V:.6f},{current * VOLTAGE_V:.9g},{int(high)}"
        for time, current, high in zip(wave.times_s, wave.current_a, wave.high, strict=True)
    ]
    return table(path, "time (s),current (A),voltage (V),power (W),gpi0", rows, end="\r\n")


def write_otii_csv(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave()
    rows = [
        f"{time:.4f},{current:.9f},{VOLTAGE_V:.4f},{int(high)}"
        for time, current, high in zip(wave.times_s, wave.current_a, wave.high, strict=True)
    ]
    header = "Timestamp(s),Main current - board (A),Main voltage - board (V),GPI1 - board (Digital)"
    return table(path, header, rows)


def write_rs_csv(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave()
    rows = [f"{VOLTAGE_V:.6E},{current:.6E}" for current in wave.current_a]
    header = f"Device,R&S NGU201\nSample rate,{wave.rate_hz:g} Hz\nSamples,{len(rows)}\n\nVoltage[V],Current[A]"
    return table(path, header, rows)


def write_keithley_csv(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave()
    rows = [
        f"{k + 1},{current:.6E},{time:.6f}"
        for k, (time, current) in enumerate(zip(wave.times_s, wave.current_a, strict=True))
    ]
    return table(path, "Model,DMM6500\nBuffer,defbuffer1\n\nIndex,Reading (A),Relative Time (s)", rows)


def write_generic_csv(path: Path, wave: Wave | None = None, delimiter: str = ",", decimal: str = ".") -> Path:
    """A table that states no units."""
    wave = wave or Wave()
    rows = [
        f"{time * 1e3:.1f}{delimiter}{current * 1e6:.2f}{delimiter}{int(high)}".replace(".", decimal)
        for time, current, high in zip(wave.times_s, wave.current_a, wave.high, strict=True)
    ]
    return table(path, delimiter.join(("time", "current", "pin")), rows)


def write_times(path: Path, unit: str = "s", scale: float = 1.0) -> Path:
    return table(path, f"time ({unit})", [f"{edge * scale:.6f}" for edge in EDGES_S])


def write_lpm01a_log(
    path: Path, wave: Wave | None = None, output: str = "current", lost: range = range(0)
) -> Path:
    """What a terminal logs of the shield: acknowledgements, samples, time stamps, events."""
    wave = wave or Wave(1000.0)
    factor = VOLTAGE_V / wave.rate_hz if output == "energy" else 1.0
    parts = [
        f"PowerShield > ack output {output}\r\n",
        "PowerShield > ack format ascii_dec\r\n",
        f"PowerShield > ack freq {wave.rate_hz:g}\r\n",
        "PowerShield > ack start\r\n",
    ]
    falls = set(np.flatnonzero(np.diff(wave.high.astype(int)) < 0) + 1)
    events = 0
    for k, current in enumerate(wave.current_a):
        if k in falls:
            parts.append(f"event {events:02d} ris\r\n")
            events += 1
        if k not in lost:
            parts.append(sample(current * factor))
        if (k + 1) % 1000 == 0:
            ms = round((k + 1) * 1000 / wave.rate_hz)
            parts.append(f"\r\nTimeStamp: {ms // 1000:03d}s {ms % 1000:03d}ms, buff 01%\r\n\0")
    path.write_bytes("".join(parts).encode())
    return path


def sample(value: float) -> str:
    """Four digits and an exponent, `5000-06` for 5 mA."""
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.replace('.', '')}{int(exponent) - 3:+03d}\r\n"


def write_vcd(path: Path, wave: Wave | None = None) -> Path:
    wave = wave or Wave(100_000.0)
    changes = np.flatnonzero(np.diff(wave.high.astype(int))) + 1
    lines = [
        "$date today $end",
        "$timescale 1 us $end",
        "$scope module logic $end",
        "$var wire 1 ! D0 $end",
        "$var wire 8 # bus $end",
        "$var wire 1 % D1 $end",
        "$upscope $end",
        "$enddefinitions $end",
        "#0 1! x%",
    ]
    lines += [f"#{round(at / wave.rate_hz * 1e6)} {int(wave.high[at])}!" for at in changes]
    lines.append(f"#{round(len(wave.high) / wave.rate_hz * 1e6)}")
    path.write_text("\n".join(lines) + "\n")
    return path


STARTED_UTC_NS = START_MS * 1_000_000

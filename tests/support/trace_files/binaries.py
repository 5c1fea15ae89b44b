# SPDX-License-Identifier: Apache-2.0
"""Binary trace files, written from the descriptions of their formats."""

import io
import json
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pyjls

from tests.support.trace_files.wave import EDGES_S, SECONDS, START_MS, VOLTAGE_V, Wave

_DATE = (2024, 1, 2, 3, 4, 6)
_JLS_EPOCH_S = 1_514_764_800


def zipped(path: Path, members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    """The same bytes from the same members, on any day."""
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, kind)
    return path


def ppk2_samples(wave: Wave) -> np.ndarray:
    samples = np.zeros(len(wave.current_a), dtype=[("current", "<f4"), ("inputs", "<u2")])
    samples["current"] = wave.current_a * 1e6
    samples["inputs"] = np.where(wave.high, 0b10, 0b01) | 0b0101010101010100  # the other inputs are low
    return samples


def write_ppk2(path: Path, wave: Wave | None = None, metadata: object = None) -> Path:
    wave = wave or Wave(1000.0)
    known = {
        "metadata": {"samplesPerSecond": wave.rate_hz, "startSystemTime": START_MS},
        "formatVersion": 2,
    }
    members = {
        "session.raw": ppk2_samples(wave).tobytes(),
        "metadata.json": json.dumps(known if metadata is None else metadata).encode(),
        "minimap.raw": b"{}",
    }
    return zipped(path, members)


def dlog_bytes(wave: Wave, channels: str = "one", minmax: bool = False, extra: bytes = b"\0\0\0") -> bytes:
    """A log of one channel with voltage and current, or of two of which the second has a current only."""
    second = "<channel id='2'><sense_volt>0</sense_volt><sense_curr>1</sense_curr></channel>"
    header = (
        "<dlog>\n<channel id='1'><ident><model>N6781A</model></ident><1ua>0</1ua>"
        "<sense_volt>1</sense_volt><sense_curr>1</sense_curr></channel>"
        + (second if channels == "two" else "")
        + f"<frame><tint>{1 / wave.rate_hz!r}</tint><time>{SECONDS}</time>"
        f"<sense_minmax>{int(minmax)}</sense_minmax></frame>\n</dlog>\n"
    )
    current = wave.current_a
    columns = [np.full(len(current), VOLTAGE_V), current]
    columns += [current * 2] if channels == "two" else []
    if minmax:
        columns = [part for column in columns for part in (column, column * 0.9, column * 1.1)]
    return header.encode() + b"\0" * 8 + np.stack(columns, axis=1).astype(">f4").tobytes() + extra


def write_dlog(path: Path, wave: Wave | None = None, **more: object) -> Path:
    data = dlog_bytes(wave or Wave(), **more)  # type: ignore[arg-type]
    path.write_bytes(lzma.compress(data) if path.suffix == ".xz" else data)
    return path


def write_jls(path: Path, wave: Wave | None = None, ppm: float = 0.0, marks: bool = False) -> Path:
    """Current, voltage and an input as a JS220 records them; its clock is `ppm` fast by calendar time."""
    wave = wave or Wave(1000.0)
    count = len(wave.current_a)
    path.unlink(missing_ok=True)
    with pyjls.Writer(str(path)) as file:
        file.source_def(
            source_id=1, name="JS220-000001", vendor="Jetperch", model="JS220", version="1", serial_number="000001"
        )
        rate = round(wave.rate_hz)
        for number, (name, unit) in enumerate((("current", "A"), ("voltage", "V")), start=1):
            file.signal_def(signal_id=number, source_id=1, sample_rate=rate, name=name, units=unit)
        file.signal_def(
            signal_id=3, source_id=1, sample_rate=rate, name="gpi[0]", units="", data_type=pyjls.DataType.U1
        )
        file.fsr(1, 0, wave.current_a.astype(np.float32))
        file.fsr(2, 0, np.full(count, VOLTAGE_V, dtype=np.float32))
        file.fsr(3, 0, np.packbits(wave.high, bitorder="little"))
        begun = (START_MS / 1e3 - _JLS_EPOCH_S) * 2**30
        for sample in (0, count - 1):
            file.utc(1, sample, round(begun + sample / wave.rate_hz / (1 + ppm * 1e-6) * 2**30))
        for edge in EDGES_S if marks else ():
            file.annotation(1, round(edge * wave.rate_hz), float("nan"), pyjls.AnnotationType.VMARKER, 0, "1")
    return path


def write_sr(path: Path, wave: Wave | None = None) -> Path:
    """What PulseView saves: two inputs in one byte a sample, in two chunks."""
    wave = wave or Wave(100_000.0)
    data = (wave.high.astype(np.uint8) << 1 | 1).tobytes()
    metadata = (
        "[global]\nsigrok version=0.5.2\n\n[device 1]\ncapturefile=logic-1\ntotal probes=2\n"
        f"samplerate={wave.rate_hz / 1e3:g} kHz\ntotal analog=0\nprobe1=D0\nprobe2=D1\nunitsize=1\n"
    )
    half = len(data) // 2
    members = {"version": b"2", "metadata": metadata.encode(), "logic-1-1": data[:half], "logic-1-2": data[half:]}
    return zipped(path, members)


def with_claimed_size(path: Path, name: str, size: int) -> Path:
    """Let a zip claim another unpacked size of a member, as a bomb or a damaged file does."""
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(name)] != name.encode():
        at = data.rfind(b"PK\x01\x02", 0, at)
    data[at + 24 : at + 28] = size.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def xz_of(data: bytes) -> bytes:
    return io.BytesIO(lzma.compress(data)).getvalue()

# SPDX-License-Identifier: Apache-2.0
"""Sessions of the two earlier runners, made up, with figures computed by plain loops and not by our code."""

import json
import math
import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

IDLE_UJ, ACTIVE_UJ = 20.0, 45.0  # a sample of 1 ms: as many milliwatt
FILES = (
    "tst_000000_Stop_7.bin",
    "tst_000001_Left_2.bin",
    "tst_000002_Right_6.bin",
    "tst_000003_Up_8.bin",
    "tst_000004_On_5.bin",
)
TRACE_ON_S = 100.331
TRUE_UJ = 4725.0  # of one inference in the middle window: 105 ms at 45 mW


@dataclass
class Eembc:
    """What a made-up EEMBC energy session is like; `stamps` may bend the timestamps before they are published."""

    windows: int = 5
    inferences: int = 100
    period_s: tuple[float, ...] = (0.1052, 0.1051, 0.105, 0.1049, 0.1048)
    load_s: float = 0.7
    rate_hz: float = 1000.0
    instrument: str = "lpm01a"
    stamps: Callable[[list[float]], list[float]] = lambda stamps: stamps
    counts: dict[int, int] = field(default_factory=dict)

    def edges(self) -> list[float]:
        """Seconds of the timestamp command's edge, then of each window's start and stop."""
        found, at = [0.015], 1.2
        for k in range(self.windows):
            at += self.load_s
            found.append(round(at, 3))
            at = round(at + self.period_s[k % len(self.period_s)] * self.inferences, 3)
            found.append(at)
        return found

    def samples(self) -> list[float]:
        """Microjoule of each millisecond, the sample that holds an edge included."""
        edges = self.edges()
        count = -(-(round(edges[-1] * 1000) + 1200) // 1024) * 1024
        samples = [IDLE_UJ] * count
        for start_s, stop_s in zip(edges[1::2], edges[2::2], strict=True):
            first, last = round(start_s * 1000) - 1, round(stop_s * 1000) - 1
            samples[first:last] = [ACTIVE_UJ] * (last - first)
            samples[first] = (IDLE_UJ + ACTIVE_UJ) / 2
            samples[last] = (IDLE_UJ + ACTIVE_UJ) / 2
        return samples


def write_eembc(folder: Path, made: Eembc | None = None) -> Path:
    """Write an energy session of the EEMBC runner and return its folder."""
    made = made or Eembc()
    folder.mkdir(parents=True, exist_ok=True)
    stamps = made.stamps(made.edges())
    samples = made.samples()
    write_trace(folder, samples, made.rate_hz)
    (folder / "trace1-timestamps.json").write_text("[\n\t" + ",\n\t".join(map(str, stamps)) + "\n]", "utf-8")
    log, end_s = _energy_log(made)
    (folder / "log.txt").write_text("\n".join(log), "utf-8")
    counts = [made.counts.get(k, made.inferences) for k in range(made.windows)]
    (folder / "results.txt").write_text("\n".join(_energy_results(samples, stamps, counts, end_s)) + "\n", "utf-8")
    (folder / "script.async").write_text("[{ cmd: 'umount' }]", "utf-8")
    return folder


def write_trace(folder: Path, samples: Sequence[float], rate_hz: float = 1000.0) -> None:
    """Write `trace1-energy.bin`."""
    data = struct.pack("<Bf", 0xF1, rate_hz) + struct.pack(f"<{len(samples)}f", *samples)
    (folder / "trace1-energy.bin").write_bytes(data)


def line(at_s: float, text: str) -> str:
    """A line of a log."""
    return f"{at_s:09.3f} {text}"


def _energy_log(made: Eembc) -> tuple[list[str], float]:
    on = TRACE_ON_S
    lines = [
        line(on - 3, "session: m-session-start-id[20240102030405]"),
        line(on - 3, "parser: m-bmark-run-name[ML Energy 1.0.1]-code[ulp-ml]"),
        line(on - 3, "parser: m-version[3.0.10]"),
        line(on - 2, "parser: m-bm-cfg-name[ulp-ml]-key[runMode]-val[bmark]"),
        line(on - 2, 'parser: Command "emon power on"'),
        line(on - 2, "emon: m-power[on]"),
        line(on - 1.9, "io: [dut]: m-timestamp-mode-energy"),
        line(on - 1.9, "io: [dut]: m-ready"),
        line(on - 1, "io: [dut]: m-profile-[made-up firmware]"),
        line(on - 1, "io: [dut]: m-model-[kws01]"),
        line(on - 1, "io: [dut]: m-ready"),
        line(on - 0.02, 'parser: Command "emon trace on trace1"'),
        line(on, "emon: m-trace[on]"),
        line(on, 'parser: Command "io dut timestamp"'),
        line(on + 0.03, "io: [dut]: m-ready"),
    ]
    edges = made.edges()
    at = on + 1.2
    for k, (start_s, stop_s) in enumerate(zip(edges[1::2], edges[2::2], strict=True)):
        count = made.counts.get(k, made.inferences)
        sent = on + start_s - 0.2
        lines += [
            line(at, rf'parser: Command "bloadp "C:\data sets\kws01\{FILES[k % len(FILES)]}""'),
            line(at, "parser: File size is 490, loading..."),
            line(at, "parser: Sending 490 bytes"),
            line(sent - 0.01, "parser: m-bloadp-done"),
            line(
                sent, f"sequencer: m-sequencing-i[12]-command[io dut infer {count} 1]-ack[/dut.?: m-ready/]-ms[-1]"
            ),
            line(sent, f'parser: Command "io dut infer {count} 1"'),
            line(sent + 0.02, f"io: m-dut-passthrough(infer {count} 1)"),
            line(sent + 0.02, "io: m-ready"),
            line(sent + 0.04, "io: [dut]: m-warmup-start-1"),
            line(sent + 0.15, "io: [dut]: m-warmup-done"),
            line(on + start_s - 0.003, f"io: [dut]: m-infer-start-{count}"),
            line(on + stop_s + 0.017, "io: [dut]: m-infer-done"),
            line(on + stop_s + 0.09, "io: [dut]: m-results-[0,0,0,0,0,0,0,0.996,0,0,0,0]"),
            line(on + stop_s + 0.09, "io: [dut]: m-ready"),
        ]
        at = on + stop_s + 0.1
    end = on + edges[-1] + 1.2
    lines += [
        line(end, 'parser: Command "emon trace off"'),
        line(end + 0.05, f"emon: m-regfile-fn[trace1-energy.bin]-type[emon]-name[{made.instrument}]"),
        line(end + 0.05, f"emon: m-regfile-fn[trace1-timestamps.json]-type[etime]-name[{made.instrument}]"),
        line(end + 0.05, "emon: m-trace[off]"),
        line(end + 0.06, "emon: m-voltage-mv[1800]"),
        line(end + 0.07, "emon: m-power[off]"),
        line(end + 0.08, "sequencer: m-sequencer-stop"),
        line(end + 0.09, "session: m-session-stop-id[20240102030405]"),
    ]
    return lines, end + 0.09


def _energy_results(
    samples: Sequence[float], stamps: Sequence[float], counts: Sequence[int], end_s: float
) -> list[str]:
    """The results as published: a time axis added up in a loop, windows by the order of the timestamps."""
    axis, at = [], 0.0
    for _ in range(len(samples) + 1):
        axis.append(at)
        at += 1 / 1000.0
    energy, speed, costs, rates = [], [], [], []
    for k, index in enumerate(range(1, len(stamps) - 1, 2)):
        start_s, stop_s = stamps[index], stamps[index + 1]
        a, b = bisect_left(axis, start_s), bisect_left(axis, stop_s)  # the first moments not before the edges
        if not 0 < a < b < len(axis):
            continue
        total = 0.0
        for value in struct.unpack(f"<{b - a}f", struct.pack(f"<{b - a}f", *samples[a:b])):
            total += value
        count, lasts = counts[min(k, len(counts) - 1)], axis[b] - axis[a]
        costs.append(total / count)
        rates.append(count / (stop_s - start_s))
        energy += [
            f"ulp-ml: Energy data for window {index + 1} at time {axis[a - 1]:.2f} for {lasts:.2f} sec.:",
            f"ulp-ml:   Energy       : {total:12.3f} uJ",
            f"ulp-ml:   Power        : {total / lasts:12.3f} uW",
            f"ulp-ml:   Energy/Inf.  : {total / count:12.3f} uJ/inf.",
        ]
        met = stop_s - start_s >= 10 and count >= 10
        speed += [
            f"ulp-ml: Performance results for window {index + 1}:",
            f"ulp-ml:   # Inferences : {count:12d}",
            f"ulp-ml:   Runtime      : {stop_s - start_s:12.3f} sec.",
            f"ulp-ml:   Throughput   : {count / (stop_s - start_s):12.3f} inf./sec.",
            "ulp-ml: Runtime requirements have been met."
            if met
            else "ulp-ml: e-[The run must take at least 10 seconds and 10 iterations to be valid]",
        ]
    rule = "ulp-ml: ---------------------------------------------------------"
    costs.sort()
    rates.sort()
    lines = [
        *energy,
        rule,
        f"ulp-ml: Median energy cost is {_middle(costs):.3f} uJ/inf.",
        rule,
        *speed,
        rule,
        f"ulp-ml: Median throughput is {_middle(rates):.3f} inf./sec.",
        rule,
        "ulp-ml: Cannot compute accuracy metrics in single-run mode.",
    ]
    return [line(end_s + 0.02, text) for text in lines]


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    if not ordered:
        return math.nan
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def write_performance(folder: Path, laps_us: Sequence[tuple[int, int]], inferences: int = 120) -> Path:
    """Write a performance session of the EEMBC runner with one window for each pair of laps."""
    folder.mkdir(parents=True, exist_ok=True)
    lines, results, rates = [line(49, "parser: m-bmark-run-name[ML Performance 1.0.1]-code[ulp-mlperf]")], [], []
    lines += [line(49.5, "dut: m-profile-[made-up firmware]"), line(49.5, "dut: profile%m-model-[kws01]")]
    lines += [line(49.6, 'parser: Command "dut timestamp"'), line(49.6, "dut: m-lap-us-17")]
    for k, (start_us, stop_us) in enumerate(laps_us):
        at, lasts = 50.0 + (start_us - laps_us[0][0]) / 1e6, (stop_us - start_us) / 1e6
        lines += [
            line(at, f'parser: Command "bload dut "/data/kws01/{FILES[k % len(FILES)]}""'),
            line(at, "parser: Sending 490 bytes"),
            line(at + 0.2, f'parser: Command "dut infer {inferences} 1"'),
            line(at + 0.3, f"dut: m-infer-start-{inferences}"),
            line(at + 0.3, f"dut: m-lap-us-{start_us}"),
            line(at + 0.3 + lasts, f"dut: m-lap-us-{stop_us}"),
            line(at + 0.31 + lasts, "dut: m-infer-done"),
            line(at + 0.32 + lasts, "dut: m-results-[0,0,0,0,0,0,0,0.996,0,0,0,0,]"),
            line(at + 0.32 + lasts, "dut: m-ready"),
        ]
        runtime = stop_us / 1e6 - start_us / 1e6
        rates.append(inferences / runtime)
        met = runtime >= 10 and inferences >= 10
        results += [
            f"ulp-mlperf: Performance results for window {2 * k + 2}:",
            f"ulp-mlperf:   # Inferences : {inferences}",
            f"ulp-mlperf:   Runtime      : {runtime:.3f} sec.",
            f"ulp-mlperf:   Throughput   : {inferences / runtime:.3f} inf./sec.",
            "ulp-mlperf: Runtime requirements have been met."
            if met
            else "ulp-mlperf: e-[The run must take at least 10 seconds and 10 iterations to be valid]",
        ]
    results.append(f"ulp-mlperf: Median throughput is {_middle(sorted(rates)):.3f} inf./sec.")
    at += lasts + 1
    lines.append(line(at, "session: m-session-stop-id[20240102030405]"))
    (folder / "log.txt").write_text("\r\n".join(lines), "utf-8")
    (folder / "results.txt").write_text("\r\n".join(line(at, text) for text in results), "utf-8")
    (folder / "script.async").write_text("[]\n", "utf-8")
    return folder


def write_accuracy(folder: Path, answers: dict[str, list[float]], top1: str, auc: str) -> Path:
    """Write an accuracy session of the EEMBC runner; the two figures are given as they are printed."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        line(10, "parser: m-bmark-run-name[ML Performance 1.0.1]-code[ulp-mlperf]"),
        line(10, "parser: m-bm-cfg-name[ulp-mlperf]-key[runMode]-val[multi]"),
        line(10.1, "dut: m-profile-[made-up firmware]"),
        line(10.1, "dut: m-model-[kws01]"),
    ]
    at = 11.0
    for name, outputs in answers.items():
        lines += [
            line(at, f'parser: Command "bload dut "/data/kws01/{name}""'),
            line(at, "parser: Sending 490 bytes"),
            line(at + 0.1, 'parser: Command "dut infer 1 0"'),
            line(at + 0.11, "dut: m-infer-start-1"),
            line(at + 0.2, "dut: m-infer-done"),
            line(at + 0.2, f"dut: m-results-[{','.join(f'{value:.3f}' for value in outputs)}]"),
            line(at + 0.2, "dut: m-ready"),
        ]
        at += 0.25
    lines.append(line(at, "session: m-session-stop-id[20240102030405]"))
    (folder / "log.txt").write_text("\n".join(lines), "utf-8")
    results = [f"ulp-mlperf: Top-1: {top1}%", f"ulp-mlperf: AUC: {auc}"]
    (folder / "results.txt").write_text("\n".join(line(at + 0.1, text) for text in results), "utf-8")
    (folder / "script.async").write_text("[]\n", "utf-8")
    return folder


# --- the MLCommons runner -------------------------------------------------------------------------------


def mlcommons_passes(inferences: int = 250) -> list[dict[str, object]]:
    """The passes of an energy session: loading 1.8 s, a window of 12.05 s or so, 0.11 s after it."""
    passes: list[dict[str, object]] = []
    for k, name in enumerate(FILES):
        before, inside, after = 1800 + (2000 if k == 0 else 0), 12050 + 2 * k, 111
        samples = [3e-6] * (before - 1) + [4e-6] + [5e-6] * (inside - 1) + [4e-6] + [3e-6] * after
        passes.append(
            {
                "file": name,
                "classes": "12",
                "class": str(int(name.split("_")[-1][0])),
                "bytes_to_send": None,
                "infer": {"results": [0.0] * 12, "total_inferences": 1, "iterations": inferences, "warmups": 1},
                "power": {
                    "samples": samples,
                    "timestamps": [[f"{2 * k:02d}", before], [f"{2 * k + 1:02d}", before + inside]],
                    "extracted_power": None,
                    "voltage": 1.8,
                },
                "mode": "e",
            }
        )
    return passes


def write_mlcommons(folder: Path, passes: list[dict[str, object]] | None = None) -> Path:
    """Write an energy session of the MLCommons runner; its figures follow its passes."""
    folder.mkdir(parents=True, exist_ok=True)
    passes = mlcommons_passes() if passes is None else passes
    results, costs = ["Power Edition Output"], []
    log = [
        r"Logging initialized. Writing output to sessions\20250725_190327\log.txt",
        "Initializing SerialDevice on port: COM25 at 3686400 baud",
        "Device name retrieved: made-up",
        "Device profile retrieved: made-up firmware",
        "Device model retrieved: kws01",
    ]
    begun_ms = 3 * 3600_000 + 2000.0  # a little after the first sample
    for k, one in enumerate(passes):
        power, infer = one["power"], one["infer"]
        assert isinstance(power, dict)
        assert isinstance(infer, dict)
        samples, edges = power["samples"], [count for _, count in power["timestamps"]]
        log += [
            f"0725.{_clock(begun_ms)} ulp-mlperf: Loading file {one['file']} segment 0",
            f"0725.{_clock(begun_ms + 1100)} ulp-mlperf: Load complete.",
            f"Running inference with 1/{infer['iterations']} (warmup/measured) iterations ...",
            "done",
            f"Captured samples:{len(samples)} timestamps:{len(edges)}",
        ]
        begun_ms += len(samples) - (2000 if k == 0 else 0)
        if len(edges) < 2:
            continue
        elapsed = edges[-1] / 1000 - edges[-2] / 1000
        total = 0.0
        for value in samples[edges[-2] : edges[-1]]:
            total += value
        costs.append(total / infer["iterations"])
        results += [
            f"Energy data for trial {k}",
            f"  Elapsed time  : {elapsed}",
            f"  Inferences    : {infer['iterations']}",
            f"  Power         : {1e3 * total / elapsed:5.4f} mW.",
            f"  Total Energy  : {total * 1e6:.3f} uJ",
            f"  Energy/Inf    : {costs[-1] * 1e6:.3f} uJ/inf",
        ]
    results += ["-" * 57, f"Median energy cost is {1e6 * _middle(sorted(costs)):5.4f} uJ/inf.", "-" * 57]
    log += [*(text.strip() for text in results), r"Session logged in file sessions\20250725_190327\log.txt"]
    (folder / "log.txt").write_text("\r\n".join(log), "utf-8")
    (folder / "results.txt").write_text("\n".join(results) + "\n", "utf-8")
    (folder / "results.json").write_text(json.dumps(passes), "utf-8")
    return folder


def _clock(ms: float) -> str:
    seconds = int(ms) // 1000
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"

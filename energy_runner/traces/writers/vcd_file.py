# SPDX-License-Identifier: Apache-2.0
"""VCD (IEEE 1364-2005, clause 18): the edges and bands of a session as changes of one-bit signals, to the ps.

Its step is the longest up to a microsecond of which every time is a multiple. Some readers, libsigrok for one, go
through a file step by step, so that a minute in picoseconds never ends for them. A step beyond a microsecond would
say that the edges are less well known than they are.
"""

from pathlib import Path

import numpy as np

from energy_runner.traces.writers.logic import logic_signals
from energy_runner.traces.writers.model import ExportError, Options, Outgoing, Progress, Written, clean

_PS = 1e12
_LATEST_PS = 2.0**63
_STEPS = {"1 us": 10**6, "100 ns": 10**5, "10 ns": 10**4, "1 ns": 10**3, "100 ps": 100, "10 ps": 10, "1 ps": 1}
_MOST_STEPS = 10**9  # that a reader goes through one by one in bearable time
_FIRST_CODE = 33  # of the printable characters that name a signal


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file."""
    signals, remarks = logic_signals(out)
    end_ps = round(out.length * out.step_s * _PS)
    if end_ps >= _LATEST_PS:
        raise ExportError(f"{clean(out.session)}: a trace of {out.length * out.step_s:.3g} s is too long for VCD")
    codes = [chr(_FIRST_CODE + number) for number in range(len(signals))]
    times = np.concatenate([np.round(one.at * out.step_s * _PS) for one in signals]).astype(np.int64)
    which = np.concatenate([np.full(len(one.at), number) for number, one in enumerate(signals)])
    highs = np.concatenate([(np.arange(len(one.at)) % 2 == 0) ^ one.high for one in signals])
    step, step_ps = next((name, ps) for name, ps in _STEPS.items() if not (times % ps).any() and not end_ps % ps)
    remarks = [*remarks, "it holds edges and bands, and no samples"]
    if end_ps // step_ps > _MOST_STEPS:
        remarks.append(f"its step is {step}: too fine for PulseView, which goes through every step. Try: sr")
    order = np.argsort(times, kind="stable")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for note in out.notes():
            file.write(f"$comment {note.replace('$', '_')} $end\n")
        file.write(f"$timescale {step} $end\n$scope module energy_runner $end\n")
        for code, one in zip(codes, signals, strict=True):
            file.write(f"$var wire 1 {code} {one.name} $end\n")
        file.write("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n")
        file.writelines(f"{int(one.high)}{code}\n" for code, one in zip(codes, signals, strict=True))
        file.write("$end\n")
        at = 0
        for number in order.tolist():
            if times[number] != at:
                at = int(times[number])
                file.write(f"#{at // step_ps}\n")
            file.write(f"{int(highs[number])}{codes[which[number]]}\n")
        if end_ps > at:
            file.write(f"#{end_ps // step_ps}\n")
    return Written(0, remarks)

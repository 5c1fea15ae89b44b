# SPDX-License-Identifier: Apache-2.0
"""How often do the stated intervals hold under errors that the budget did not read from its own tables?

    python -m tests.support.second_study --runs 400

prints, for each monitor and each of the second model's effects alone and together, the share of scores whose
interval holds the truth. The sizes are those of the parts such an instrument is built from, as numbers written
here.
"""

import argparse
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.director.plan import RunPlan
from energy_runner.session.events import InferenceDone
from tests.support.coverage_study import Compared, Tally, short_plan, whole_plan
from tests.support.no_report import no_report
from tests.support.other_errors import ErrorModel, install, true_energies_j

NGU = str(Path(__file__).parent / "monitor_benches" / "virtual-ngu.toml")
MONITORS = {"lpm01a": "virtual-lpm01a", "n6705": "virtual-n6705c", "ngu": NGU}
Draw = Callable[[np.random.Generator], ErrorModel]


def _bell(rng: np.random.Generator, sigma: float) -> float:
    """Return a number from production's bell, whose tails the factory's test has cut off."""
    return sigma * float(np.clip(rng.standard_normal(), -2.5, 2.5))


def _shield(rng: np.random.Generator) -> ErrorModel:
    """A shunt of 1 % parts with a multiplexed 12-bit converter, and a crystal of 50 ppm class."""
    return ErrorModel(
        gain=_bell(rng, 0.006),
        offset_a=_bell(rng, 0.6e-6),
        low_pass_s=rng.uniform(5e-6, 50e-6),
        output_ohm=rng.uniform(0.02, 0.3),
        supply=_bell(rng, 0.003),
        gain_per_k=_bell(rng, 150e-6),
        offset_per_k_a=_bell(rng, 20e-9),
        warm_up_k=rng.uniform(0.0, 5.0),
        bow_a=_bell(rng, 10e-6),
        points=20,
        crystal=_bell(rng, 40e-6),
        crystal_warms=_bell(rng, 10e-6),
        crystal_wanders=_bell(rng, 5e-6),
        white_a=3e-6,
        coloured_a=0.5e-6,
    )


def _meter(rng: np.random.Generator) -> ErrorModel:
    """A source measure unit: self-calibrated, four-wire, an integrating converter, a better crystal."""
    return ErrorModel(
        gain=_bell(rng, 80e-6),
        offset_a=_bell(rng, 3e-6),
        low_pass_s=rng.uniform(2e-6, 20e-6),
        output_ohm=rng.uniform(0.01, 0.2),
        supply=_bell(rng, 100e-6),
        voltage_gain=_bell(rng, 80e-6),
        voltage_offset_v=_bell(rng, 0.4e-3),
        gain_per_k=_bell(rng, 5e-6),
        offset_per_k_a=_bell(rng, 50e-9),
        warm_up_k=rng.uniform(0.0, 4.0),
        bow_a=_bell(rng, 1e-6),
        points=20,
        crystal=_bell(rng, 12e-6),
        crystal_warms=_bell(rng, 4e-6),
        crystal_wanders=_bell(rng, 2e-6),
        white_a=4e-6,
        coloured_a=0.5e-6,
    )


MODELS: dict[str, Draw] = {"lpm01a": _shield, "n6705": _meter, "ngu": _meter}
# What each effect needs of the whole model; noise is always there.
EFFECTS: dict[str, tuple[str, ...]] = {
    "front-end low-pass": ("low_pass_s",),
    "droop of the supply": ("output_ohm", "supply"),
    "temperature drift": ("gain_per_k", "offset_per_k_a", "warm_up_k"),
    "converter: curvature and points": ("bow_a", "points"),
    "non-linear clock": ("crystal", "crystal_warms", "crystal_wanders"),
    "coloured noise": ("coloured_a",),
}
TOGETHER = "all together"
# Beyond what the budget claims; what becomes of the figure then is reported, and nothing is asked of it.
BEYOND: dict[str, Callable[[ErrorModel], ErrorModel]] = {
    "one point a sample": lambda model: replace(model, points=1),
    "low-pass of half a millisecond": lambda model: replace(model, low_pass_s=5e-4),
    "crystal off by 0.1 %": lambda model: replace(model, crystal=1e-3),
    "coloured noise ten times as large": lambda model: replace(model, coloured_a=10 * model.coloured_a),
    "output of 2 ohm": lambda model: replace(model, output_ohm=2.0),
}
# Inside every limit of the class, but all of them used up, in the direction that does most harm.
AT_THE_EDGE = "everything at the edge of its class"
EDGES: dict[str, dict[str, float]] = {
    "lpm01a": {"gain": 0.0198, "supply": -0.0098, "offset_a": 1.9e-6},
    "n6705": {"gain": 245e-6, "voltage_gain": 245e-6, "voltage_offset_v": 1.15e-3, "offset_a": 9.5e-6},
    "ngu": {"gain": 245e-6, "voltage_gain": 195e-6, "voltage_offset_v": 1.9e-3, "offset_a": 14e-6},
}
CASES = (TOGETHER, *EFFECTS, AT_THE_EDGE, *BEYOND)


def model_of(monitor: str, case: str, seed: int) -> ErrorModel:
    """Return the instrument of one run."""
    whole = MODELS[monitor](np.random.default_rng([seed, 78]))
    if case == AT_THE_EDGE:
        return replace(whole, **EDGES[monitor])
    if case in BEYOND:
        return BEYOND[case](whole)
    if case == TOGETHER:
        return whole
    kept = {name: value for name, value in asdict(whole).items() if name in (*EFFECTS[case], "white_a")}
    return ErrorModel(**kept)


def score_of(monitor: str, case: str, plan: RunPlan, seed: int) -> Compared | str:
    """Run once; return the score beside the truth, or what was found where the figure was withheld."""
    model = model_of(monitor, case, seed)
    rng = np.random.default_rng([seed, 79])
    bench = build_bench(load_bench_spec(MONITORS[monitor]), "energy", seed=seed)
    install(bench, model, seed)
    folder = Path(tempfile.mkdtemp(prefix="second-"))
    try:
        with no_report():
            head_s = 0.5 + rng.uniform(0, 5e-3)
            session = api.run(bench, replace(plan, seed=seed, head_s=head_s), out=folder / "session")
        result = session.result()
        done = list(session.journal(exchanges=False).of(InferenceDone))
    finally:
        shutil.rmtree(folder)
    score = result.energy_per_inference_j
    if score is None:
        return ", ".join(sorted({finding.id for finding in result.findings})) or "withheld"
    host = _host_error(bench, rng)
    true_j = [
        energy_j / event.inferences / (1 + host)
        for energy_j, event in zip(true_energies_j(bench, model), done, strict=True)
        if event.purpose == "window"
    ]
    return Compared(score.median, score.u, score.U, median(true_j))


def _host_error(bench: Bench, rng: np.random.Generator) -> float:
    """Return the error of the computer's crystal, which matters where its clock measures the laps."""
    in_samples = bench.edges is not None and bench.edges.timebase == "samples"
    return 0.0 if in_samples else _bell(rng, 20e-6)


def tally(found: list[Compared | str]) -> dict[str, object]:
    """Return what many runs came to."""
    figures = [one for one in found if isinstance(one, Compared)]
    withheld = [one for one in found if isinstance(one, str)]
    line: dict[str, object] = {"runs": len(found), "withheld": len(withheld)}
    if withheld:
        line["why"] = max(set(withheld), key=withheld.count)
    if len(figures) > 1:
        counted = Tally.of(figures)
        line |= {
            "coverage": round(counted.coverage, 4),
            "bias_ppm": round(counted.bias * 1e6, 1),
            "scatter_ppm": round(counted.scatter * 1e6, 1),
            "u_ppm": round(counted.u * 1e6, 1),
            "worst_of_U": round(max(abs(one.value - one.truth) / one.expanded for one in figures), 2),
        }
    return line


def main() -> None:
    """Count and print, one JSON document a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--monitor", choices=sorted(MONITORS), action="append")
    parser.add_argument("--case", choices=CASES, action="append")
    parser.add_argument("--whole", action="store_true", help="windows of ten seconds in place of a half")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(options.workers) as pool:
        plan = (whole_plan if options.whole else short_plan)(Path(folder) / "stimuli")
        for monitor in options.monitor or MONITORS:
            for case in options.case or CASES:
                work = partial(score_of, monitor, case, plan)
                found = list(pool.map(work, range(options.runs), chunksize=5))
                print(json.dumps({"monitor": monitor, "case": case} | tally(found)), flush=True)


def normalised_errors(values: list[Compared]) -> list[float]:
    """Return E_n of every pair: the difference over the root of the sum of squared U (ISO/IEC 17043, B.3.1.3)."""
    return [
        (one.value / one.truth - other.value / other.truth)
        / math.hypot(one.expanded / one.truth, other.expanded / other.truth)
        for k, one in enumerate(values)
        for other in values[k + 1 :]
    ]


if __name__ == "__main__":
    main()

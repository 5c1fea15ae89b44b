# SPDX-License-Identifier: Apache-2.0
"""The result in facts of certificates made by hand: windows, score, budget, verdicts."""

from energy_runner.session.budget import Component, Derived, Score, Stated, Uncertainty, WindowUncertainty
from energy_runner.session.evidence import StimuliStanding
from energy_runner.session.levels import LevelResult, Levels
from energy_runner.session.result import Finding, NetEnergy, Result, WindowResult
from energy_runner.session.verdict import Verdict

WINDOWS = 5
ENERGIES_J = (0.00144, 0.0014402, 0.0014398, 0.0014401, 0.0014399)
SCORE = Score(median=0.00144, u=1.9e-05, U=3.4e-05, k=1.834, probability=0.95, complete=True)


def sha(number: int) -> str:
    return f"{number:064x}"


def stated(value_j: float) -> Stated:
    value = f"{value_j * 1e6:.0f}"
    return Stated(value=value, u="19", U="34", unit="µJ", text=f"({value} ± 34) µJ per inference, k = 1.83")


def components() -> list[Component]:
    return [
        Component(
            name="gain of the energy measurement",
            relative=0.0115,
            value_j=1.66e-05,
            source="data sheet",
            limit=0.02,
            divisor=3**0.5,
            u=0.0115,
            sensitivity=0.00144,
        ),
        Component(
            name="offset of the power measurement",
            relative=1e-4,
            value_j=1.65e-07,
            source="assumption",
            unit="W",
            limit=6.6e-06,
            divisor=3**0.5,
            u=3.8e-06,
            sensitivity=0.0434,
        ),
        Component(
            name="latency of the edge capture",
            relative=1e-6,
            value_j=2.5e-09,
            source="assumption",
            unit="sample",
            limit=1.0,
            divisor=3**0.5,
            u=0.577,
            sensitivity=4.3e-09,
            dof=4.0,
            kind="A",
            correlated=False,
        ),
    ]


def window(index: int, energy_j: float) -> WindowResult:
    start_s = 6.0 + 15.0 * index
    return WindowResult(
        index=index,
        stimulus=index,
        file=f"s{index}.bin",
        start_s=start_s,
        stop_s=start_s + 10.28,
        duration_s=10.28,
        inferences=237,
        energy_j=energy_j * 237,
        energy_per_inference_j=energy_j,
        mean_power_w=0.0332,
        throughput_per_s=23.05,
        samples_expected=10281,
        samples_received=10280,
        samples_missing=1,
        samples_missing_known=False,
        samples_over_range=0,
        uncertainty=WindowUncertainty(
            u=1.9e-05, U=3.4e-05, k=1.834, complete=True, stated=stated(energy_j), components=components()
        ),
    )


def result(*, virtual: bool = False) -> Result:
    level = LevelResult(power_w=0.018, u_w=5e-7, total_s=1.5, places=2, start_s=75.0, duration_s=1.0)
    return Result(
        benchmark="kws01",
        mode="energy",
        virtual=virtual,
        valid=True,
        outcome="completed",
        energy_per_inference_j=SCORE.model_copy(update={"stated": stated(SCORE.median)}),
        throughput_per_s=23.05,
        throughput=Derived(value=23.05, u=0.003, U=0.005, k=1.737, unit="1/s"),
        energy_delay_product=Derived(value=6.2e-05, u=8e-07, U=1.5e-06, k=1.83, unit="J·s"),
        windows=[window(index, energy_j) for index, energy_j in enumerate(ENERGIES_J)],
        levels=Levels(idle=level, searched="by the bytes exchanged"),
        net_energy_per_inference_j=NetEnergy(value_j=6.6e-4, u_j=2.6e-5, U_j=5.2e-5, k=1.96, idle_w=0.018),
        uncertainty=Uncertainty(components=components(), notes=["a note"], method=["linear propagation"]),
        findings=[Finding(id="late-edge", detail="an edge came 1 ms late", window=0)],
        rule_set="mlperf-tiny-1.4",
        verdicts=[
            Verdict(
                id="window-length",
                passed=True,
                measured="10.28 s",
                limit="at least 10 s",
                clause="rules, 2.1",
                value=10.28,
                u=1e-4,
                unit="s",
                low=10.0,
                text="Each window lasts long enough: passed; found 10.28 s.",
                rule_set="mlperf-tiny-1.4",
            ),
            Verdict(
                id="probe-off", passed=False, known=False, binding=False, measured=None, limit=None, clause="2.2"
            ),
        ],
        sha256=sha(9),
    )


def standing() -> StimuliStanding:
    return StimuliStanding(
        status="official",
        detail="all are the benchmark's own",
        label_file="official",
        official=5,
        demonstration=0,
        unofficial=0,
        unknown=0,
    )

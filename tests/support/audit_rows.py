# SPDX-License-Identifier: Apache-2.0
"""Rows of audits made by hand: every state, every kind of finding, hostile names, as many as the whole record."""

import math
from typing import Any

from energy_runner.published.row import AuditFinding, AuditRow, AuditWindow, Curve, Evidence

HOSTILE = 'x\x1b[2J\a\u202e\n[bold red]\x9b31m</script><b onload="alert(1)">|`*_=1+1&amp;\udcff'
UNITS = {"energy": "uJ/inf.", "performance": "inf./sec.", "accuracy": "%"}
RULES = "MLPerf Tiny 1.2, 5.1"
SLOW = AuditFinding(
    id="throughput-by-host-clock",
    severity="wrong",
    state="does-not-reproduce",
    text="Published throughput is 50 % too high: 6.465 inf./sec. where the host's clock gives 4.32 inf./sec.",
    measured=4.32,
    limit=6.465,
    clause=RULES,
    evidence=[
        Evidence(file="performance/log.txt", line=412, time="00156.544", text="dut: m-lap-us-30941512"),
        Evidence(
            file="performance/results.txt", line=7, time="00156.583", text="Median throughput is 6.465 inf./sec."
        ),
    ],
)
FOLLOWS = AuditFinding(
    id="window-too-short",
    severity="wrong",
    state="breaks-a-rule",
    text="By the host's clock 3 windows are shorter than 10 s; the shortest takes 6.68 s.",
    measured=6.68,
    limit=10.0,
    clause=RULES,
    evidence=[Evidence(file="performance/log.txt", line=430)],
    because_of="throughput-by-host-clock",
)
FEW = AuditFinding(
    id="five-windows",
    severity="wrong",
    state="breaks-a-rule",
    text="4 windows were published where 5 are required.",
    measured=4.0,
    limit=5.0,
    clause=RULES,
    evidence=[Evidence(file="energy/results.txt", line=2, time="00156.544", text="Energy data for window 2")],
)
COPY = AuditFinding(
    id="identical-session",
    severity="doubtful",
    state="doubtful",
    text="The trace is bit for bit that of v1.0/closed/Acme/results/board_b/kws/energy.",
    evidence=[Evidence(file="energy/trace1-energy.bin")],
)
ABSENT = AuditFinding(
    id="evidence-absent",
    severity="informs",
    state="cannot-be-judged",
    text="Of 1000 files that were tested the log holds 24: the accuracy cannot be recomputed.",
    measured=24.0,
    limit=1000.0,
    evidence=[Evidence(file="accuracy/log.txt", line=1)],
)
SPREAD = AuditFinding(
    id="spread",
    severity="informs",
    text="The windows differ by 0.84 %, more than the 0.5 % that are usual; a rule of ours, not of the round.",
    measured="0.84 %",
    limit="0.5 %",
    clause="house rule",
)
ALL_FINDINGS = (SLOW, FOLLOWS, FEW, COPY, ABSENT, SPREAD)


def curve(columns: int = 600) -> Curve:
    """A trace of five windows, with a gap."""
    high = [0.022 + 0.020 * (i % 120 > 40) + 0.002 * math.sin(i * 1.7) for i in range(columns)]
    gap = range(columns // 2, columns // 2 + 4)
    return Curve(
        step_s=0.1,
        low_w=[None if i in gap else value * 0.93 for i, value in enumerate(high)],
        high_w=[None if i in gap else value for i, value in enumerate(high)],
    )


def windows(figure: float, u: float | None, count: int = 5) -> list[AuditWindow]:
    """The windows of a session; the third was placed by the others."""
    return [
        AuditWindow(
            number=k + 1,
            published=figure * (1 + k * 1e-3),
            reproduced=figure * (1 + k * 1e-3),
            ours=figure * (1 + k * 1.01e-3),
            ours_u=u,
            start_s=12.0 * k + 4.1,
            stop_s=12.0 * k + 11.9,
            placed_by="the duration of the others" if k == 2 else "",
        )
        for k in range(count)
    ]


def row(**changes: Any) -> AuditRow:
    """An energy session that holds, changed."""
    told: dict[str, Any] = {
        "round": "v1.2",
        "division": "closed",
        "submitter": "STMicroelectronics",
        "system": "NUCLEO_U575ZI_Q",
        "benchmark": "kws01",
        "mode": "energy",
        "runner": "EEMBC EnergyRunner",
        "state": "holds",
        "figures": 47,
        "figures_reproduced": 47,
        "rule_set": "mlperf-tiny-1.2",
        "basis": "edges as recorded",
    } | changes
    told.setdefault("unit", UNITS[told["mode"]])
    path = (told["round"], told["division"], told["submitter"], "results", told["system"], told["benchmark"])
    told.setdefault("session", "/".join((*path, told["mode"])))
    return AuditRow(**told)


def one_of_each() -> list[AuditRow]:
    """A row of each state, and one more of an open division."""
    energy = {"published": 656.163, "reproduced": 656.163, "ours": 656.2045, "ours_u": 15.54}
    return [
        row(**energy, windows=windows(656.163, 15.5), curve=curve(), findings=[SPREAD]),
        row(
            submitter="Acme",
            system="board_a_with_a_very_long_name_of_the_npu_variant_2",
            benchmark="ic01",
            mode="performance",
            published=6.465,
            reproduced=6.465,
            ours=6.46512,
            corrected=4.32,
            corrected_u=0.021,
            corrected_how="the laps put on the host's clock inside each window",
            state="does-not-reproduce",
            findings=[SLOW, FOLLOWS, SPREAD],
        ),
        row(
            round="v0.7",
            submitter="hls4ml-finn",
            system="pynq-z2",
            benchmark="ad01",
            published=30.667,
            reproduced=30.667,
            ours=30.6697,
            ours_u=0.191,
            windows=windows(30.667, 0.19, 4),
            state="breaks-a-rule",
            findings=[FEW],
        ),
        row(
            round="v1.1",
            submitter="Acme",
            system="board_b",
            published=12298.289,
            reproduced=12298.289,
            ours=12298.33,
            ours_u=291.6,
            curve=curve(),
            state="doubtful",
            findings=[COPY, SPREAD],
        ),
        row(
            submitter="Acme",
            system="board_a",
            mode="accuracy",
            published=90.2,
            state="cannot-be-judged",
            figures=3,
            figures_reproduced=0,
            findings=[ABSENT],
        ),
        row(round="v1.3", division="open", system="NUCLEO_U385RG_Q", mode="accuracy", published=90.2, ours=90.1),
    ]


def whole_record(count: int = 838) -> list[AuditRow]:
    """As many rows as the whole published record has, by multiplication: 24 submitters, 7 rounds."""
    rounds = ("v0.5", "v0.7", "v1.0", "v1.1", "v1.2", "v1.3", "v1.4")
    firms = (
        "STMicroelectronics",
        "Acme",
        "greenwaves-technologies",
        "syntiant",
        "Plumerai",
        "Bosch",
        "Renesas",
        "NXP",
    )
    made, base = [], one_of_each()
    for k in range(count):
        like = base[(0, 0, 1, 0, 2, 3, 0, 4, 0, 5)[k % 10]]
        firm = firms[k // 7 % 8] + ("", "_research", "_labs")[k // 56 % 3]
        changes = {"round": rounds[k % 7], "submitter": firm, "system": f"board_{k // 168}_{k % 5}"}
        place = (
            changes["round"],
            like.division,
            firm,
            "results",
            changes["system"],
            like.benchmark,
            like.mode,
            str(k),
        )
        made.append(like.model_copy(update={**changes, "session": "/".join(place)}))
    return made


def hostile() -> AuditRow:
    """A row whose every text is hostile, and whose figures are no numbers."""
    evidence = Evidence(file=HOSTILE, line=1, time=HOSTILE, text=HOSTILE)
    finding = AuditFinding(
        id=HOSTILE,
        severity="wrong",
        state="does-not-reproduce",
        text=HOSTILE,
        measured=HOSTILE,
        limit=float("nan"),
        clause=HOSTILE,
        evidence=[evidence],
        because_of=None,
    )
    names = ("session", "root", "round", "division", "submitter", "system", "benchmark", "mode", "runner", "unit")
    texts = dict.fromkeys((*names, "corrected_how", "rule_set", "basis"), HOSTILE)
    return AuditRow(
        **texts,  # type: ignore[arg-type]
        published=float("nan"),
        reproduced=float("inf"),
        ours=1e300,
        ours_u=float("inf"),
        corrected=-0.0,
        state="does-not-reproduce",
        findings=[finding],
        windows=[
            AuditWindow(number=1, published=float("nan"), start_s=float("inf"), stop_s=-1.0, placed_by=HOSTILE)
        ],
        curve=Curve(step_s=float("nan"), low_w=[float("nan"), None], high_w=[float("inf")]),
    )

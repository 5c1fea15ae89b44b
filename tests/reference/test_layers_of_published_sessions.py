# SPDX-License-Identifier: Apache-2.0
"""Layers of published sessions, imported: windows, inferences and commands of real boards in their traces."""

import json
from pathlib import Path

import pytest

from energy_runner.published.importing import import_session
from energy_runner.viewer.layers import layers
from energy_runner.viewer.meta import meta

SESSIONS = (
    "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/kws/energy",
    "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/kws/accuracy",
    "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/ic/performance",
    "v1.0/closed/syntiant/results/syntiant_9120_0v9_30mhz/kws/energy",
)


@pytest.mark.parametrize("name", SESSIONS)
def test_what_was_published_is_shown_in_its_own_time(reference: Path, tmp_path: Path, name: str) -> None:
    path = reference / "sessions" / name
    if not path.is_dir():
        pytest.skip(f"{name} is not among the sessions")
    session = import_session(path, tmp_path / "s")
    own = layers(session)
    head = meta(session, layers=own)
    shown = {row["name"]: own.items(row["name"]) for row in own.table()}
    json.dumps([head, shown], allow_nan=False)
    assert "imported session" in own.family("uart").why_not
    mode = session.record.run.mode
    assert shown["windows"]["total"] == (0 if mode == "accuracy" else 5)
    assert shown["commands"]["total"] > 5
    if mode != "energy":
        return
    sent = [
        item
        for item in shown["commands"]["items"]
        if item["label"].startswith("infer ") and "window" in item["text"]
    ]
    done = [item for item in shown["commands"]["items"] if item["label"] == "done" and "window" in item["text"]]
    for window, command, answer in zip(shown["windows"]["items"], sent, done, strict=True):
        assert command["at_s"] - command["u_s"] < window["start_s"]
        assert answer["at_s"] + answer["u_s"] > window["stop_s"]
    inside = sum(one["inferences"] for one in head["windows"])
    assert shown["inferences"]["total"] == inside

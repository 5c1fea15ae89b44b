# SPDX-License-Identifier: Apache-2.0
"""Lines of the links, put together however their bytes were split."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.session.journal import exchange
from energy_runner.viewer.layers import layers
from energy_runner.viewer.plain_text import LONGEST
from tests.support.synthetic import host_ns, make_run

TALK = [
    ("io-manager", "tx", b"dut infer 100 1%"),
    ("io-manager", "rx", b"m-dut-passthrough(infer 100 1)\r\nm-ready\r\n[dut]: e-[no input]\r\n"),
    ("monitor", "tx", b"volt get\n"),
    ("monitor", "rx", b"\0PowerShield > ack volt get 2973-03\r\n\0"),
]


def shown(folder, talk):
    run = make_run(windows=1)
    for number, (box, way, data) in enumerate(talk):
        run.insert(exchange(host_ns(3.0 + number / 1000), box, way, data))
    return layers(run.write(folder))


def test_lines_go_both_ways_and_faults_are_conspicuous(tmp_path):
    own = shown(tmp_path / "s", TALK)
    items = own.items("uart")["items"]
    assert [item["text"] for item in items] == [
        "to io-manager: dut infer 100 1",
        "from io-manager: m-dut-passthrough(infer 100 1)",
        "from io-manager: m-ready",
        "from io-manager: [dut]: e-[no input]",
    ]
    assert [item["class"] for item in items] == ["", "", "", "warn"]
    commands = [item["text"] for item in own.items("commands")["items"]]
    assert "to monitor: volt get" in commands
    assert "to the DUT: infer 100 1 (window 1)" in commands
    assert not any("dut infer" in text for text in commands)


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 60), max_size=6))
def test_where_the_bytes_were_split_changes_no_line(tmp_path_factory, cuts):
    data = TALK[1][2]
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    parts = [("io-manager", "rx", data[a:b]) for a, b in pairwise(ends)]
    items = shown(tmp_path_factory.mktemp("s") / "s", parts).items("uart")["items"]
    assert [item["label"] for item in items] == [
        "m-dut-passthrough(infer 100 1)",
        "m-ready",
        "[dut]: e-[no input]",
    ]


def test_a_line_has_the_time_at_which_it_was_whole(tmp_path):
    own = shown(tmp_path / "s", [("dut", "rx", b"m-re"), ("dut", "rx", b"ady\r\n")])
    (item,) = own.items("uart")["items"]
    assert abs(item["at_s"] - 3.001) <= item["u_s"]


def test_hostile_bytes_are_cut_and_cannot_act(tmp_path):
    evil = [
        ("dut", "rx", b"<script>alert(1)</script>\x1b[2J\r\n"),
        ("dut", "rx", b"x" * 1_000_000),
        ("dut", "rx", b"y" * 1_000_000 + b"\n"),
        ("dut", "rx", bytes(range(256)) * 4 + b"\n"),
        ("dut", "rx", "\u202eabc".encode() + b"\n"),
        ("dut", "rx", b"never finished"),
        ("<b>" * 1000, "tx", b"hello\n"),
    ]
    own = shown(tmp_path / "s", evil)
    items = own.items("uart")["items"] + own.items("commands")["items"]
    assert all(len(item["text"]) <= LONGEST and item["text"].isprintable() for item in items)
    texts = [item["text"] for item in own.items("uart")["items"]]
    assert texts[0] == "from dut: <script>alert(1)</script>\\x1b[2J", "as text, which a page shows as text"
    assert any(text.startswith("from dut: xxx") for text in texts)
    assert any("bytes that are no text" in text for text in texts)
    assert texts[-1] == "from dut: never finished (unfinished)"


def test_bytes_that_are_no_base64_are_a_problem_and_the_rest_is_shown(tmp_path):
    run = make_run(windows=1)
    broken = exchange(host_ns(3.0), "dut", "rx", b"\xff").model_copy(update={"base64": "no!"})
    run.insert(broken).insert(exchange(host_ns(4.0), "dut", "rx", b"m-ready\r\n"))
    own = layers(run.write(tmp_path / "s"))
    assert [item["label"] for item in own.items("uart")["items"]] == ["m-ready"]
    assert any("base64" in problem and "Try: " in problem for problem in own.problems)


def test_a_session_without_bytes_says_so(tmp_path):
    own = layers(make_run(windows=1).write(tmp_path / "s"))
    assert own.items("uart")["total"] == 0
    assert own.family("uart").why_not == "the journal holds no line of the DUT"

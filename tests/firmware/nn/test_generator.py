# SPDX-License-Identifier: Apache-2.0
"""What the generator of C refuses, and how it says so: one clear error, never a hang."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dut_firmware.nn.generate import tflite_to_c
from dut_firmware.nn.generate.arena import Buffer, lower_bound, plan_arena
from dut_firmware.nn.generate.emit import source_text
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.program import build_program
from dut_firmware.nn.generate.schema import parse_model
from tests.firmware.nn.test_kernels import CASES, softmax_model
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor


def whole(data):
    return source_text(build_program("model", parse_model(data)))


def good(case="add-plain"):
    make, *arguments = CASES[case]
    return make(*arguments)[0]


def changed(case, change):
    model = good(case)
    change(model)
    return model.bytes()


def test_unsupported_operator_names_layer_and_operator():
    tensors = [SmallTensor((1, 4, 4, 1)), SmallTensor((1, 4, 4, 1))]
    data = SmallModel(tensors, [SmallOperator("MAX_POOL_2D", (0,), (1,))]).bytes()
    with pytest.raises(UnusableModel, match=r"layer 0 \(MAX_POOL_2D\) is an operator without a kernel here"):
        whole(data)


REFUSALS = {
    "float input": (
        "connected-plain",
        lambda m: setattr(m.tensors[0], "kind", 0),
        r"layer 0 .*type float32; int8",
    ),
    "dilation": (
        "conv-valid-relu6",
        lambda m: m.operators[0].options.update({4: ("i", 2)}),
        "layer 0 .*dilated by 1 and 2",
    ),
    "activation": (
        "conv-valid-relu6",
        lambda m: m.operators[0].options.update({3: ("b", 4)}),
        "fused activation 4",
    ),
    "stride 0": ("pool-same", lambda m: m.operators[0].options.update({1: ("i", 0)}), "strides 2 and 0"),
    "wrong output": ("pool-same", lambda m: setattr(m.tensors[1], "shape", (1, 9, 9, 3)), "output of 9 x 9"),
    "nan scale": ("pool-same", lambda m: setattr(m.tensors[0], "scale", float("nan")), "one positive scale"),
    "zero point": ("pool-same", lambda m: setattr(m.tensors[0], "zero_point", 200), "zero point of 200"),
    "weights missing": ("connected-plain", lambda m: setattr(m.tensors[1], "data", None), "holds 0 B"),
    "two inputs": ("connected-plain", lambda m: setattr(m, "inputs", (0, 3)), "one input; this one has 2"),
    "no such tensor": (
        "connected-plain",
        lambda m: setattr(m.operators[0], "inputs", (0, 99, 2)),
        "a tensor that is not there",
    ),
    "read before written": (
        "add-plain",
        lambda m: m.operators.reverse(),
        "layer 0 .ADD. reads tensor 3, which no earlier",
    ),
    "writes its input": ("connected-plain", lambda m: setattr(m, "inputs", (3,)), "reads tensor 0"),
    "shape": ("reshape", lambda m: setattr(m.tensors[1], "shape", (1, 13)), "another number of elements"),
    "negative shape": ("reshape", lambda m: setattr(m.tensors[0], "shape", (1, -1, 3, 2)), "fixed and positive"),
    "huge shape": ("reshape", lambda m: setattr(m.tensors[0], "shape", (2**31 - 1,) * 8), "fixed and positive"),
    "overflow": (
        "connected-plain",
        lambda m: setattr(m.tensors[2], "data", np.full(11, 2**31 - 1, np.int32)),
        "could overflow 32 bits in channel 0",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_say_what_and_where(name):
    case, change, pattern = REFUSALS[name]
    with pytest.raises(UnusableModel, match=pattern):
        whole(changed(case, change))


def test_shared_weights_are_refused_before_they_multiply():
    tensors = [SmallTensor((1, 64)), SmallTensor((64, 64), 0.01, 0, np.ones((64, 64), np.int8))]
    tensors += [SmallTensor((1, 64)) for _ in range(50)]
    layers = [
        SmallOperator("FULLY_CONNECTED", (n + 1 if n else 0, 1, -1), (n + 2,), {0: ("b", 0)}) for n in range(50)
    ]
    with pytest.raises(UnusableModel, match="shares its weights with an earlier layer"):
        whole(SmallModel(tensors, layers).bytes())


def test_softmax_limits():
    for scale, beta, classes in ((1e-9, 1.0, 3), (1.0, 0.0, 3), (1.0, 100.0, 3), (0.1, 1.0, 4096)):
        with pytest.raises(UnusableModel, match=r"layer 0 \(SOFTMAX\)"):
            whole(softmax_model(scale, beta, classes).bytes())


def test_every_truncation_is_one_error():
    data = good().bytes()
    for size in range(len(data)):
        with pytest.raises(UnusableModel):
            whole(data[:size])


SMALL = {case: good(case).bytes() for case in ("add-plain", "conv-valid-relu6", "pool-same")}


@settings(max_examples=400)
@given(
    case=st.sampled_from(sorted(SMALL)),
    edits=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)) | st.integers(0, 255)),
        max_size=6,
    ),
)
def test_damaged_bytes_give_a_model_or_one_error(case, edits):
    data = bytearray(SMALL[case])
    for position, value in edits:
        data[position % len(data)] = value
    try:
        text = whole(bytes(data))
    except UnusableModel:
        return
    assert "er_network_invoke" in text


@given(st.binary(max_size=200), st.booleans())
def test_arbitrary_bytes_are_refused(data, with_mark):
    if with_mark:
        data = data[:4].ljust(4, b"\0") + b"TFL3" + data[4:]
    with pytest.raises(UnusableModel):
        whole(data)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_arena_never_overlaps_what_lives_together(items):
    buffers = [Buffer(key, size, min(a, b), max(a, b)) for key, (size, a, b) in enumerate(items)]
    plan = plan_arena(buffers)
    assert plan.size >= lower_bound(buffers)
    for one in buffers:
        assert plan.offsets[one.key] % 4 == 0
        assert plan.offsets[one.key] + one.size <= plan.size
        for other in buffers:
            if one.key < other.key and one.meets(other):
                first, second = sorted((one, other), key=lambda b: plan.offsets[b.key])
                assert plan.offsets[first.key] + first.size <= plan.offsets[second.key]


def test_too_big_says_by_how_much(tmp_path, capsys):
    model = tmp_path / "m.tflite"
    model.write_bytes(good("connected-plain").bytes())
    out = tmp_path / "out"
    assert tflite_to_c.main([str(model), "--out", str(out)]) == 0
    assert "1 layers, 407 MACs" in capsys.readouterr().out
    program = build_program("m", parse_model(model.read_bytes()))
    limits = ["--flash", str(program.flash_bytes - 7), "--ram", str(program.ram_bytes - 5)]
    assert tflite_to_c.main([str(model), "--out", str(tmp_path / "none"), *limits]) == 2
    message = capsys.readouterr().err
    assert f"{program.flash_bytes} bytes of flash, 7 more than" in message
    assert f"{program.ram_bytes} bytes of RAM, 5 more than" in message
    assert not (tmp_path / "none").exists()


def test_command_line_names_a_missing_file(tmp_path):
    command = [sys.executable, "-m", "dut_firmware.nn.generate.tflite_to_c", "no.tflite", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no.tflite" in done.stderr
    assert "Traceback" not in done.stderr

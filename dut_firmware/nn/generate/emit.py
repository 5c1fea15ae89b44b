# SPDX-License-Identifier: Apache-2.0
"""Write a planned model as C text."""

import textwrap
from collections.abc import Iterator
from typing import Any

from dut_firmware.nn.generate.benchmarks import Benchmark
from dut_firmware.nn.generate.layers import Constant, Layer
from dut_firmware.nn.generate.program import Program

_WIDTH = 118


def header_text(program: Program, benchmark: Benchmark | None = None) -> str:
    """Return er_network.h: sizes and quantization as macros, three functions, and how a benchmark uses them."""
    model = program.model
    source, output = model.tensors[model.input], model.tensors[model.output]
    values: dict[str, int | str] = {
        "LAYERS": len(program.layers),
        "MACS": program.macs,
        "ARENA_BYTES": program.ram_bytes,
        "FLASH_BYTES": program.flash_bytes,
        "INPUT_BYTES": source.count,
        "INPUT_SCALE": _float(source.scales[0]),
        "INPUT_ZERO_POINT": int(source.zero_points[0]),
        "OUTPUT_BYTES": output.count,
        "OUTPUT_SCALE": _float(output.scales[0]),
        "OUTPUT_ZERO_POINT": int(output.zero_points[0]),
    }
    lines = [
        f"/* {program.name}: made by tflite_to_c.py; change the model, not this file. */",
        "#ifndef ER_NETWORK_H",
        "#define ER_NETWORK_H",
        "",
        "#include <stdint.h>",
        "",
        f'#define ER_NETWORK_NAME "{program.name}"',
        *(f"#define ER_NETWORK_{name} {_braced(value)}" for name, value in values.items()),
        *_benchmark_macros(benchmark),
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        "/* ER_NETWORK_INPUT_BYTES to fill; they keep their values through any number of inferences. */",
        "int8_t *er_network_input(void);",
        "void er_network_invoke(void);",
        "/* ER_NETWORK_OUTPUT_BYTES, valid until the next er_network_invoke(). */",
        "const int8_t *er_network_output(void);",
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def source_text(program: Program) -> str:
    """Return er_network.c: constants, one table per layer, the arena and er_network_invoke()."""
    lines = [
        f"/* {program.name}: made by tflite_to_c.py; change the model, not this file. */",
        '#include "er_network.h"',
        "",
        "#include <stddef.h>",
        "",
        '#include "er_nn.h"',
        "",
    ]
    for constant in program.constants():
        lines += _array(constant)
    for layer in program.layers:
        if layer.parameters:
            lines += [f"static const er_{layer.kernel}_t layer_{layer.index} = {{"]
            lines += [f"    .{name} = {_value(value)}," for name, value in layer.parameters.items()]
            lines += ["};", ""]
    lines += [
        f"static _Alignas(int32_t) int8_t arena[{program.ram_bytes}];",
        "",
        *_accessor("int8_t *er_network_input(void)", program.offset(program.model.input)),
        *_accessor("const int8_t *er_network_output(void)", program.offset(program.model.output)),
        "void er_network_invoke(void)",
        "{",
        *(line for layer in program.layers for line in _call(program, layer)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _benchmark_macros(benchmark: Benchmark | None) -> list[str]:
    if benchmark is None:
        return []
    return [
        "",
        f'#define ER_NETWORK_BENCHMARK "{benchmark.id}"',
        f"#define ER_NETWORK_STIMULUS_BYTES {benchmark.stimulus_bytes}",
        f"#define ER_NETWORK_RESULT_COUNT {benchmark.result_count}",
        f"#define ER_NETWORK_LOAD {benchmark.load}",
        f"#define ER_NETWORK_RESULTS {benchmark.results}",
    ]


def _call(program: Program, layer: Layer) -> Iterator[str]:
    yield f"    er_profile_layer({layer.index}, ER_{layer.kernel.upper()}, UINT32_C({layer.operations}));"
    first = f"&layer_{layer.index}" if layer.parameters else str(program.model.tensors[layer.output].count)
    places = [f"arena + {program.offset(tensor)}" for tensor in (*layer.inputs, layer.output)]
    yield f"    er_{layer.kernel}({', '.join([first, *places])});"


def _accessor(prototype: str, offset: int) -> list[str]:
    return [prototype, "{", f"    return arena + {offset};", "}", ""]


def _array(constant: Constant) -> list[str]:
    values = constant.values.reshape(-1).tolist()
    text = ", ".join(_integer(value) for value in values)
    body = textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
    return [f"static const {constant.c_type} {constant.name}[{len(values)}] = {{", *body, "};", ""]


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, Constant):
        return value.name
    if isinstance(value, dict):
        return "{" + ", ".join(f".{name} = {_value(item)}" for name, item in value.items()) + "}"
    return _integer(int(value))


def _integer(value: int) -> str:
    # -2147483648 is an expression of two tokens in C, and its constant does not fit an int32.
    return "INT32_MIN" if value == -(1 << 31) else str(value)


def _braced(value: int | str) -> str:
    text = str(value)
    return f"({text})" if text.startswith("-") else text


def _float(value: Any) -> str:
    return f"{float(value):.9e}f"

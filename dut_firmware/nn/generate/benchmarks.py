# SPDX-License-Identifier: Apache-2.0
"""How each benchmark's stimulus becomes the network's input, and its output the results: one row each.

Sources: MLPerf Tiny v1.3, data formats of the benchmarks (sizes, types); C. Banbury et al., "MLPerf Tiny
Benchmark", arXiv:2106.07597 (ad01 is judged by the error of reconstruction). sww01 hears audio in the official
benchmark; here it takes the 30 x 40 int8 features that its network takes, since there is no audio front end. The
demo benchmarks are this project's own.
"""

from dataclasses import dataclass

from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.schema import Model


@dataclass(frozen=True)
class Benchmark:
    """What a benchmark sends and hears.

    `load` and `results` are functions of nn/er_stimulus.h; `bytes_per_value` is the size of one
    value of a stimulus, and `values` and `outputs` are the sizes of the network's tensors.
    """

    id: str
    values: int
    outputs: int
    bytes_per_value: int
    load: str
    results: str

    @property
    def stimulus_bytes(self) -> int:
        """The bytes that `db` loads for one inference."""
        return self.values * self.bytes_per_value

    @property
    def result_count(self) -> int:
        """How many numbers stand in `m-results-[...]`."""
        return self.outputs if self.results == "er_dequantized" else 1


_ROWS = (
    Benchmark("ad01", 640, 640, 4, "er_load_float32", "er_reconstruction_error"),
    Benchmark("demo-figure", 96 * 96 * 3, 2, 1, "er_load_uint8", "er_dequantized"),
    Benchmark("demo-keywords", 49 * 10, 12, 1, "er_load_int8", "er_dequantized"),
    Benchmark("demo-machine", 640, 640, 4, "er_load_float32", "er_reconstruction_error"),
    Benchmark("demo-shapes", 32 * 32 * 3, 10, 1, "er_load_uint8", "er_dequantized"),
    Benchmark("ic01", 32 * 32 * 3, 10, 1, "er_load_uint8", "er_dequantized"),
    Benchmark("ic02", 32 * 32 * 3, 10, 1, "er_load_uint8", "er_dequantized"),
    Benchmark("kws01", 49 * 10, 12, 1, "er_load_int8", "er_dequantized"),
    Benchmark("sww01", 30 * 40, 3, 1, "er_load_int8", "er_dequantized"),
    Benchmark("vww01", 96 * 96 * 3, 2, 1, "er_load_uint8", "er_dequantized"),
)
BENCHMARKS = {row.id: row for row in _ROWS}


def benchmark_for(name: str, model: Model) -> Benchmark:
    """Return the benchmark; raise UnusableModel where it is not known or the model is not made for it."""
    benchmark = BENCHMARKS.get(name)
    if benchmark is None:
        raise UnusableModel(f"there is no benchmark {name!r}; known: {', '.join(BENCHMARKS)}")
    source, output = model.tensors[model.input], model.tensors[model.output]
    for what, tensor, wanted in (("input", source, benchmark.values), ("output", output, benchmark.outputs)):
        if tensor.count != wanted:
            raise UnusableModel(
                f"its {what} has {tensor.count} values, but that of {name} has {wanted}; give the model of {name}"
            )
    if benchmark.load == "er_load_uint8" and int(source.zero_points[0]) != -128:
        raise UnusableModel(
            f"its input has the zero point {int(source.zero_points[0])}, but {name} has pixels, moved by -128"
        )
    return benchmark

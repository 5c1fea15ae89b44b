# SPDX-License-Identifier: Apache-2.0
"""Build a generated model with the host's compiler and call it."""

import atexit
import ctypes
import functools
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from dut_firmware.nn.generate.tflite_to_c import generate
from tests.support.places import ROOT

NN = ROOT / "dut_firmware" / "nn"
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SANITIZE = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
PORT = """#include "er_nn.h"
uint32_t calls, macs[1000];
int kinds[1000];
void er_profile_layer(uint16_t index, er_kind_t kind, uint32_t count)
{
    calls = index + 1u;
    kinds[index] = (int)kind;
    macs[index] = count;
}
"""


def compile_with_gcc(*arguments: object) -> None:
    subprocess.run(["gcc", *FLAGS, "-fPIC", f"-I{NN}", *map(str, arguments)], check=True, timeout=60)


@functools.cache
def kernels(*flags: str) -> tuple[Path, ...]:
    """The kernels as objects, compiled once for all models of a test process."""
    folder = tempfile.TemporaryDirectory(prefix="nn-kernels-")
    atexit.register(folder.cleanup)
    objects = []
    for source in sorted(set(NN.glob("*.c")) - {NN / "er_nn_model.c"}):
        objects.append(Path(folder.name) / f"{source.stem}.o")
        compile_with_gcc(*flags, "-c", source, "-o", objects[-1])
    return tuple(objects)


class BuiltModel:
    """A model in a shared library of its own; `run` infers once."""

    def __init__(self, data: bytes, folder: Path, *flags: str) -> None:
        self.program = generate(data, "small", folder)
        (folder / "port.c").write_text(PORT)
        library = folder / "model.so"
        sources = (folder / "er_network.c", folder / "port.c")
        compile_with_gcc(*flags, "-shared", f"-I{folder}", *sources, *kernels(*flags), "-o", library)
        self.library = ctypes.CDLL(str(library))
        self.library.er_network_input.restype = ctypes.c_void_p
        self.library.er_network_output.restype = ctypes.c_void_p
        self.input = self.program.model.tensors[self.program.model.input]
        self.output = self.program.model.tensors[self.program.model.output]

    def load(self, values: np.ndarray) -> None:
        assert values.dtype == np.int8
        assert values.size == self.input.count
        ctypes.memmove(self.library.er_network_input(), values.tobytes(), values.size)

    def invoke(self) -> np.ndarray:
        self.library.er_network_invoke()
        return np.frombuffer(ctypes.string_at(self.library.er_network_output(), self.output.count), np.int8)

    def run(self, values: np.ndarray) -> np.ndarray:
        self.load(values)
        return self.invoke()

    def profile(self) -> list[tuple[int, int]]:
        """Kind and count of each layer, in order, as the last inference reported them."""
        calls = ctypes.c_uint32.in_dll(self.library, "calls").value
        kinds = (ctypes.c_int * 1000).in_dll(self.library, "kinds")
        macs = (ctypes.c_uint32 * 1000).in_dll(self.library, "macs")
        return list(zip(kinds[:calls], macs[:calls], strict=True))


def random_inputs(seed: int, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """Uniform noise, random walks and extremes in turn: they reach different parts of a network."""
    generator = np.random.default_rng(seed)
    size = int(np.prod(shape))
    makers = (
        lambda: generator.integers(-128, 128, size),
        lambda: np.clip(np.cumsum(generator.integers(-9, 10, size)) + generator.integers(-128, 128), -128, 127),
        lambda: np.where(generator.random(size) < generator.random(), -128, 127),
    )
    return [makers[n % 3]().astype(np.int8).reshape(shape) for n in range(count)]

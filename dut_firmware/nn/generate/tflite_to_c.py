# SPDX-License-Identifier: Apache-2.0
"""Turn a .tflite model into er_network.c and er_network.h for the kernels in dut_firmware/nn.

Run with the top of the repository as working folder or in PYTHONPATH:
`python -m dut_firmware.nn.generate.tflite_to_c MODEL --benchmark kws01 --out DIR`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from dut_firmware.nn.generate.benchmarks import BENCHMARKS, benchmark_for
from dut_firmware.nn.generate.emit import header_text, source_text
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.program import Program, build_program
from dut_firmware.nn.generate.schema import parse_model


def generate(
    data: bytes,
    name: str,
    out: Path,
    *,
    benchmark: str | None = None,
    flash: int | None = None,
    ram: int | None = None,
) -> Program:
    """Write er_network.c and er_network.h for the bytes of a .tflite file.

    Raise UnusableModel, and write nothing, where that cannot be done. `benchmark` says how stimuli
    become the input, which er_nn_model.c must know. `flash` and `ram` are limits in bytes for
    weights with tables, and for the arena.
    """
    program = build_program(name, parse_model(data))
    used_by = None if benchmark is None else benchmark_for(benchmark, program.model)
    program.must_fit(flash, ram)
    out.mkdir(parents=True, exist_ok=True)
    (out / "er_network.c").write_text(source_text(program), encoding="ascii")
    (out / "er_network.h").write_text(header_text(program, used_by), encoding="ascii")
    return program


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where the model cannot be used."""
    parser = argparse.ArgumentParser(description="Turn a .tflite model into C for the kernels in dut_firmware/nn.")
    parser.add_argument("model", type=Path, help="an int8 .tflite file")
    parser.add_argument("--out", type=Path, required=True, help="folder for er_network.c and er_network.h")
    parser.add_argument("--benchmark", metavar="ID", help=f"how stimuli become inputs: {', '.join(BENCHMARKS)}")
    parser.add_argument("--flash", type=int, metavar="BYTES", help="refuse a model with more weights and tables")
    parser.add_argument("--ram", type=int, metavar="BYTES", help="refuse a model with a larger arena")
    options = parser.parse_args(arguments)
    try:
        data = options.model.read_bytes()
        program = generate(
            data,
            options.model.stem,
            options.out,
            benchmark=options.benchmark,
            flash=options.flash,
            ram=options.ram,
        )
    except (UnusableModel, OSError) as error:
        sys.stderr.write(f"{options.model}: error: {error}\n")
        return 2
    sys.stdout.write(
        f"{program.name}: {len(program.layers)} layers, {program.macs} MACs, "
        f"{program.flash_bytes} bytes of weights and tables, "
        f"arena {program.ram_bytes} bytes (at least {program.least_ram_bytes} are alive at once)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

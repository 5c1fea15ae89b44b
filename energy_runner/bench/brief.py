# SPDX-License-Identifier: Apache-2.0
"""A bench in a few words: for `repr`, and as a small table in a notebook."""

from typing import TYPE_CHECKING

from energy_runner import notebook

if TYPE_CHECKING:
    from energy_runner.bench.build import Bench
    from energy_runner.bench.spec import BenchSpec


def of_spec(spec: "BenchSpec", *, kind: str = "BenchSpec") -> str:
    """Return a bench in one line."""
    from energy_runner.bench.wiring import instruments_of, roles_of

    present, sampler = instruments_of(spec), roles_of(spec).get("sampler")
    known = sampler is not None and sampler.instrument in present
    monitor = present[sampler.instrument].driver if sampler is not None and known else "no monitor"
    virtual = ", virtual" if spec.is_virtual else ""
    return notebook.seen(f"<{kind} {spec.name!r}: {monitor}{virtual}>")


def html_of_spec(spec: "BenchSpec") -> str:
    """Return a bench as a small table: each table of its file in one row."""
    facts = spec.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    rows = [
        (name, ", ".join(f"{key} = {value}" for key, value in table.items()))
        for name, table in facts.items()
        if isinstance(table, dict)
    ]
    title = spec.name + (f": {spec.description}" if spec.description else "")
    return notebook.table(title, rows, virtual=spec.is_virtual)


def of_bench(bench: "Bench") -> str:
    """Return a built bench in one line."""
    return of_spec(bench.spec, kind="Bench")

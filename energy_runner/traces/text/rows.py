# SPDX-License-Identifier: Apache-2.0
"""The numbers in a block of lines: by pyarrow where it is installed, else slowly, with the same outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import numpy as np

from energy_runner.traces.model import Float64Array, TraceFileError
from energy_runner.traces.text.blocks import Block, line_at
from energy_runner.traces.text.cells import FALSE, MISSING, TRUE, number, shown, split, state
from energy_runner.traces.text.layout import Layout

Form = Literal["number", "state", "states"]
_WORKED_AT_ONCE = 1 << 20  # bytes that one thread of pyarrow takes
SLOW = (
    "pyarrow is not installed, so the text is read some twenty times more slowly. "
    "Try: install energy-runner[tables]"
)


def has_pyarrow() -> bool:
    """Return whether the fast way is there."""
    return find_spec("pyarrow") is not None


@dataclass(frozen=True)
class Wanted:
    """A column by its place in a line, and the form of its cells; `states` has the input 0 to 7 that is wanted."""

    place: int
    form: Form = "number"
    input: int = 0


class Rows:
    """Reads the wanted columns of blocks, each as float64; missing cells are NaN."""

    def __init__(self, layout: Layout, wanted: Sequence[Wanted], *, plain: bool = False) -> None:
        self._layout = layout
        self._wanted = list(wanted)
        self.fast = has_pyarrow() and not plain

    def read(self, block: Block) -> list[Float64Array]:
        """Return the columns of a block; raises `TraceFileError` that names the line and what is there."""
        if not self.fast:
            return self._plainly(block)
        import pyarrow

        try:
            return self._by_pyarrow(block)
        except pyarrow.ArrowInvalid:
            # It says what is wrong in words of its own, and not in which line of the file.
            return self._plainly(block)

    def _by_pyarrow(self, block: Block) -> list[Float64Array]:
        import pyarrow as pa
        from pyarrow import csv

        if not block.data or block.data.isspace():
            return [np.empty(0) for _ in self._wanted]
        names = [str(place) for place in range(len(self._layout.names))]
        types = {"number": pa.float64(), "state": pa.bool_(), "states": pa.string()}
        table = csv.read_csv(
            pa.BufferReader(block.data),
            read_options=csv.ReadOptions(column_names=names, block_size=_WORKED_AT_ONCE),
            parse_options=csv.ParseOptions(delimiter=self._layout.delimiter),
            convert_options=csv.ConvertOptions(
                include_columns=[str(one.place) for one in self._wanted],
                column_types={str(one.place): types[one.form] for one in self._wanted},
                null_values=list(MISSING),
                true_values=list(TRUE),
                false_values=list(FALSE),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                decimal_point=self._layout.decimal,
                check_utf8=False,
            ),
        )
        return [_array(table.column(str(one.place)), one) for one in self._wanted]

    def _plainly(self, block: Block) -> list[Float64Array]:
        columns: list[list[float]] = [[] for _ in self._wanted]
        layout = self._layout
        count = len(layout.names)
        for row, raw in enumerate(block.data.splitlines()):
            if not raw.strip():
                continue
            text = raw.decode("latin-1")
            quoted = '"' in text
            cells = split(text, layout.delimiter) if quoted else [c.strip() for c in text.split(layout.delimiter)]
            if len(cells) != count:
                line = line_at(layout.path, block.begin) + row
                raise TraceFileError(
                    f"{layout.path}: line {line} has {len(cells)} columns ({shown(text)}), "
                    f"where the table has {count}: {layout.there()[:200]}"
                )
            for column, one in zip(columns, self._wanted, strict=True):
                try:
                    column.append(_value(cells[one.place], one, layout.decimal))
                except ValueError:
                    what = "number" if one.form == "number" else "state of an input"
                    raise TraceFileError(
                        f"{layout.path}: line {line_at(layout.path, block.begin) + row}, "
                        f"column {shown(layout.names[one.place])}: "
                        f"a {what} is needed, and there is {shown(cells[one.place])}"
                    ) from None
        return [np.array(column, dtype=np.float64) for column in columns]


def _value(cell: str, one: Wanted, decimal: str) -> float:
    if one.form == "number":
        return number(cell, decimal)
    if one.form == "state":
        return state(cell)
    if cell in MISSING:
        return float("nan")
    if len(cell) != 8 or not set(cell) <= set("01X-"):
        raise ValueError(cell)
    return {"1": 1.0, "0": 0.0}.get(cell[one.input], float("nan"))


def _array(column: object, one: Wanted) -> Float64Array:
    """Return a column of pyarrow as float64, what is null as NaN."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if one.form == "states":
        wrong = pc.invert(pc.match_substring_regex(column, "^[01X-]{8}$"))
        if pc.any(wrong).as_py():
            raise pa.ArrowInvalid("states")
        character = pc.utf8_slice_codeunits(column, one.input, one.input + 1)
        column = pc.if_else(pc.equal(character, "1"), 1.0, pc.if_else(pc.equal(character, "0"), 0.0, np.nan))
    elif one.form == "state":
        column = column.cast(pa.int8()).cast(pa.float64())  # type: ignore[attr-defined]
    values: Float64Array = np.asarray(column.to_numpy(zero_copy_only=False))  # type: ignore[attr-defined]
    return values

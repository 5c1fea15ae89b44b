# SPDX-License-Identifier: Apache-2.0
"""Parquet: a column for each signal, byte-split and packed with zstd; missing samples are null."""

import json
from pathlib import Path

import numpy as np

from energy_runner.errors import ConfigurationError
from energy_runner.traces.writers.model import Options, Outgoing, Progress, Written, blocks

SCHEMA = "energy-runner/trace-table/1"
_GROUP = 1 << 20  # rows of a row group


def write(out: Outgoing, path: Path, options: Options, progress: Progress) -> Written:
    """Write the file; raises `ConfigurationError` without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ConfigurationError("Parquet needs pyarrow. Try: pip install 'energy-runner[tables]'") from None
    names = {one: f"{one.name}_{one.unit.lower()}" for one in out.whole}
    fields = [pa.field("time_s", pa.float64(), metadata={"unit": "s", "description": "beginning of the sample"})]
    for one, name in names.items():
        kind = pa.float32() if one.origin == "recorded" else pa.float64()
        about = one.about or "as the monitor recorded it"
        fields.append(pa.field(name, kind, metadata={"unit": one.unit, "description": about}))
    schema = pa.schema(fields, metadata=_about(out))
    split = [one.name for one in schema]
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=split, write_statistics=True
    ) as file:
        for first, stop in blocks(out.length, _GROUP):
            columns = [pa.array(np.arange(first, stop, dtype=np.float64) * out.step_s)]
            for one, described in zip(names, fields[1:], strict=True):
                columns.append(pa.array(one.read(first, stop), type=described.type, from_pandas=True))
            file.write_table(pa.table(columns, schema=schema), row_group_size=_GROUP)
            progress(stop / out.length)
    return Written(out.length)


def _about(out: Outgoing) -> dict[str, str]:
    """Return the metadata of the file: what a dataframe does not hold."""
    windows = [
        {"window": number, "start_s": start * out.step_s, "stop_s": stop * out.step_s}
        for number, start, stop in out.windows
    ]
    about = {
        "schema": SCHEMA,
        "title": out.title,
        "simulated": "true" if out.virtual else "false",
        "instrument": str(out.source),
        "period_s": repr(out.step_s),
        "windows": json.dumps(windows),
        "remarks": json.dumps(out.notes(*out.whole)),
    }
    if out.zero_utc_ns is not None:
        about["zero_utc_ns"] = str(out.zero_utc_ns)
        if out.zero_limit_s is not None:
            about["zero_limit_s"] = repr(out.zero_limit_s)
    return about

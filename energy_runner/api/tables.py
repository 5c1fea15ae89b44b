# SPDX-License-Identifier: Apache-2.0
"""Tables of sessions with units, for dataframes and spreadsheets: windows, inferences, layers, verdicts, laps."""

from collections.abc import Sequence

from energy_runner.api.sessions import AnySession, load_session
from energy_runner.session.table import Table

__all__ = ["Table", "table"]


def table(sessions: AnySession | Sequence[AnySession], what: str = "windows") -> Table:
    """Return the windows, single inferences, layers, verdicts or laps of sessions as a table with units.

    Use it with `table.csv()`, `table.save("x.parquet")` or `xarray.Dataset(**table.to_xarray())`;
    `table["energy_j"]` is one column. A session that has none of them is among the `remarks`. Raises
    `SessionError` where no session has any, `ConfigurationError` for anything but "windows", "inferences",
    "layers", "verdicts" or "laps".
    """
    from energy_runner.analysis.tables import table as make_table
    from energy_runner.rules.verdict_table import VERDICTS

    given = sessions if isinstance(sessions, Sequence) and not isinstance(sessions, str) else [sessions]
    return make_table([load_session(one) for one in given], what, {"verdicts": VERDICTS})

# SPDX-License-Identifier: Apache-2.0
"""The tables of the catalogue, the same in SQLite and in PostgreSQL.

No time in them decides anything: a lease is broken when its `beat` has stood still for as long as another worker's
own monotonic clock says, so that clocks that differ or jump do no harm.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

VERSION = 1
META = MetaData()

INFO = Table(
    "catalogue",
    META,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

SWEEPS = Table(
    "sweep",
    META,
    Column("id", String(80), primary_key=True),
    Column("name", String(40), nullable=False),
    Column("plan", Text, nullable=False),
    Column("created_utc", String(30), nullable=False),
    Column("host", Text, nullable=False),
    Column("folder", Text, nullable=False),
    # open · stopping: no point is begun · cancelling: runs in progress end, too
    Column("state", String(12), nullable=False, default="open"),
)

POINTS = Table(
    "point",
    META,
    Column("sweep", String(80), ForeignKey("sweep.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("kind", String(10), nullable=False, default="point"),
    Column("repeat", Integer, nullable=False, default=1),
    Column("settings", Text, nullable=False),
    Column("wanted_bench", Text),
    Column("state", String(10), nullable=False, default="waiting"),  # waiting · running · done · set-aside
    Column("epoch", Integer, nullable=False, default=0),
    Column("beat", Integer, nullable=False, default=0),
    Column("worker", Text),
    Column("bench", Text),
    Column("session", Text),
    Column("row", Text),
    Column("reason", Text, nullable=False, default=""),
    Index("point_next", "sweep", "state", "place"),
)

# Benches that have failed at a point and leave it to others.
SHUNS = Table(
    "shun",
    META,
    Column("sweep", String(80), ForeignKey("sweep.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("bench", String(300), primary_key=True),
)

ATTEMPTS = Table(
    "attempt",
    META,
    Column("sweep", String(80), ForeignKey("sweep.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("bench", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("valid", Boolean),
    Column("accepted", Boolean, nullable=False),
    Column("session", Text),
    Column("folder", Text),
    Column("started_utc", String(30)),
    Column("ended_utc", String(30)),
    Column("reason", Text, nullable=False, default=""),
    Column("steps", Text, nullable=False, default="[]"),
)

# Who holds which instrument. The lock of the operating system keeps others on this computer off, this row all.
SEATS = Table(
    "seat",
    META,
    Column("instrument", String(300), primary_key=True),
    Column("worker", Text, nullable=False),
    Column("bench", Text, nullable=False),
    Column("sweep", String(80), nullable=False),
    Column("beat", Integer, nullable=False, default=0),
    Column("since_utc", String(30), nullable=False),
)

# What a person, or the ladder, has said of a bench.
BENCHES = Table(
    "bench",
    META,
    Column("name", String(300), primary_key=True),
    Column("state", String(20), nullable=False, default=""),  # "" or quarantined
    Column("reason", Text, nullable=False, default=""),
    Column("since_utc", String(30), nullable=False, default=""),
)

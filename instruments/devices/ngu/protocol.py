# SPDX-License-Identifier: Apache-2.0
"""What an R&S NGU or NGM says: sample rates, records, status bits.

Sources: R&S NGU User Manual 1179.2531.02-03, "Data logging commands", page 182 (`FLOG:DATA?`); command reference
of the maker's RsNgx 3.1 (`FLOG:SRATe`: halves of 500 kHz); R&S NGL200/NGM200 User Manual 1178.8736.02-06, "Status
Reporting System", table A-5 (bits); R&S examples for the NGM200 (decade rates); a published program for an NGU401
(bit 11). No instrument was at hand to try them on.
"""

from instruments.errors import ProtocolViolation, shown
from instruments.scpi.records import Records, decode_records

SIGNALS = ("voltage", "current")  # the order of the values in a record
RECORD_BYTES = 8

# The names of the rates (Hz): halves of 500 kHz, and the decades that examples for newer firmware list.
RATES = {
    "500K": 500e3,
    "250K": 250e3,
    "125K": 125e3,
    "62K5": 62.5e3,
    "050K": 50e3,
    "31K25": 31.25e3,
    "15K625": 15.625e3,
    "010K": 10e3,
    "7K812": 7812.5,
    "3K906": 3906.25,
    "1K953": 1953.125,
    "001K": 1e3,
    "976": 976.5625,
    "488": 488.28125,
    "244": 244.140625,
    "122": 122.0703125,
    "100": 100.0,
    "61": 61.03515625,
    "30": 30.517578125,
    "15": 15.2587890625,
}

# STAT:OPER:INST:ISUM1: there are records to fetch.
AVAILABLE = 1 << 12
# STAT:QUES:INST:ISUM1: each of them means that the output or the log is not what was set up.
SKIPPED = "FastLog data skipped: records were lost, the instrument does not say how many"
QUESTIONABLE_BITS = (
    (1 << 0, "CC: at the current limit, the voltage is not regulated"),
    (1 << 4, "OT: over-temperature"),
    (1 << 9, "OVP: over-voltage protection tripped"),
    (1 << 10, "FUSE: over-current protection tripped"),
    (1 << 11, SKIPPED),
)


def rates_from(rate_hz: float) -> list[str]:
    """Return the names of all rates that are at least `rate_hz`, the lowest first."""
    return sorted((name for name, hz in RATES.items() if hz >= rate_hz), key=RATES.__getitem__)


def period_s(answer: str) -> float:
    """Return the sample period (s) from the answer to `FLOG:SRAT?`, such as `S15K625`."""
    name = answer.strip().upper().removeprefix("S")
    if name not in RATES:
        raise ProtocolViolation("ask for the sample rate", f"{shown(answer)}, which is not a rate of this model")
    return 1 / RATES[name]


def decode(data: bytes) -> Records:
    """Return the records in a block of `FLOG:DATA?`: voltage and current in turn, float32, little-endian."""
    return decode_records(data, len(SIGNALS), big_endian=False)

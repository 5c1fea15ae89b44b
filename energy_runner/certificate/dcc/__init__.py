# SPDX-License-Identifier: Apache-2.0
"""A certificate as a digital calibration certificate (DCC, an XML of PTB), written, read and checked."""

from energy_runner.certificate.dcc.read import DccFacts, facts_in_dcc, read_dcc
from energy_runner.certificate.dcc.schema import SchemaCheck, check_schema
from energy_runner.certificate.dcc.write import D_SI_VERSION, SCHEMA_VERSION, dcc_bytes, emptied, hole

__all__ = [
    "D_SI_VERSION",
    "SCHEMA_VERSION",
    "DccFacts",
    "SchemaCheck",
    "check_schema",
    "dcc_bytes",
    "emptied",
    "facts_in_dcc",
    "hole",
    "read_dcc",
]

# SPDX-License-Identifier: Apache-2.0
"""One process that serves a catalogue on one bench, and the process that watches over several of them."""

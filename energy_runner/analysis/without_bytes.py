# SPDX-License-Identifier: Apache-2.0
"""What of a result rests on the raw bytes in `stream.bin`: all else is the same after they were thinned."""

from energy_runner.session.result import RAW_BYTES_THINNED, Result

_LEVELS = frozenset({"no-idle-level", "idle-wakes", "idle-levels-differ"})  # see `levels.measure`
_VERDICTS = frozenset({"events-agree", "warm-ups"})


def without_bytes(result: Result) -> Result:
    """Return a result without what is found by the bytes, or is found another way where they are missing.

    That is how the events agree with them, the warm-ups that the DUT counted, and the levels outside the windows:
    when nothing was sent is then known by events, to a few milliseconds.
    """
    findings = [one for one in result.findings if one.id != RAW_BYTES_THINNED and one.id not in _LEVELS]
    return result.model_copy(
        update={
            "exchange": None,
            "levels": None,
            "net_energy_per_inference_j": None,
            "findings": findings,
            "verdicts": [one for one in result.verdicts if one.id not in _VERDICTS],
            "sha256": None,
        }
    )

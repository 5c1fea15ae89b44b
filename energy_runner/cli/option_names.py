# SPDX-License-Identifier: Apache-2.0
"""The API's messages name its arguments; on the command line they name the options that stand for them."""

import re

# Patterns that no file's name and no other message has.
_OPTIONS = (
    (r"\bboth capacity_mah and voltage_v\b", "both --capacity-mah and --battery-v"),
    (r"^between = ", "--between "),
    (r"\bper_hour( = |=)", "--per-hour "),
    (r"\bperiod_s( = |=)", "--period-s "),
    (r"\bper_hour\b", "--per-hour"),
    (r"\bperiod_s\b", "--period-s"),
    (r"(?<=Try: )rest_w=W\b", "--rest-uw UW"),
    (r"(?:(?<=Try: )|(?<=Try another ))(stimuli|out|mode)=(?=\w)", r"--\1 "),
    (r"(?<=Try )(stimuli|out)=(?=\w)", r"--\1 "),
)


def with_options(message: str) -> str:
    """Return a message of the API with options in place of its arguments."""
    for pattern, option in _OPTIONS:
        message = re.sub(pattern, option, message)
    return message

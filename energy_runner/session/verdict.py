# SPDX-License-Identifier: Apache-2.0
"""A verdict as data: what one rule found, within which limits, by which clause of which rule set."""

from pydantic import StrictBool

from energy_runner.session.document import Model


class Verdict(Model):
    """What one rule says about one session.

    A rule about a number states it: `value` ± `u` against `low` and `high`, all in `unit`. Where `u` is known, the
    rule is kept exactly if the value lies within the limits widened by 2 `u`. A rule about something else has none
    of these.
    """

    id: str
    """The rule's id, such as `window-length`."""
    passed: StrictBool
    """True only if the facts are known and the rule is kept."""
    binding: StrictBool = True
    """False for a rule that only informs and never makes a run invalid."""
    known: StrictBool = True
    """False where the session lacks the facts to judge by; then nothing has passed either."""
    measured: str | float | int | None
    """What was found, as a person reads it; `not known` where facts are missing."""
    limit: str | float | int | None
    """What is demanded, as a person reads it."""
    clause: str
    """The rule, standard or practice that demands it."""
    note: str = ""
    """Why it failed, which fact is missing, or a remark on a rule that passed."""
    value: float | None = None
    """The number that was judged, in `unit`; null where the rule is not about a number, where it is not known, and
    where the rule failed for another reason than this number."""
    u: float | None = None
    """Standard uncertainty of `value`, in `unit`; null where it is not known."""
    unit: str = ""
    """Unit of the numbers: `1` for shares, ratios and counts, empty for a rule about something else."""
    low: float | None = None
    """The least value that the rule set allows, in `unit`; null for no lower limit."""
    high: float | None = None
    """The largest value that the rule set allows, in `unit`; null for no upper limit."""
    text: str = ""
    """The verdict in one sentence."""
    rule_set: str = ""
    """Id of the rule set that asked; empty in results that older versions wrote."""
    package: str = ""
    """Name and version of the package that provides the rule; empty for a rule of energy-runner itself."""

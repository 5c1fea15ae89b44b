# SPDX-License-Identifier: Apache-2.0
"""A bench of twins around any driver of the registry: it plays every role that it can, others play the rest."""

from typing import Any

from energy_runner.bench import BenchSpec
from instruments.registry import DriverSpec

BOX, METER, RELAY = "box", "meter", "relay"
VOLTAGE_V = 3.0


def any_bench(driver: DriverSpec, **options: Any) -> BenchSpec:
    """Return the bench, the box with `options`; a DUT that nothing of it can feed is fed from outside."""
    plays = set(driver.roles)
    box_samples = "sampler" in plays
    others = {"sampler": METER, "edges": RELAY if box_samples else METER, "dut": RELAY}
    roles = {role: BOX if role in plays else other for role, other in others.items()}
    if "supply" in plays or not box_samples:
        roles["supply"] = BOX if "supply" in plays else METER
    roles |= {role: BOX for role in ("thermometer", "switch") if role in plays}
    drivers = {BOX: driver.name, METER: "ideal", RELAY: "io-manager"}
    used: dict[str, dict[str, Any]] = {
        name: {"driver": drivers[name], "port": "virtual"} for name in sorted(set(roles.values()))
    }
    if options:
        used[BOX]["options"] = options
    return BenchSpec.model_validate(
        {"name": f"any-{driver.name}", "instruments": used, "roles": roles, "supply": {"voltage_v": VOLTAGE_V}}
    )

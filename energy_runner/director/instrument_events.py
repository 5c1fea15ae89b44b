# SPDX-License-Identifier: Apache-2.0
"""What a journal says of an instrument: who it is, and how a sampler is set, with the specification for that."""

from energy_runner.bench import Bench
from energy_runner.bench.calibration import applied as with_calibration
from energy_runner.bench.edge_delay import delay_applied
from energy_runner.bench.rails import Sampled
from energy_runner.bench.supply_limits import with_supply
from energy_runner.session.events import DeviceIdentified, MonitorConfigured
from instruments.roles import AppliedSampling, AppliedSupply, Identity
from instruments.specifications import as_facts, largest_facts


def device_identified(t_ns: int, name: str, identity: Identity) -> DeviceIdentified:
    """Return the event for the instrument `name` of the bench, which answered at host time `t_ns`."""
    facts = {key: getattr(identity, key) for key in identity.__dataclass_fields__ if key != "detail"}
    return DeviceIdentified(t_ns=t_ns, box=name, identity=facts | {"detail": dict(identity.detail)})


def monitor_configured(
    bench: Bench, one: Sampled, applied: AppliedSampling, supplied: AppliedSupply, *, has_edges: bool
) -> MonitorConfigured:
    """Return the event for a sampler that was just configured, with its specification as it holds on this bench.

    `has_edges` says whether edges are placed among its samples; a known load makes none. Raises `BenchFault` if
    the bench's measured delay of the edges was taken with another sample period.
    """
    edges, specification = bench.edges, one.sampler.specification()
    names = [signal.name for signal in applied.signals]
    limits = with_calibration(bench.spec, one.by, specification)
    limits = with_supply(bench.spec, limits, names, one.by, one.fed_by)
    if has_edges:
        limits = delay_applied(bench.spec, limits, applied.period_s)
    return MonitorConfigured(
        t_ns=bench.clock.now_ns(),
        voltage_set_v=supplied.voltage_set_v,
        current_limit_a=supplied.current_limit_a,
        period_s=applied.period_s,
        signals=[
            {"name": signal.name, "unit": signal.unit, "kind": signal.kind, "period_s": signal.period_s}
            for signal in applied.signals
        ],
        captures_edges=has_edges and edges is not None and edges.timebase == "samples",
        starts_on_edge=one.sampler.capabilities.starts_on_edge,
        accuracy=as_facts(limits),
        largest=largest_facts(specification),
        sampler=one.by,
        supply=one.fed_by,
        rail=one.rail,
    )

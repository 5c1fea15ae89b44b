# SPDX-License-Identifier: Apache-2.0
"""What was measured, when, with what and by which software: on the first screen and the first printed page."""

from energy_runner.report.markup import Html, pairs, tag
from energy_runner.report.story import Story
from energy_runner.session.record import Record


def identity(story: Story) -> Html:
    """Return date, board, bench, instruments, session and software."""
    record = story.record
    items: list[tuple[object, object]] = [
        ("Date", _date(record)),
        ("Board", _board(story)),
        ("Bench", story.bench("name") or "not named"),
        ("Instruments", _instruments(story)),
        ("Session", record.session_id),
        ("Software", record.software),
        ("Host time", story.host.words if story.host is not None else ""),
        ("Sweep", _sweep(record)),
        ("Bench is", record.sweep.bench_trust if record.sweep is not None else ""),
        ("Thinned", story.thinned),
        ("Measured by", _origin(record)),
    ]
    return tag("div", pairs("What was measured, and with what", items), class_="identity")


def _sweep(record: Record) -> str:
    """Return which point of which sweep a session measured; empty for a session of its own."""
    facts = record.sweep
    if facts is None:
        return ""
    what = f"point {facts.point}" if facts.kind == "point" else "the reference point"
    settings = ", ".join(f"{name} {value}" for name, value in facts.values.items())
    attempt = f", attempt {facts.attempt}" if facts.attempt > 1 else ""
    return f"{what} of {facts.sweep}{attempt}{f': {settings}' if settings else ''}"


def _date(record: Record) -> str:
    """Return when the run began, to the second; the sessions of other runners name a local time."""
    day, _, time = record.started_utc.partition("T")
    if time.endswith("Z"):
        time = f"{time.removesuffix('Z').partition('.')[0]} UTC"
    clock = " by the simulation's clock" if record.virtual else ""
    return f"{day} {time}{clock}".strip()


def _board(story: Story) -> str:
    """Return the DUT's own name, and make and model of the board where they are known."""
    answered = story.facts.identified[-1] if story.facts.identified else None
    device = story.devices.get("dut")
    made = _made(device.identity) if device is not None else ""
    named = answered.name if answered is not None else ""
    if named and named in made:
        return made
    return ", ".join(word for word in (named, made) if word) or "not identified"


def _instruments(story: Story) -> str:
    devices = [event.identity for name, event in sorted(story.devices.items()) if name != "dut"]
    made = "; ".join(filter(None, map(_made, devices)))
    origin = story.record.origin
    if not made and origin is not None and origin.instrument:
        return f"{origin.instrument}, as the imported session names it"
    return made or "none was identified"


def _origin(record: Record) -> str:
    """Return which runner measured an imported session; empty for one of ours."""
    if record.origin is None:
        return ""
    return f"{record.origin.runner} {record.origin.version}, {record.origin.session}".strip(" ,")


def _made(identity: dict[str, object]) -> str:
    """Return make, model and serial number as a device reported them."""
    made = " ".join(str(identity[key]) for key in ("make", "model") if identity.get(key))
    serial = identity.get("serial")
    return f"{made} ({serial})" if made and serial else made

# SPDX-License-Identifier: Apache-2.0
"""Allow only one run at a time on an instrument, and let the next run notice one that died.

Each instrument has a lock file, which the operating system releases when the process dies. A note next to it says
what the instrument is used for; a note that is found while the lock is free means that the run it names never
reached its tear-down. Two bench files that share an instrument exclude each other, whatever else they name.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_state_path

from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import instruments_of
from energy_runner.errors import BenchFault
from instruments.links.resource import canonical_resource
from instruments.registry import drivers


def resources_of(spec: BenchSpec) -> dict[str, str]:
    """Return what must be locked for each instrument of a bench: its canonical address and its channel, if any.

    The channels of a mainframe can be used by different benches at once where the driver allows it.
    """
    found: dict[str, str] = {}
    for name, instrument in instruments_of(spec).items():
        driver = drivers().get(instrument.driver)
        option = driver.channel_option if driver else ""
        channel = f"#{instrument.options.get(option, 1)}" if option else ""
        found[name] = canonical_resource(instrument.port) + channel
    return found


@contextmanager
def lock_bench(spec: BenchSpec, doing: str) -> Iterator[str | None]:
    """Hold every instrument while the body runs; yield what an earlier run was doing if it died, else None.

    Raises `BenchFault` if another process holds one of them. Twins in this process need no lock.
    """
    if spec.is_virtual:
        yield None
        return
    with ExitStack() as stack:
        # In the same order everywhere, so that of two benches that share two instruments one gets both.
        places = [_places(resource) for resource in sorted(set(resources_of(spec).values()))]
        for lock_path, note_path in places:
            try:
                stack.enter_context(FileLock(lock_path, timeout=0))
            except Timeout as error:
                raise BenchFault(
                    f"bench '{spec.name}' is in use: {_read(note_path) or 'another process holds it'}; "
                    f"wait for it to end, or stop it"
                ) from error
        died = next((found for _, note in places if (found := _read(note)) is not None), None)
        for _, note_path in places:
            note_path.write_text(json.dumps({"doing": doing}), "utf-8")
        try:
            yield died
        finally:
            for _, note_path in places:
                note_path.unlink(missing_ok=True)


def _places(resource: str) -> tuple[Path, Path]:
    name = hashlib.sha256(resource.encode()).hexdigest()[:16]
    folder = user_state_path("energy-runner", ensure_exists=True) / "instruments"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.lock", folder / f"{name}.json"


def _read(note_path: Path) -> str | None:
    try:
        return str(json.loads(note_path.read_text("utf-8"))["doing"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return "an earlier run whose note cannot be read"

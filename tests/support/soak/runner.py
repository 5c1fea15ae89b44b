# SPDX-License-Identifier: Apache-2.0
"""The runner of a sweep's worker, on twins that suffer faults, with a look at each attempt when it is over."""

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from energy_runner.api.sweep_runner import BenchRunner
from energy_runner.bench import Bench, build_bench
from energy_runner.director.stop import StopRequest
from energy_runner.session.folder import Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan import Settings
from energy_runner.sweep.work.served_bench import ServedBench
from tests.support.disk_faults import SmallDisk
from tests.support.soak.deaths import Deaths
from tests.support.soak.duty import Duty
from tests.support.soak.ills import ILLS, Health
from tests.support.soak.log import Log
from tests.support.swarm.benches import UART_WIRES, left_on
from tests.support.swarm.invariants import CHECKS
from tests.support.swarm.kinds import TABLE
from tests.support.swarm.setting import NS_PER_S, Setting
from tests.support.swarm.trial import GaveUp, Trial

# Another process for each of them would take longer than the attempt; and a folder that was moved by hand is
# another attempt's problem.
LEFT_OUT = {"another on the bench", "another in the folder", "moved folder"}
KINDS = tuple(one for one in TABLE if one[0] not in LEFT_OUT)
LOOKED_AT = {"_supply_left_on", "_left_open", "_undeclared", "_contradicts_itself", "_others"}


class _Signals(StopRequest):
    """What asks for a stop sends this process a signal, as somebody else would."""

    def ask(self, reason: str = "") -> None:
        os.kill(os.getpid(), 15)


class SoakRunner(BenchRunner):
    """Measures as `BenchRunner` does, on a twin that suffers what is drawn for the attempt."""

    def __init__(
        self,
        bench: ServedBench,
        sweeps: Path,
        usb_power_command: str,
        *,
        duty: Duty,
        log: Log,
        deaths: Deaths,
    ) -> None:
        super().__init__(bench, sweeps, usb_power_command)
        self._name = bench.name
        self._source = bench.source
        self._scene, self._near, self._clean = duty.scene, duty.near, duty.clean
        self._log = log
        self._deaths = deaths
        self._health = Health(duty.scene.of_bench(bench.name) / "health.json")
        self._built: Bench | None = None
        self._gave_up = GaveUp()
        self._full = ExitStack()  # a disk that is full until the next job

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        """Make a run, and look at it."""
        self._full.close()
        key = [self._scene.seed, 2, facts.point, facts.epoch, zlib.crc32(self._name.encode())]
        rng = np.random.default_rng(key)
        setting = self._setting(rng)
        setting.out = out
        faults = self._drawn(setting)
        trial: dict[str, Any] = {"session": None, "raised": None}
        self._log.say("begins", out=out.name, faults=faults, ill=self._health.ill)
        with self._job("runs", setting):
            try:
                trial["session"] = super().measure(settings, out, facts, stop)
            except BaseException as error:
                trial["raised"] = error
                raise
            finally:
                self._look(out, setting, faults, trial)
        session: Session = trial["session"]
        return session

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        """Take a step, and look at how it left the supply."""
        self._full.close()
        setting = self._setting(np.random.default_rng(0))
        with self._job("recovery", setting):
            try:
                taken, detail = super().recover(step, stop)
            finally:
                if self._built is not None:
                    self._health.after(self._built)
        on = self._health.powered and "supply" not in detail.lower()
        self._log.say(
            "step",
            step=step,
            went=taken.went,
            detail=detail,
            ill=self._health.ill,
            virtual_s=self._virtual_s(),
            complaints=[f"{step} left the supply on, and says: {detail}"] if on else [],
        )
        return taken, detail

    # --- before -----------------------------------------------------------------------------------------

    def _setting(self, rng: np.random.Generator) -> Setting:
        known = self._clean
        instruments = known.instruments
        wires = (*(f"{a}>{b}" for one in instruments for a, b in (("host", one), (one, "host"))), *UART_WIRES)
        found = Setting(rng, known.begins_s, known.lasts_s, known.calls, instruments, wires)
        found.traced, found.others, found.stop = True, self._near, _Signals()
        return found

    def _drawn(self, setting: Setting) -> list[str]:
        """Arm what is drawn for an attempt; return it in words."""
        rng, rate = setting.rng, self._scene.rate
        told = []
        if rng.random() < rate.faulty:
            weights = np.array([weight for _, weight, _ in KINDS])
            for _ in range(1 + int(rng.random() < 0.3)):
                name, _, arm = KINDS[int(rng.choice(len(KINDS), p=weights / weights.sum()))]
                told.append(f"{name}: {arm(setting)}")
        for chance, person in ((rate.ill, False), (rate.broken, True)):
            if rng.random() < chance and not self._health.ill:
                told.append(self._falls_ill(setting, person=person))
        if rng.random() < rate.full:
            left = int(setting.log_uniform(10.0, 3e6))
            self._full.enter_context(SmallDisk(left).patched())
            told.append(f"disk full after {left} bytes until the next job")
        if (how := self._deaths.in_run(rng)) is not None:
            moment_ns = (
                setting.moment_ns() if rng.random() < 0.9 else int(rng.uniform(0, 1) * setting.begins_s * 1e9)
            )
            setting.on_bench.append(
                lambda bench: bench.twin.clock.call_at(moment_ns, lambda: self._deaths.come(how, bench))  # type: ignore[union-attr]
            )
            told.append(f"{how} at {moment_ns / 1e9:.3f} s")
        return told

    def _falls_ill(self, setting: Setting, *, person: bool) -> str:
        choice = [
            name
            for name, ill in ILLS.items()
            if ill.person == person and (not ill.needs or ill.needs in setting.instruments)
        ]
        ill, moment_ns = setting.one_of(tuple(choice)), setting.moment_ns()

        def begin(bench: Bench) -> None:
            self._health.catch(ill)
            self._health.arm(bench)

        setting.on_bench.append(lambda bench: bench.twin.clock.call_at(moment_ns, lambda: begin(bench)))  # type: ignore[union-attr]
        return f"from {moment_ns / 1e9:.3f} s on {ill}"

    @contextmanager
    def _job(self, module: str, setting: Setting) -> Iterator[None]:
        """Let the bench of one job be built with its faults, and everything around it fail as drawn."""
        self._built = None
        self._gave_up = GaveUp()
        with ExitStack() as around:
            around.enter_context(patch(f"energy_runner.api.{module}.build_bench", self._builder(setting)))
            for place in ("load_job", "stage"):
                around.enter_context(patch(f"energy_runner.director.{place}.switch_off", self._gave_up.switch_off))
            for one in (self._near.installed(), *setting.around):
                around.enter_context(one)
            yield

    def _builder(self, setting: Setting) -> Callable[..., Bench]:
        def built(*given: Any, **named: Any) -> Bench:
            with ExitStack() as building:
                for one in setting.building:
                    building.enter_context(one)
                bench = build_bench(*given, **named, wrap=setting.wrap)
            if self._health.powered:
                left_on(bench)
            self._health.arm(bench)
            setting.live = True
            for act in setting.on_bench:
                act(bench)
            self._built = bench
            return bench

        return built

    # --- after ------------------------------------------------------------------------------------------

    def _look(self, out: Path, setting: Setting, faults: list[str], came: dict[str, Any]) -> None:
        bench = self._built
        setting.ended_ns = self._now_ns() if self._gave_up.at_ns is None else self._gave_up.at_ns
        if bench is None:  # it was refused before it was built
            self._log.say("attempt", out=out.name, virtual_s=0.0, complaints=[f"refused: {came['raised']}"])
            return
        trial = Trial(
            self._scene.seed,
            0,
            self._source,
            "energy",
            faults,
            bench,
            self._near.folder,
            came["session"],
            raised=came["raised"],
            injected=setting.injected,
            others=self._near,
        )
        self._health.after(bench)
        virtual_s = self._virtual_s()
        complaints = [text for check in CHECKS if check.__name__ in LOOKED_AT for text in check(trial)]
        self._log.say("attempt", out=out.name, virtual_s=virtual_s, faults=faults, complaints=complaints)

    def _now_ns(self) -> int:
        return self._built.clock.now_ns() if self._built is not None else 0

    def _virtual_s(self) -> float:
        return self._now_ns() / NS_PER_S

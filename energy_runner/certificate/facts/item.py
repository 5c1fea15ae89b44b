# SPDX-License-Identifier: Apache-2.0
"""What was measured: the board, its firmware and the model that it runs."""

from pydantic import Field, StrictBool

from energy_runner.session.document import Model


class Photo(Model):
    """A photograph of the item or of the set-up; the certificate holds its digest only."""

    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 of the file."""
    shows: str = ""
    """What it shows."""


class Item(Model):
    """The board under test, as the laboratory states it."""

    board: str = ""
    """Make and model of the board."""
    revision: str = ""
    """Its revision."""
    serial: str = ""
    """Its serial number."""
    processor: str = ""
    """Processor or accelerator, with its stepping."""
    clock_hz: float | None = None
    """Clock of the processor while it infers, Hz."""
    memory: str = ""
    """Memory that the benchmark uses."""
    modifications: list[str] = Field(default_factory=list)
    """What was changed about the board."""
    typical: StrictBool | None = None
    """Whether its silicon is typical; null where nobody says."""
    availability: str = ""
    """Whether it can be bought: `available`, `preview` or `research`."""
    condition: str = ""
    """Its condition when it was received."""
    received: str = ""
    """Day on which it was received, ISO 8601."""
    photos: list[Photo] = Field(default_factory=list)
    """Photographs."""


class Image(Model):
    """A file that is in the DUT: the firmware or the network."""

    file: str
    """Name of the file."""
    sha256: str
    """SHA-256 of the file."""
    source: str
    """Who says so: `flashed in the session`, `model of the virtual DUT` or `stated by the laboratory`."""


class Firmware(Model):
    """What runs on the board."""

    name: str = ""
    """The DUT's own answer to `name`."""
    profile: str = ""
    """The DUT's own answer to `profile`."""
    model_string: str = ""
    """The model that the DUT names in that answer."""
    answers_from: str = ""
    """Where a virtual DUT takes its answers from; empty for hardware."""
    image: Image | None = None
    """The firmware's file; null where neither the session nor the laboratory names it."""
    network: Image | None = None
    """The network's file; null where neither the session nor the laboratory names it."""
    toolchain: str = ""
    """Compiler and version, as the laboratory states it."""
    flags: str = ""
    """Its flags, likewise."""
    framework: str = ""
    """Inference framework and version, likewise."""
    kernels: str = ""
    """Kernels or their library, likewise."""
    quantisation: str = ""
    """Number formats of weights and activations, likewise."""

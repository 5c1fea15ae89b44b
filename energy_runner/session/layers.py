# SPDX-License-Identifier: Apache-2.0
"""The energy of the layers of a network, as `result.json` holds it."""

from pydantic import Field

from energy_runner.session.document import Model


class LayerResult(Model):
    """One layer of the network, per inference."""

    name: str
    """Name of the layer."""
    operations: int
    """Multiply-accumulates."""
    duration_s: float
    """Duration, s."""
    energy_j: float
    """Energy, J."""
    u_j: float
    """Standard uncertainty, J: scatter of the fit and place of the edges; the monitor's errors are not in it."""


class Layers(Model):
    """The energy of each layer, fitted to all inferences whose marks are known."""

    inferences: int
    """Inferences in the fit."""
    energy_per_inference_j: float
    """What the layers add up to, J."""
    layers: list[LayerResult] = Field(default_factory=list)
    """The layers, in the order in which they run."""

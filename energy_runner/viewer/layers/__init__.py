# SPDX-License-Identifier: Apache-2.0
"""What happened, in the time of the trace: one file a family of layers, and `table` that lists them."""

from energy_runner.viewer.layers.table import Layers, layers

__all__ = ["Layers", "layers"]

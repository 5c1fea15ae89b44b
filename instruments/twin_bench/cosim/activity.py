# SPDX-License-Identifier: Apache-2.0
"""The activities that the firmware reports by its activity marker, and the current of the board in each.

The marker's numbers are those of `dut_firmware/port/cortex_m/board.h` and `dut_firmware/nn/er_nn.h`. The levels
are invented; they are typical of a Cortex-M4 board at 3 V, but not measured on any product.
"""

from enum import IntEnum

from instruments.devices.dut.twin_profile import Levels


class Activity(IntEnum):
    """`enum activity` of the port."""

    BOOT = 0
    IDLE = 1
    RECEIVE = 2
    TRANSMIT = 3
    INFER = 4


class LayerKind(IntEnum):
    """`er_kind_t` of the kernels."""

    CONV_2D = 1
    DEPTHWISE_CONV_2D = 2
    FULLY_CONNECTED = 3
    AVERAGE_POOL_2D = 4
    ADD = 5
    RESHAPE = 6
    SOFTMAX = 7


# Level of a layer relative to `Levels.infer_a`: layers that multiply keep the multiplier and the flash busy;
# layers that mostly move data draw less.
LAYER_LEVEL = {
    LayerKind.CONV_2D: 1.02,
    LayerKind.DEPTHWISE_CONV_2D: 0.97,
    LayerKind.FULLY_CONNECTED: 1.06,
    LayerKind.AVERAGE_POOL_2D: 0.90,
    LayerKind.ADD: 0.93,
    LayerKind.RESHAPE: 0.80,
    LayerKind.SOFTMAX: 0.85,
}


def activity_current_a(levels: Levels, activity: Activity) -> float:
    """Return the current in ampere during an activity."""
    return {
        Activity.BOOT: levels.boot_a,
        Activity.IDLE: levels.idle_a,
        Activity.RECEIVE: levels.uart_receive_a,
        Activity.TRANSMIT: levels.uart_send_a,
        Activity.INFER: levels.infer_a,
    }[activity]


def layer_current_a(levels: Levels, kind: LayerKind) -> float:
    """Return the current in ampere while a layer of that kind is computed."""
    return levels.infer_a * LAYER_LEVEL[kind]

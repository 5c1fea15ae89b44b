# SPDX-License-Identifier: Apache-2.0
"""The geometry of sliding windows: output sizes and padding.

Source: TFLite's padding rules (tensorflow/lite/kernels/padding.h): SAME gives ceil(input / stride) outputs and
puts the odd row or column of padding after the input; VALID pads nothing.
"""

from dataclasses import dataclass

from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.flatbuffer import Table

SAME, VALID = 0, 1
MAX_SIZE = 1 << 12


@dataclass(frozen=True)
class Window:
    """Size, strides and padding scheme of a window."""

    height: int
    width: int
    stride_y: int
    stride_x: int
    padding: int

    def output_size(self, height: int, width: int, where: str) -> tuple[int, int]:
        """Return the height and width of the output for this input."""
        if self.padding == SAME:
            return -(-height // self.stride_y), -(-width // self.stride_x)
        if self.height > height or self.width > width:
            raise UnusableModel(f"{where} has a window of {self.height} x {self.width} over {height} x {width}")
        return (height - self.height) // self.stride_y + 1, (width - self.width) // self.stride_x + 1

    def parameters(self, height: int, width: int) -> dict[str, int]:
        """Return the fields of er_window_t for this input."""
        return {
            "height": self.height,
            "width": self.width,
            "stride_y": self.stride_y,
            "stride_x": self.stride_x,
            "pad_top": self._pad_before(height, self.height, self.stride_y),
            "pad_left": self._pad_before(width, self.width, self.stride_x),
        }

    def _pad_before(self, size: int, window: int, stride: int) -> int:
        if self.padding == VALID:
            return 0
        return max((-(-size // stride) - 1) * stride + window - size, 0) // 2


def window_of(options: Table, size: tuple[int, int], dilation_field: int | None, where: str) -> Window:
    """Read strides and padding, which all windowed operators keep in the same fields, and check them."""
    padding = options.integer(0, "b")
    stride_x, stride_y = options.integer(1, "i"), options.integer(2, "i")
    if padding not in {SAME, VALID} or not all(1 <= n <= MAX_SIZE for n in (*size, stride_x, stride_y)):
        raise UnusableModel(
            f"{where} has a {size[0]} x {size[1]} window, strides {stride_y} and {stride_x}, padding {padding}"
        )
    if dilation_field is not None:
        dilations = [options.integer(dilation_field + n, "i", default=1) for n in range(2)]
        if dilations != [1, 1]:
            raise UnusableModel(
                f"{where} is dilated by {dilations[1]} and {dilations[0]}; only 1 and 1 has a kernel"
            )
    return Window(size[0], size[1], stride_y, stride_x, padding)

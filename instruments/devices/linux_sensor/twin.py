# SPDX-License-Identifier: Apache-2.0
"""The twin of a computer with sensors: it stands in for the kernel's files.

hwmon0 is the processor's sensor, which is warmer, hwmon1 a TMP102 on the bench, and iio has a BME280 that shows
raw readings. The errors of the two on the bench are drawn within ± 0.5 K and ± 1 K (assumed). With the probe open,
the TMP102 does not answer, as a chip that is not there.
"""

from instruments.world.library import LibraryPort
from instruments.world.world import World

ADDRESS = "hwmon:tmp102"
CHIP_K, IIO_K = 0.5, 1.0
_SCALE, _OFFSET = 10.0, -40.0  # of the raw readings
_PROCESSOR_K = 20.0


class VirtualLinuxSensor:
    """The files; `port` is where the host reads them."""

    def __init__(self, world: World, name: str = "sensor") -> None:
        self.world = world
        rng = world.rng(f"{name} error")
        scale = 0.0 if world.ideal else 1.0
        self._chip_k, self._iio_k = scale * CHIP_K * rng.uniform(-1, 1), scale * IIO_K * rng.uniform(-1, 1)
        self.port = LibraryPort(world, name, ADDRESS, lambda: self)

    def names(self, folder: str, timeout_s: float) -> list[str]:
        """Return the names in a folder."""
        below = (file[len(folder) + 1 :].split("/")[0] for file in self._files() if file.startswith(f"{folder}/"))
        return sorted(set(below))

    def text(self, file: str, timeout_s: float) -> str:
        """Return what stands in a file."""
        if self.world.faults.probe_open and file.startswith("/sys/class/hwmon/hwmon1/temp"):
            raise OSError(121, "Remote I/O error")
        return f"{self._files()[file]}\n"

    def _files(self) -> dict[str, str]:
        room_c = self.world.room_c()
        hwmon, iio = "/sys/class/hwmon", "/sys/bus/iio/devices/iio:device0"
        return {
            f"{hwmon}/hwmon0/name": "coretemp",
            f"{hwmon}/hwmon0/temp1_input": str(round((room_c + _PROCESSOR_K) * 1000)),
            f"{hwmon}/hwmon0/temp1_label": "Package id 0",
            f"{hwmon}/hwmon0/temp2_input": str(round((room_c + _PROCESSOR_K) * 1000)),
            f"{hwmon}/hwmon0/temp2_label": "Core 0",
            f"{hwmon}/hwmon1/name": "tmp102",
            f"{hwmon}/hwmon1/temp1_input": str(round((room_c + self._chip_k) * 16) * 1000 // 16),
            f"{iio}/name": "bme280",
            f"{iio}/in_temp_raw": str(round((room_c + self._iio_k) * 1000 / _SCALE - _OFFSET)),
            f"{iio}/in_temp_offset": f"{_OFFSET:g}",
            f"{iio}/in_temp_scale": f"{_SCALE:g}",
        }

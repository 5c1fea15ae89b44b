# SPDX-License-Identifier: Apache-2.0
"""Judge what `size` prints of an image: say what it takes, and by how much it misses the target's flash and RAM.

`arm-none-eabi-size IMAGE | python sizes.py NAME FLASH_BYTES RAM_BYTES`; exit status 1 if the image is too big.
"""

import sys


def main(name: str, flash_bytes: int, ram_bytes: int) -> int:
    """Read the two lines of `size` (Berkeley format: text, data, bss) from stdin."""
    text, data, bss = (int(field) for field in sys.stdin.readlines()[1].split()[:3])
    # Initial values of variables lie in flash and are copied to RAM, so they count twice.
    sizes = (("flash", text + data, flash_bytes), ("RAM", data + bss, ram_bytes))
    taken = " and ".join(f"{need} bytes of {kind}" for kind, need, _ in sizes)
    sys.stdout.write(f"The firmware with {name} takes {taken}\n")
    misses = [
        f"{need} bytes of {kind}, {need - limit} more than the {limit} there are"
        for kind, need, limit in sizes
        if need > limit
    ]
    if misses:
        needed = ", and ".join(misses)
        sys.stderr.write(f"error: {name} is too big for the target: the firmware with it needs {needed}\n")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

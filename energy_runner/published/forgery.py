# SPDX-License-Identifier: Apache-2.0
"""What a power monitor can and cannot have written; pure functions on samples.

The LPM01A writes energies of four significant digits (`5834-08` is 58.34 µJ), and the EEMBC runner keeps its
samples in blocks of 1024. A trace that was computed, scaled or copied together has other digits or another length.
"""

import numpy as np
import numpy.typing as npt

LPM01A = "lpm01a"
BLOCK = 1024


def odd_digits(samples: npt.NDArray[np.float32] | npt.NDArray[np.float64]) -> int:
    """Return how many samples have more than four significant digits; those that are not finite do not count.

    A sample counts as four digits if the nearest number of four digits, in its own precision, is the sample.
    """
    values = samples[np.isfinite(samples) & (samples != 0)]
    if not len(values):
        return 0
    exact = values.astype(np.float64)
    digits = 3.0 - np.floor(np.log10(np.abs(exact)))
    # Powers of ten are exact only up to 1e22, so each sample is scaled by one division or one multiplication.
    up, down = np.power(10.0, np.clip(digits, 0, 22)), np.power(10.0, np.clip(-digits, 0, 22))
    nearest = np.rint(exact * up / down) * down / up
    if samples.dtype == np.float32:
        return int(np.count_nonzero(nearest.astype(np.float32) != values))
    return int(np.count_nonzero(np.abs(nearest - exact) > 1e-12 * np.abs(exact)))

# SPDX-License-Identifier: Apache-2.0
"""The coverage factor that belongs to a budget: from the distribution of the combined error itself.

U = k · u with k = 2 is right for a normal distribution. One rectangular component that outweighs all others
(a data sheet's gain, say) makes ±2 u cover everything and ±1.65 u the wanted 95 %; few degrees of freedom do
the opposite. For a linear model the distribution of the result is the convolution of its components'
distributions (JCGM 100:2008, G.1.4 and G.1.5; JCGM 101:2008, 5.3.2), and k is half the width of its central
95 % over u. The convolution is done on a grid, by Fourier transform: no random numbers, the same k always.
`scipy.special` has the distribution functions and quantiles that `scipy.stats.norm` and `t` are made of, without
the second that importing `scipy.stats` takes.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]
Distribution = Literal["rectangular", "normal", "t"]

PROBABILITY = 0.95
WITHOUT_SPREAD = 2.0  # the factor where there is no uncertainty at all
_BINS = 8192
_SHAPELESS = 0.01  # of the combined u: what is smaller has no visible shape, and counts as normal
_NORMAL_REACH = 7.0  # standard uncertainties
_T_REACH = 60.0
_DIGITS = 3  # of k after the point; sines and exponentials differ in the last bit between machines


@dataclass(frozen=True)
class Part:
    """One independent contribution: standard uncertainty `u`, shape, and degrees of freedom if it is a `t`.

    A `t` with n - 1 degrees of freedom is scaled by u = s/√n, as the mean of n readings is distributed
    (JCGM 101:2008, 6.4.9.4); its own standard deviation is larger.
    """

    distribution: Distribution
    u: float
    dof: float = math.inf


def coverage_factor(parts: Iterable[Part], probability: float = PROBABILITY) -> float:
    """Return k such that ±k · u, u the root of the sum of squares, covers the combined error with `probability`.

    Rounded to three decimals. Errors are taken as symmetrical about zero.
    """
    given = [part for part in parts if part.u > 0]
    u = math.sqrt(math.fsum(part.u**2 for part in given))
    if not u > 0:
        return WITHOUT_SPREAD
    # In units of u; everything normal, or too small to have a shape, is one normal distribution.
    shaped = [part for part in given if part.distribution != "normal" and part.u > _SHAPELESS * u]
    normal = math.sqrt(max(0.0, 1 - math.fsum((part.u / u) ** 2 for part in shaped)))
    scaled = [Part(part.distribution, part.u / u, part.dof) for part in shaped]
    if normal > 1e-9:
        scaled.append(Part("normal", normal))
    if len(scaled) == 1:
        return round(_quantile(scaled[0], (1 + probability) / 2), _DIGITS)
    reach = math.fsum(_reach(part) for part in scaled)
    step = 2 * reach / _BINS
    spectrum = np.ones(_BINS // 2 + 1, dtype=np.complex128)
    for part in scaled:
        spectrum *= np.fft.rfft(_masses(part, step))
    masses = np.fft.irfft(spectrum, _BINS)[: _BINS // 2]
    return round(_half_width(masses, step, probability), _DIGITS)


def _reach(part: Part) -> float:
    """Return how far from zero the part is evaluated."""
    each = {"rectangular": math.sqrt(3), "normal": _NORMAL_REACH, "t": _T_REACH}
    return each[part.distribution] * part.u


def _quantile(part: Part, probability: float) -> float:
    """Return the quantile of a part whose standard uncertainty is 1."""
    if part.distribution == "rectangular":
        return (2 * probability - 1) * math.sqrt(3)
    return float(ndtri(probability) if part.distribution == "normal" else stdtrit(part.dof, probability))


def _masses(part: Part, step: float) -> FloatArray:
    """Return the probability of each bin. What lies beyond the reach of a t distribution stays out: not covered.

    It is that between the bin's two edges, and not the density at its centre: so a part as narrow as a bin keeps
    its probability, too.
    """
    edges = (np.arange(_BINS // 2 + 1) + 0.5) * (step / part.u)
    if part.distribution == "rectangular":
        beyond = np.clip(0.5 - edges / (2 * math.sqrt(3)), 0.0, 0.5)
    else:  # by the lower tail, where differences of small probabilities lose no digits
        beyond = ndtr(-edges) if part.distribution == "normal" else stdtr(part.dof, -edges)
    side = -np.diff(beyond)
    # Bin i is centred at i · step, negative ones at the end, as the discrete transform has it.
    return np.concatenate(([1 - 2 * beyond[0]], side, side[-2::-1]))


def _half_width(masses: FloatArray, step: float, probability: float) -> float:
    """Return the half-width around zero that holds `probability`, interpolated within the bin.

    It is the end of the grid where all of it holds less.
    """
    # Up to the outer edge of bin j: the middle bin once, the others on both sides.
    within = masses[0] + 2 * np.concatenate(([0.0], np.cumsum(masses[1:])))
    edges = (np.arange(len(masses)) + 0.5) * step
    return float(np.interp(probability, within, edges))

# SPDX-License-Identifier: Apache-2.0
"""The synthesized sound of a machine: a motor's harmonics, a gear, a fan. An anomalous machine has a fault.

A recording is a spectrogram with 128 log-mel bands per column; an input is five columns and slides over it.
"""

import numpy as np

CLASSES = ("normal", "anomalous")
FAULTS = ("knock", "whine", "rub", "lost harmonic", "slow")
RATE_HZ = 16_000
FRAME, HOP = 1024, 512
BANDS, COLUMNS, RECORDED = 128, 5, 20


def sound(fault: str | None, rng: np.random.Generator) -> np.ndarray:
    """Return a recording as samples at 16 kHz, long enough for `RECORDED` columns."""
    count = FRAME + (RECORDED - 1) * HOP
    t = np.arange(count) / RATE_HZ
    speed = rng.uniform(47, 53) * (rng.uniform(0.9, 0.97) if fault == "slow" else 1.0)
    strength = np.array([1.0, 0.6, 0.45, 0.3, 0.25, 0.2, 0.15, 0.12]) * rng.uniform(0.85, 1.15, 8)
    if fault == "lost harmonic":
        strength[rng.integers(1, 4)] *= rng.uniform(0.1, 0.6)
    phase = rng.uniform(0, 2 * np.pi, 9)
    wave = sum(a * np.sin(2 * np.pi * speed * (k + 1) * t + phase[k]) for k, a in enumerate(strength))
    wave += 0.35 * np.sin(2 * np.pi * speed * 17 * t + phase[8]) * (1 + 0.3 * np.sin(2 * np.pi * speed * t))
    wave += _band(rng, count, 300, 2500) * 0.25
    if fault == "whine":
        wave += rng.uniform(0.004, 0.05) * np.sin(2 * np.pi * rng.uniform(2800, 6500) * t)
    if fault == "rub":
        wave += _band(rng, count, 3500, 7500) * rng.uniform(0.002, 0.03)
    if fault == "knock":
        beat = np.mod(t * speed / 4 + rng.random(), 1.0)
        wave += rng.uniform(0.02, 0.3) * np.exp(-beat * 30) * rng.normal(size=count)
    return wave * rng.uniform(0.8, 1.25) + rng.normal(0, 0.01, count)


def _band(rng: np.random.Generator, count: int, low_hz: float, high_hz: float) -> np.ndarray:
    spectrum = np.fft.rfft(rng.normal(size=count))
    at_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(at_hz < low_hz) | (at_hz > high_hz)] = 0
    shaped = np.fft.irfft(spectrum, count)
    return shaped / np.std(shaped)


def _mel(hertz: np.ndarray) -> np.ndarray:
    return 1127.0 * np.log1p(hertz / 700.0)


def _filters() -> np.ndarray:
    edges = np.linspace(0.0, float(_mel(np.array(RATE_HZ / 2))), BANDS + 2)
    bins = _mel(np.arange(FRAME // 2 + 1) * RATE_HZ / FRAME)
    width = edges[1] - edges[0]
    # Low bands are narrower than a bin of the transform; each takes at least its nearest one.
    return np.maximum(
        0.0, 1.0 - np.abs(bins[None] - edges[1:-1, None]) / np.maximum(width, np.gradient(bins))[None]
    )


_FILTERS = _filters()


def columns(samples: np.ndarray) -> np.ndarray:
    """Return the spectrogram in decibel, float32 [RECORDED, 128]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME))) ** 2
    return (10 * np.log10(power @ _FILTERS.T + 1e-3)).astype(np.float32)


def recordings(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return spectrograms [n, RECORDED, 128] and classes [n]; those for training are all normal."""
    count, seed = {"training": (1500, 31), "held-out": (400, 32)}[part]
    rng = np.random.default_rng(seed)
    labels = np.zeros(count, int) if part == "training" else rng.integers(0, 2, count)
    faults = [str(rng.choice(FAULTS)) if label else None for label in labels]
    return np.array([columns(sound(fault, rng)) for fault in faults]), labels


def windows(spectrograms: np.ndarray) -> np.ndarray:
    """Return every input of every recording, float32 [n, RECORDED - 4, 640]."""
    view = np.lib.stride_tricks.sliding_window_view(spectrograms, COLUMNS, axis=1)
    return np.ascontiguousarray(np.moveaxis(view, -1, 2)).reshape(len(spectrograms), -1, COLUMNS * BANDS)

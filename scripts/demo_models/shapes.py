# SPDX-License-Identifier: Apache-2.0
"""Drawn shapes of ten kinds, 32 x 32 pixels in colour, with random place, size, rotation and light."""

import numpy as np

CLASSES = ("disc", "ring", "square", "frame", "triangle", "plus", "bars", "checks", "star", "half-disc")
SIZE = 32
_FINE = 2  # each pixel is the mean of this many by this many points


def draw(label: int, rng: np.random.Generator) -> np.ndarray:
    """Return one picture, uint8 [32, 32, 3]."""
    points = (np.arange(SIZE * _FINE) + 0.5) / (SIZE * _FINE) * 2 - 1
    x, y = np.meshgrid(points, points)
    scale, turn = rng.uniform(0.45, 0.8), rng.uniform(0, 2 * np.pi)
    x, y = (x - rng.uniform(-0.2, 0.2)) / scale, (y - rng.uniform(-0.2, 0.2)) / scale
    x, y = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    inside = _inside(CLASSES[label], x, y)
    back, front = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    while np.linalg.norm(back - front) < 110:
        front = rng.uniform(0, 255, 3)
    picture = np.where(inside[..., None], front, back)
    picture = picture.reshape(SIZE, _FINE, SIZE, _FINE, 3).mean((1, 3))
    light = 1 + rng.uniform(-0.25, 0.25) * np.linspace(-1, 1, SIZE)[:, None, None]
    return np.clip(np.rint(picture * light + rng.normal(0, 8, picture.shape)), 0, 255).astype(np.uint8)


def _inside(kind: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    radius, square = np.hypot(x, y), np.maximum(np.abs(x), np.abs(y))
    angle = np.arctan2(y, x)
    return {
        "disc": radius < 0.9,
        "ring": (radius < 0.95) & (radius > 0.6),
        "square": square < 0.8,
        "frame": (square < 0.85) & (square > 0.52),
        "triangle": (y < 0.6) & (y > 1.9 * np.abs(x) - 1.0),
        "plus": ((np.abs(x) < 0.28) | (np.abs(y) < 0.28)) & (square < 0.9),
        "bars": (square < 0.9) & (np.mod(x * 2.2 + 0.25, 1.0) < 0.5),
        "checks": (square < 0.9) & ((np.mod(x * 1.1, 1.0) < 0.5) ^ (np.mod(y * 1.1, 1.0) < 0.5)),
        "star": radius < 0.5 + 0.42 * np.cos(5 * angle),
        "half-disc": (radius < 0.95) & (y > 0),
    }[kind]


def data(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures [n, 32, 32, 3] from 0 to 255 and classes [n] of "training" or "held-out"."""
    count, seed = {"training": (20000, 11), "held-out": (2000, 12)}[part]
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(CLASSES), count)
    return np.array([draw(int(label), rng) for label in labels], np.float32), labels

# SPDX-License-Identifier: Apache-2.0
"""Drawn scenes, 96 x 96 pixels in colour: a figure with head, body, arms and legs, or only clutter.

The clutter consists of the same parts, discs and bars in the same colours, which never form a figure.
"""

import numpy as np

CLASSES = ("no figure", "figure")
SIZE = 96
_GRID = np.stack(np.meshgrid(np.arange(SIZE) + 0.5, np.arange(SIZE) + 0.5), -1)


def _disc(picture: np.ndarray, centre: np.ndarray, radius: float, colour: np.ndarray) -> None:
    picture[np.hypot(*np.moveaxis(_GRID - centre, -1, 0)) < radius] = colour


def _bar(picture: np.ndarray, start: np.ndarray, stop: np.ndarray, width: float, colour: np.ndarray) -> None:
    along = stop - start
    part = np.clip(((_GRID - start) @ along) / max(1e-9, float(along @ along)), 0, 1)
    away = np.linalg.norm(_GRID - start - part[..., None] * along, axis=-1)
    picture[away < width / 2] = colour


def _figure(picture: np.ndarray, rng: np.random.Generator) -> None:
    height = rng.uniform(32, 80)
    hip = np.array([rng.uniform(20, 76), rng.uniform(0.5 * height + 4, 92 - 0.35 * height)])
    lean = rng.uniform(-0.2, 0.2)
    up = np.array([np.sin(lean), -np.cos(lean)])
    shoulder = hip + up * 0.33 * height
    skin, cloth, legs = (rng.uniform(0, 255, 3) for _ in range(3))
    thick = height * rng.uniform(0.05, 0.09)
    for side in (-1, 1):
        spread = rng.uniform(0.1, 0.45)
        _bar(picture, hip, hip + height * 0.42 * np.array([side * np.sin(spread), np.cos(spread)]), thick, legs)
        raised = rng.uniform(0.2, 2.6)
        _bar(
            picture,
            shoulder,
            shoulder + height * 0.32 * np.array([side * np.sin(raised), np.cos(raised)]),
            thick,
            cloth,
        )
    _bar(picture, hip, shoulder, height * rng.uniform(0.14, 0.22), cloth)
    _disc(picture, shoulder + up * 0.16 * height, height * rng.uniform(0.08, 0.11), skin)


def _clutter(picture: np.ndarray, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(2, 8))):
        colour, centre = rng.uniform(0, 255, 3), rng.uniform(0, SIZE, 2)
        if rng.random() < 0.4:
            _disc(picture, centre, rng.uniform(2, 14), colour)
        else:
            _bar(picture, centre, centre + rng.uniform(-40, 40, 2), rng.uniform(2, 12), colour)


def draw(label: int, rng: np.random.Generator) -> np.ndarray:
    """Return one scene, uint8 [96, 96, 3]."""
    corners = rng.uniform(0, 255, (2, 3))
    slope = np.linspace(0, 1, SIZE)[:, None, None]
    picture = np.broadcast_to(corners[0] * (1 - slope) + corners[1] * slope, (SIZE, SIZE, 3)).copy()
    _clutter(picture, rng)
    if label:
        _figure(picture, rng)
    return np.clip(np.rint(picture + rng.normal(0, 8, picture.shape)), 0, 255).astype(np.uint8)


def data(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return scenes [n, 96, 96, 3] from 0 to 255 and classes [n] of "training" or "held-out"."""
    count, seed = {"training": (8000, 21), "held-out": (1000, 22)}[part]
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    return np.array([draw(int(label), rng) for label in labels], np.float32), labels

# SPDX-License-Identifier: Apache-2.0
"""Spoken keywords: espeak-ng in many voices, speeds and pitches, with noise, as 49 x 10 MFCC features.

The features are 49 frames of 40 ms, 20 ms apart, of one second at 16 kHz; 40 mel bands from 20 to 4000 Hz;
logarithm; the first ten coefficients of a DCT-II. Whole voices are held out, not only other recordings.
"""

import io
import subprocess
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np

WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
UNKNOWN = ("seven", "table", "window", "bird", "happy", "cat", "marvin", "three", "house", "wow", "tree", "sheila")
CLASSES = (*WORDS, "silence", "unknown")
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp")
TRAINING_VOICES = ("m1", "m2", "m3", "m4", "m5", "f1", "f2", "f3", "f4")
HELD_OUT_VOICES = ("m6", "m7", "f5")
SPEEDS = (130, 160, 190)
PITCHES = (35, 55, 75)

RATE_HZ = 16_000
FRAME, HOP, FFT = 640, 320, 1024
BANDS, COEFFICIENTS, FRAMES = 40, 10, 49


def speak(word: str, voice: str, speed: int, pitch: int) -> np.ndarray:
    """Return a spoken word as float samples at 16 kHz, without the silence at both ends."""
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", word]
    spoken = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
    # espeak-ng cannot know the length of a stream and writes a wrong one into the header.
    with wave.open(io.BytesIO(spoken[:40] + (len(spoken) - 44).to_bytes(4, "little") + spoken[44:])) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768.0
    times = np.arange(0, len(samples) / rate, 1 / RATE_HZ)
    samples = np.interp(times, np.arange(len(samples)) / rate, samples)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def one_second(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return one second with the word at a random place and loudness, in random noise."""
    second = np.zeros(RATE_HZ)
    samples = samples[:RATE_HZ]
    start = int(rng.integers(0, RATE_HZ - len(samples) + 1))
    second[start : start + len(samples)] = samples * rng.uniform(0.4, 1.2)
    return second + noise(rng) * rng.uniform(0.001, 0.02)


def noise(rng: np.random.Generator) -> np.ndarray:
    """Return a second of noise, white or coloured, with a standard deviation of 1."""
    white = np.fft.rfft(rng.normal(size=RATE_HZ))
    shaped = np.fft.irfft(white / np.maximum(1, np.arange(len(white))) ** rng.uniform(0.0, 0.6), RATE_HZ)
    return shaped / np.std(shaped)


def _mel(hertz: np.ndarray) -> np.ndarray:
    return 1127.0 * np.log1p(hertz / 700.0)


def _filters() -> np.ndarray:
    edges = np.linspace(_mel(np.array(20.0)), _mel(np.array(4000.0)), BANDS + 2)
    bins = _mel(np.arange(FFT // 2 + 1) * RATE_HZ / FFT)
    rising = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0.0, np.minimum(rising, falling))


_FILTERS = _filters()
_DCT = np.cos(np.pi / BANDS * (np.arange(BANDS)[None] + 0.5) * np.arange(COEFFICIENTS)[:, None])


def features(second: np.ndarray) -> np.ndarray:
    """Return the MFCC features of one second, [49, 10]."""
    frames = np.lib.stride_tricks.sliding_window_view(second, FRAME)[::HOP][:FRAMES]
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME), FFT)) ** 2
    return np.log(power @ _FILTERS.T + 1e-6) @ _DCT.T


def recordings(voices: tuple[str, ...], seed: int, copies: int) -> Iterator[tuple[np.ndarray, int]]:
    """Yield (features, class), each utterance with `copies` places and noises; the caller shuffles them."""
    rng = np.random.default_rng(seed)
    spoken = [(word, label) for label, word in enumerate(WORDS)] + [(word, len(WORDS) + 1) for word in UNKNOWN]
    ways = [
        (f"{accent}+{voice}", speed, pitch)
        for accent, voice, speed, pitch in product(ACCENTS, voices, SPEEDS, PITCHES)
    ]
    # As many unknown words as utterances of one keyword, or a few more.
    jobs = [
        (word, label, *way)
        for word, label in spoken
        for way in (ways if label < len(WORDS) else ways[:: len(UNKNOWN) // 2])
    ]
    with ThreadPoolExecutor(2) as pool:
        sounds = pool.map(lambda job: speak(job[0], *job[2:]), jobs)
        for (_, label, *_way), sound in zip(jobs, sounds, strict=True):
            for _ in range(copies):
                yield features(one_second(sound, rng)), label
    for _ in range(copies * len(ways)):
        yield features(noise(rng) * rng.uniform(0.0005, 0.03)), len(WORDS)


def data(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return features [n, 49, 10, 1] and classes [n] of "training" or "held-out"."""
    voices, seed, copies = {"training": (TRAINING_VOICES, 1, 3), "held-out": (HELD_OUT_VOICES, 2, 1)}[part]
    pairs = list(recordings(voices, seed, copies))
    order = np.random.default_rng(seed).permutation(len(pairs))
    values = np.array([pairs[k][0] for k in order], np.float32)[..., None]
    return values, np.array([pairs[k][1] for k in order])

# SPDX-License-Identifier: Apache-2.0
"""Make the demo benchmarks: data, network, quantization, accuracy on held-out data, and the files to commit.

scripts/train-demo-models [keywords] [figure] [shapes] [machine]
"""

import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from sklearn.metrics import roc_auc_score

from demo_models import figures, keywords, machine, networks, shapes
from demo_models.quantize import Interpreter, quantized, write

OUT = Path(__file__).parents[2] / "energy_runner" / "benchmarks" / "demo_data"
SEED = 7
EXAMPLES = 300  # from which the ranges of the quantization are taken


def fit(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int, loss: str) -> None:
    """Train with Adam and a learning rate that falls to a hundredth."""
    steps = epochs * -(-len(x) // 64)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps, alpha=0.01)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(x, y, 64, epochs, verbose=2)


def card(name: str, what: str, accuracy: str, source: str) -> None:
    """Write the model's card."""
    text = (
        f"demo-{name}: {what}\n\n"
        "Made by this project: data drawn or synthesized by scripts/demo_models, network trained and quantized\n"
        "there (scripts/train-demo-models). It is not an official benchmark and does not represent one; it lets\n"
        "a fresh clone measure something real.\n\n"
        f"Held-out accuracy of the quantized network, by the tflite-micro interpreter: {accuracy}\n"
        f"Data: scripts/demo_models/{source}.py\n"
        "Licence: Apache-2.0\n"
    )
    write(OUT / f"demo-{name}" / "CARD.txt", text.encode())


def classifier(
    name: str,
    module: object,
    build: Callable[[int], keras.Model],
    epochs: int,
    kept: int,
    what: str,
    *,
    as_bytes: Callable[[Interpreter, np.ndarray], bytes],
) -> None:
    """Make a benchmark with a classifier; `kept` stimuli of the held-out data are committed."""
    classes = module.CLASSES
    x, y = module.data("training")
    model = build(len(classes))
    fit(model, x, y, epochs, "sparse_categorical_crossentropy")
    file = quantized(model, x[:EXAMPLES])
    interpreter = Interpreter(file)
    held_x, held_y = module.data("held-out")
    answers = [int(np.argmax(interpreter.answer(interpreter.quantize(one)))) for one in held_x]
    right = int(np.sum(np.array(answers) == held_y))
    folder = OUT / f"demo-{name}"
    write(folder / f"demo-{name}.tflite", file)
    # From each class in turn, so that a short run covers all of them.
    order = np.argsort([(np.sum(held_y[:k] == label), label) for k, label in enumerate(held_y)], axis=0)[:, 0]
    lines = []
    for number, k in enumerate(order[:kept]):
        stimulus = f"{classes[held_y[k]].replace(' ', '-')}_{number:03d}.bin"
        write(folder / stimulus, as_bytes(interpreter, held_x[k]))
        lines.append(f"{stimulus},{len(classes)},{held_y[k]}\n")
    write(folder / "y_labels.csv", "".join(lines).encode())
    card(
        name, what, f"{right} of {len(held_y)} ({100 * right / len(held_y):.1f} %)", module.__name__.split(".")[-1]
    )
    print(f"demo-{name}: {right} of {len(held_y)}, {len(file)} bytes")


def make_machine() -> None:
    """Make the benchmark that detects anomalies by the error of reconstruction."""
    spectrograms, _ = machine.recordings("training")
    x = machine.windows(spectrograms).reshape(-1, machine.COLUMNS * machine.BANDS)
    model = networks.autoencoder(x.shape[1])
    fit(model, x, x, 12, "mse")
    file = quantized(model, x[:: len(x) // EXAMPLES])
    interpreter = Interpreter(file)
    held, labels = machine.recordings("held-out")
    scores = []
    for one in machine.windows(held):
        errors = [np.mean((interpreter.answer(interpreter.quantize(window)) - window) ** 2) for window in one]
        scores.append(np.mean(errors))
    folder = OUT / "demo-machine"
    write(folder / "demo-machine.tflite", file)
    normal, anomalous = np.flatnonzero(labels == 0)[:12], np.flatnonzero(labels == 1)[:12]
    lines = []
    for number, k in enumerate(np.stack([normal, anomalous], 1).reshape(-1)):
        stimulus = f"{machine.CLASSES[labels[k]]}_{number:03d}.bin"
        write(folder / stimulus, held[k].astype("<f4").tobytes())
        lines.append(f"{stimulus},2,{labels[k]},{machine.COLUMNS * machine.BANDS * 4},{machine.BANDS * 4}\n")
    write(folder / "y_labels.csv", "".join(lines).encode())
    auc = roc_auc_score(labels, scores)
    card(
        "machine",
        "does a synthesized machine sound as it should?",
        f"AUC {auc:.3f} over {len(labels)} recordings",
        "machine",
    )
    print(f"demo-machine: AUC {auc:.4f}, {len(file)} bytes")


def _int8(interpreter: Interpreter, values: np.ndarray) -> bytes:
    return interpreter.quantize(values).tobytes()


def _pixels(_: Interpreter, values: np.ndarray) -> bytes:
    return values.astype(np.uint8).tobytes()


MAKERS: dict[str, Callable[[], None]] = {
    "keywords": lambda: classifier(
        "keywords",
        keywords,
        networks.ds_cnn,
        25,
        120,
        "which of twelve words did espeak-ng speak?",
        as_bytes=_int8,
    ),
    "shapes": lambda: classifier(
        "shapes", shapes, networks.resnet, 12, 40, "which of ten shapes is drawn?", as_bytes=_pixels
    ),
    "figure": lambda: classifier(
        "figure", figures, networks.mobilenet, 8, 12, "is a figure drawn among the clutter?", as_bytes=_pixels
    ),
    "machine": make_machine,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or list(MAKERS):
        keras.utils.set_random_seed(SEED)
        MAKERS[wanted]()

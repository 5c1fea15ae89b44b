# SPDX-License-Identifier: Apache-2.0
"""Narrower networks of the reference architectures, with operators that our kernels support."""

from keras import Model, Sequential, layers


def _conv(width: int, kernel: int | tuple[int, int], stride: int | tuple[int, int] = 1) -> list[layers.Layer]:
    return [
        layers.Conv2D(width, kernel, stride, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def _separable(width: int, stride: int = 1) -> list[layers.Layer]:
    depthwise = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)
    return [depthwise, layers.BatchNormalization(), layers.ReLU(), *_conv(width, 1)]


def ds_cnn(classes: int) -> Model:
    """Keywords: DS-CNN (Zhang et al., arXiv:1711.07128), 48 channels."""
    parts = [layers.Input((49, 10, 1)), *_conv(48, (10, 4), (2, 2))]
    for _ in range(4):
        parts += _separable(48)
    parts += [layers.Dropout(0.2), layers.AveragePooling2D((25, 5)), layers.Flatten(), layers.Dense(classes)]
    return Sequential([*parts, layers.Softmax()])


def mobilenet(classes: int) -> Model:
    """Figures: MobileNetV1 (Howard et al., arXiv:1704.04861) at width 0.25, without its last, widest blocks."""
    parts = [layers.Input((96, 96, 3)), *_conv(8, 3, 2)]
    for width, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (96, 2), (96, 1), (96, 1)):
        parts += _separable(width, stride)
    parts += [layers.AveragePooling2D((6, 6)), layers.Flatten(), layers.Dense(classes)]
    return Sequential([*parts, layers.Softmax()])


def resnet(classes: int) -> Model:
    """Shapes: ResNet (He et al., arXiv:1512.03385) with three stacks of one block, 12 to 48 channels."""
    source = layers.Input((32, 32, 3))

    def through(x: object, parts: list[layers.Layer]) -> object:
        for part in parts:
            x = part(x)
        return x

    x = through(source, _conv(12, 3))
    for width, stride in ((12, 1), (24, 2), (48, 2)):
        main = through(x, [*_conv(width, 3, stride), *_conv(width, 3)[:2]])
        shortcut = x if stride == 1 else layers.Conv2D(width, 1, stride, padding="same")(x)
        x = layers.ReLU()(layers.Add()([main, shortcut]))
    parts = [layers.AveragePooling2D((8, 8)), layers.Flatten(), layers.Dense(classes), layers.Softmax()]
    return Model(source, through(x, parts))


def autoencoder(values: int) -> Model:
    """Machine: fully connected autoencoder (as the DCASE 2020 baseline, task 2), 64 wide and 8 in the middle."""
    parts: list[layers.Layer] = [layers.Input((values,))]
    for width in (64, 64, 8, 64, 64):
        parts += [layers.Dense(width), layers.BatchNormalization(), layers.ReLU()]
    return Sequential([*parts, layers.Dense(values)])

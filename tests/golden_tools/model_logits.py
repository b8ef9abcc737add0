#!/usr/bin/env python3
"""Answers and gradients of torchvision's networks whose weights follow from a formula, for TorchvisionLogitsTests:
data/torchvision_logits.safetensors.

    python3 tests/golden_tools/model_logits.py [digests]

With "digests", prints the numbers of parameters and the digests of names and shapes of the networks of full size instead.
"""
import hashlib
import math
import pathlib
import sys

import numpy
import torch
import torchvision.models as models
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.models.vgg import VGG, make_layers

import safetensors_io
from model_numbers import NarrowResNet

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "torchvision_logits.safetensors"
CLASSES = 10
INPUT = 99999


def numbers(count, key):
    """Numbers in [-0.5, 0.5) from a hash of their positions, the same wherever they are computed."""
    with numpy.errstate(over="ignore"):
        h = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(key) * numpy.uint32(2246822519) + numpy.uint32(374761393)
        h ^= h >> numpy.uint32(15)
        h *= numpy.uint32(2246822519)
        h ^= h >> numpy.uint32(13)
        h *= numpy.uint32(3266489917)
        h ^= h >> numpy.uint32(16)
    return h / 4294967296.0 - 0.5


def fill(net):
    for key, (name, tensor) in enumerate(net.state_dict().items()):
        if not tensor.is_floating_point():
            continue
        r = numbers(tensor.numel(), key)
        if name.endswith("running_mean") or name.endswith("bias"):
            values = 0.2 * r
        elif name.endswith("running_var"):
            values = 1 + r
        elif tensor.dim() == 1:
            values = 1 + 0.5 * r
        elif name.endswith("weight"):
            values = r * math.sqrt(24.0 / (tensor.numel() // tensor.shape[0]))
        else:
            values = 0.5 * r
        tensor.copy_(torch.from_numpy(values.astype(numpy.float32)).reshape(tensor.shape))


def vgg(counts, batch_norm):
    layers = []
    for stage, count in enumerate(counts):
        layers += [8 * min(2**stage, 8)] * count + ["M"]
    net = VGG(nn.Identity(), num_classes=CLASSES, init_weights=False, dropout=0)
    net.features = make_layers(layers, batch_norm=batch_norm)
    net.classifier = nn.Sequential(
        nn.Linear(64 * 49, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, CLASSES))
    return net


def alexnet():
    net = models.AlexNet(num_classes=CLASSES)
    net.classifier = nn.Sequential(
        nn.Dropout(), nn.Linear(256 * 36, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 16), nn.ReLU(True), nn.Linear(16, CLASSES))
    return net


def vit(size, patch, layers, heads, hidden, mlp):
    return models.VisionTransformer(size, patch, layers, heads, hidden, mlp, num_classes=CLASSES)


NETS = {
    "resnet18": lambda: models.resnet18(num_classes=CLASSES),
    "resnet34": lambda: NarrowResNet(BasicBlock, [3, 4, 6, 3], 8, CLASSES),
    "resnet50": lambda: models.resnet50(num_classes=CLASSES),
    "resnet101": lambda: NarrowResNet(Bottleneck, [3, 4, 23, 3], 8, CLASSES),
    "resnet152": lambda: NarrowResNet(Bottleneck, [3, 8, 36, 3], 8, CLASSES),
    "densenet121": lambda: models.densenet121(num_classes=CLASSES),
    "densenet161": lambda: models.DenseNet(6, (6, 12, 36, 24), 12, num_classes=CLASSES),
    "densenet169": lambda: models.DenseNet(4, (6, 12, 32, 32), 8, num_classes=CLASSES),
    "densenet201": lambda: models.DenseNet(4, (6, 12, 48, 32), 8, num_classes=CLASSES),
    "vgg11": lambda: vgg([1, 1, 2, 2, 2], False),
    "vgg11_bn": lambda: vgg([1, 1, 2, 2, 2], True),
    "vgg13": lambda: vgg([2, 2, 2, 2, 2], False),
    "vgg13_bn": lambda: vgg([2, 2, 2, 2, 2], True),
    "vgg16": lambda: vgg([2, 2, 3, 3, 3], False),
    "vgg16_bn": lambda: vgg([2, 2, 3, 3, 3], True),
    "vgg19": lambda: vgg([2, 2, 4, 4, 4], False),
    "vgg19_bn": lambda: vgg([2, 2, 4, 4, 4], True),
    "alexnet": alexnet,
    "mobilenet_v2": lambda: models.mobilenet_v2(num_classes=CLASSES),
    "mobilenet_v3_large": lambda: models.mobilenet_v3_large(num_classes=CLASSES),
    "mobilenet_v3_small": lambda: models.mobilenet_v3_small(num_classes=CLASSES),
    "squeezenet1_0": lambda: models.squeezenet1_0(num_classes=CLASSES),
    "squeezenet1_1": lambda: models.squeezenet1_1(num_classes=CLASSES),
    "resnext": lambda: models.ResNet(Bottleneck, [1, 2, 1, 1], CLASSES, groups=32, width_per_group=4),
    "wide_resnet": lambda: NarrowResNet(Bottleneck, [1, 1, 2], 8, CLASSES, width_per_group=128),
    "vit_b_16": lambda: vit(64, 16, 12, 12, 24, 32),
    "vit_tiny": lambda: vit(64, 8, 2, 3, 36, 20),
}
FULL = [
    "resnet101", "resnet152", "densenet161", "densenet169", "densenet201", "vgg13", "vgg13_bn", "vgg19", "vgg19_bn", "alexnet",
    "squeezenet1_0", "squeezenet1_1", "resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "vit_b_16"]


def digests():
    for name in FULL:
        net = getattr(models, name)(weights=None) if not name.startswith("vgg") else getattr(models, name)(weights=None, init_weights=False)
        lines = [f"{key} [{', '.join(str(size) for size in value.shape)}]" for key, value in net.state_dict().items()]
        print(name, sum(p.numel() for p in net.parameters()), hashlib.sha256("\n".join(lines).encode()).hexdigest())


def main():
    x = torch.from_numpy((4 * numbers(2 * 3 * 64 * 64, INPUT)).astype(numpy.float32)).reshape(2, 3, 64, 64)
    answers = {}
    for name, make in NETS.items():
        net = make().eval()
        with torch.no_grad():
            fill(net)
        y = net.double()(x.double())
        scale = y.detach().abs().max()
        (y / scale).square().mean().backward()
        answers[name] = y.detach()
        answers[name + "-gradients"] = torch.stack([p.grad.abs().sum() for p in net.parameters()])
        print(name, sum(p.numel() for p in net.parameters()), float(scale))
    safetensors_io.write(OUT, answers)


if __name__ == "__main__":
    digests() if "digests" in sys.argv else main()

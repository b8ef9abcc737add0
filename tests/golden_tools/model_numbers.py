#!/usr/bin/env python3
"""Numbers of torchvision's networks, for tests/Engine.Tests/Nn: ModelNumericsTests, TorchvisionModelTests and data/torchvision.safetensors.

    python3 tests/golden_tools/model_numbers.py

Prints rows of ModelNumericsTests for narrow networks whose parameters are filled by formula, then the digest of names and shapes of the networks of
full size; writes weights, an input and the answers of the narrow ones with random weights.
"""
import hashlib
import math
import pathlib

import torch
import torchvision.models as models
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.vgg import VGG, make_layers

import safetensors_io

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "torchvision.safetensors"


class NarrowResNet(ResNet):
    """torchvision's network with other channels: stem and first stage of some width, each further stage twice the one before."""

    def __init__(self, block, layers, width, classes, channels=3, width_per_group=64):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation, self.groups, self.base_width = width, 1, 1, width_per_group
        self.conv1 = nn.Conv2d(channels, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for i in range(4):
            stage = self._make_layer(block, width * 2**i, layers[i], stride=1 if i == 0 else 2) if i < len(layers) else nn.Identity()
            setattr(self, f"layer{i + 1}", stage)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width * 2 ** (len(layers) - 1) * block.expansion, classes)


def narrow_vgg(batch_norm, classes, hidden=6):
    net = VGG(nn.Identity(), num_classes=classes, init_weights=False, dropout=0)
    net.features = make_layers([4, "M", 8, 8, "M"], batch_norm=batch_norm)
    net.classifier = nn.Sequential(
        nn.Linear(8 * 49, hidden), nn.ReLU(True), nn.Dropout(0), nn.Linear(hidden, hidden), nn.ReLU(True), nn.Dropout(0), nn.Linear(hidden, classes))
    return net


NARROW = {
    "resnet_basic": (lambda: NarrowResNet(BasicBlock, [1, 2], 4, 5), (2, 3, 16, 16)),
    "resnet_bottleneck": (lambda: NarrowResNet(Bottleneck, [2, 1], 4, 5), (2, 3, 16, 16)),
    "densenet": (lambda: models.DenseNet(growth_rate=3, block_config=(2, 2), num_init_features=6, bn_size=4, num_classes=5), (2, 3, 16, 16)),
    "vgg": (lambda: narrow_vgg(False, 5), (2, 3, 12, 20)),
    "vgg_bn": (lambda: narrow_vgg(True, 5), (2, 3, 12, 20)),
}
FULL = ["resnet18", "resnet34", "resnet50", "densenet121", "vgg11", "vgg11_bn", "vgg16", "vgg16_bn"]


def fill(tensor, scale, step, phase):
    i = torch.arange(tensor.numel(), dtype=torch.float64)
    with torch.no_grad():
        tensor.copy_((scale * torch.sin(step * i + phase)).reshape(tensor.shape))


def numbers(net, x):
    net.zero_grad()
    y = net(x)
    loss = y.square().sum()
    loss.backward()
    parameters = list(net.parameters())
    flat = y.detach().flatten()
    return [flat[0], flat[-1], loss.detach(), parameters[0].grad.abs().sum(), parameters[-1].grad.abs().sum()]


def row(values):
    return "[" + ", ".join(f"{float(v):.12g}" for v in values) + "]"


def main():
    torch.manual_seed(5)
    tensors = {}
    for name, (make, shape) in NARROW.items():
        net = make().double().train()
        for k, parameter in enumerate(net.parameters()):
            fill(parameter, 0.3, 0.7, k)
        x = torch.empty(shape, dtype=torch.float64)
        fill(x, 1, 0.37, 0)
        print(name, row(numbers(net, x)), "evaluated", row(numbers(net.eval(), x)))

        # The same network with weights that float32 holds, statistics of its own included.
        net = make()
        net.train()(torch.randn(8, *shape[1:]))
        net = net.double().eval()
        x = torch.randn(shape).double()
        for key, value in net.state_dict().items():
            tensors[f"{name}/{key}"] = value
        tensors[f"{name}-x"], tensors[f"{name}-y"] = x, net(x)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    safetensors_io.write(OUT, tensors)
    for name in FULL:
        net = getattr(models, name)(weights=None) if not name.startswith("vgg") else getattr(models, name)(weights=None, init_weights=False)
        lines = [f"{key} [{', '.join(str(size) for size in value.shape)}]" for key, value in net.state_dict().items()]
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        print(name, sum(p.numel() for p in net.parameters()), len(lines), digest)


if __name__ == "__main__":
    main()

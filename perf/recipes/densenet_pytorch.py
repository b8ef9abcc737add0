#!/usr/bin/env python3
"""The other side of `samples/FashionMnist -- --recipe densenet`: PyTorch trains the same DenseNet-BC (depth 100, growth 12) on Fashion-MNIST by the
same recipe (Nesterov momentum 0.9, one cycle to rate 0.2 over 40 epochs, decay 1e-4 of what has more than one axis, flips and crops, batches of 64)
and prints a line after each epoch, as the sample does.

    apt-get install -y python3-torch libopenblas0-pthread dataset-fashion-mnist
    /usr/bin/python3 densenet_pytorch.py --epochs 2 --threads 2
"""
import argparse, gzip, os, time

arguments = argparse.ArgumentParser()
arguments.add_argument("--epochs", type=int, default=2, help="after these the run ends; the cycle is one of 40")
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--seed", type=int, default=0)
arguments.add_argument("--device", default="cpu")
arguments.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
a = arguments.parse_args()
if "avx512f" in open("/proc/cpuinfo").read():
    os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(a.threads))
os.environ.setdefault("OMP_NUM_THREADS", str(a.threads))
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(a.seed)
torch.set_num_threads(a.threads)
device = torch.device(a.device)
GROWTH, LAYERS, CYCLE, BATCH, TOP = 12, 16, 40, 64, 0.2


def read(name, offset):
    return np.frombuffer(gzip.open(os.path.join(a.data, name)).read(), np.uint8, offset=offset).copy()


def images(name):
    return torch.from_numpy(read(name, 16)).view(-1, 1, 28, 28).to(device)


def labels(name):
    return torch.from_numpy(read(name, 8)).long().to(device)


class Dense(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(channels), nn.Conv2d(channels, 4 * GROWTH, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * GROWTH), nn.Conv2d(4 * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))], 1)


def network():
    channels = 2 * GROWTH
    parts = [nn.Conv2d(1, channels, 3, padding=1, bias=False)]
    for block in range(3):
        for _ in range(LAYERS):
            parts.append(Dense(channels))
            channels += GROWTH
        if block < 2:
            parts += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
    return nn.Sequential(*parts, nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def normalise(pixels):
    return (pixels.float() / 255 - 0.2860) / 0.3530


def augment(pixels):
    """Flips half of them and moves each by up to two pixels."""
    flip = torch.rand(len(pixels), device=device) < 0.5
    pixels = torch.where(flip.view(-1, 1, 1, 1), pixels.flip(3), pixels)
    padded, moved = F.pad(pixels, (2, 2, 2, 2)), torch.empty_like(pixels)
    for i, (down, right) in enumerate(torch.randint(0, 5, (len(pixels), 2)).tolist()):
        moved[i] = padded[i, :, down:down + 28, right:right + 28]
    return moved


x, y = images("train-images-idx3-ubyte.gz"), labels("train-labels-idx1-ubyte.gz")
test_x, test_y = images("t10k-images-idx3-ubyte.gz"), labels("t10k-labels-idx1-ubyte.gz")
model = network().to(device)
decays = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() <= 1]
steps = -(-len(x) // BATCH)
optimizer = torch.optim.SGD([{"params": decays, "weight_decay": 1e-4}, {"params": others}], TOP, momentum=0.9, nesterov=True)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, TOP, total_steps=CYCLE * steps, cycle_momentum=False)
print(f"PyTorch {torch.__version__}, {sum(p.numel() for p in model.parameters()):,} parameters, {a.threads} threads", flush=True)
for epoch in range(a.epochs):
    model.train()
    started, total, right = time.perf_counter(), 0.0, 0
    for batch in torch.randperm(len(x), device=device).split(BATCH):
        optimizer.zero_grad(set_to_none=True)
        prediction = model(normalise(augment(x[batch])))
        loss = F.cross_entropy(prediction, y[batch])
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item() * len(batch)
        right += (prediction.argmax(1) == y[batch]).sum().item()
    seconds = time.perf_counter() - started
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(normalise(test_x[i:i + 1000])) for i in range(0, len(test_x), 1000)])
    print(f"{epoch + 1:4}/{CYCLE} {total / len(x):8.4f} {right / len(x):9.4f} {F.cross_entropy(logits, test_y).item():11.4f} "
          f"{(logits.argmax(1) == test_y).float().mean().item():15.4f} {len(x) / seconds:9.0f}", flush=True)

#!/usr/bin/env python3
"""Checkpoints as PyTorch writes them, for tests/Engine.Tests/Nn/Files/PyTorch: data/pytorch/*.pth.

    python3 tests/golden_tools/make_pytorch_files.py

Numbers follow from formulas that the tests repeat; the model's input and answers are in its own file.
"""
import collections
import pathlib

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from model_numbers import NarrowResNet

OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "pytorch"


def tensors():
    base = torch.arange(24, dtype=torch.float32)
    return collections.OrderedDict(
        float32=base.reshape(2, 3, 4) / 8,
        float64=torch.arange(5, dtype=torch.float64) / 3,
        float16=torch.tensor([1.5, -2, float("nan"), float("inf")], dtype=torch.float16),
        bfloat16=torch.tensor([1.5, -2, 3.140625], dtype=torch.bfloat16),
        int64=torch.tensor([1 << 40, -1]),
        int32=torch.tensor([[-2**31, 2**31 - 1]], dtype=torch.int32),
        int16=torch.tensor([-300, 300], dtype=torch.int16),
        int8=torch.tensor([-100, 100], dtype=torch.int8),
        uint8=torch.tensor([0, 255], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(2.5),
        empty=torch.empty(3, 0, 2),
        transposed=base.reshape(4, 6).t(),
        slice=base.reshape(4, 6)[1:3, 2:5],
        step=base[1::3],
        expanded=base[3:4].expand(2, 2),
        flipped_axes=base.reshape(2, 3, 4).permute(2, 0, 1),
        channels_last=base.reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
        parameter=nn.Parameter(torch.tensor([1.0, 2.0])),
        tied=base,
        tied_too=base,
    )


def checkpoint():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.125)
    model(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for k, p in enumerate(model.parameters()):
            p.copy_(torch.arange(p.numel()).reshape(p.shape) + 10 * k)
    return {
        "epoch": 7,
        "best": 0.25,
        "note": "ä \U0001F600",
        "classes": ["cat", "dog"],
        "betas": (0.5, 0.75, None, True, False),
        "tags": {"a"},
        "raw": b"\x00\xff",
        "size": torch.Size([2, 3]),
        "device": torch.device("cuda", 1),
        "dtype": torch.float16,
        "large": 1 << 70,
        "negative": -5,
        "state_dict": {"module." + k: v for k, v in model.state_dict().items()},
        "optimizer": optimizer.state_dict(),
    }


def model_file():
    torch.manual_seed(7)
    net = NarrowResNet(BasicBlock, [1, 2], 4, 5)
    net.train()(torch.randn(8, 3, 16, 16))
    net.eval()
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        return {"model": net.state_dict(), "x": x, "y": net.double()(x.double())}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.save(tensors(), OUT / "tensors.pth")
    torch.save(tensors(), OUT / "tensors_legacy.pth", _use_new_zipfile_serialization=False)
    for protocol in (3, 4, 5):
        torch.save(checkpoint(), OUT / f"checkpoint_{protocol}.pth", pickle_protocol=protocol)
    torch.save(checkpoint(), OUT / "checkpoint_2.pth")
    torch.save(checkpoint(), OUT / "checkpoint_legacy.pth", _use_new_zipfile_serialization=False)
    saved = model_file()
    saved["model"] = collections.OrderedDict((k, v.float() if v.is_floating_point() else v) for k, v in saved["model"].items())
    torch.save({"model": saved["model"], "x": saved["x"], "y": saved["y"]}, OUT / "model.pth")
    torch.save(nn.Linear(2, 2), OUT / "whole_module.pth")
    torch.save({"image": torch.zeros(2, dtype=torch.complex64)}, OUT / "complex.pth")
    torch.save(torch.jit.script(nn.Linear(2, 2)).state_dict(), OUT / "scripted_state.pth")
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), str(OUT / "script.pt"))


if __name__ == "__main__":
    main()

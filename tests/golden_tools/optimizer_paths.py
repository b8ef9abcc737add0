#!/usr/bin/env python3
"""Prints PyTorch's paths of optimizers that the golden cases do not have, as the C# table of RecordedPaths.cs.

    python3 tests/golden_tools/optimizer_paths.py > tests/Engine.Tests/Nn/Optim/RecordedPaths.cs
"""
import math

import torch

STEPS = 25
START = (1.0, -2.0, 0.5)
CASES = {
    "Rprop": lambda p: torch.optim.Rprop(p),
    "RpropOfOtherSettings": lambda p: torch.optim.Rprop(p, lr=0.1, etas=(0.4, 1.5), step_sizes=(1e-3, 0.3)),
    "Asgd": lambda p: torch.optim.ASGD(p),
    "AsgdOfOtherSettings": lambda p: torch.optim.ASGD(p, lr=0.1, lambd=0.05, alpha=0.6, t0=10, weight_decay=0.1),
}


def gradient(step, i):
    return math.sin(1.7 * step + i) + 0.3 * i


def path(make):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer, rows = make([w]), []
    for step in range(1, STEPS + 1):
        w.grad = torch.tensor([gradient(step, i) for i in range(len(START))], dtype=torch.float64)
        optimizer.step()
        rows.append(w.detach().tolist() + optimizer.state[w].get("ax", torch.zeros(0)).tolist())
    return rows


def main():
    # Rates are kept in tensors of the default type.
    torch.set_default_dtype(torch.float64)
    print("namespace Engine.Tests.Nn.Optim;\n")
    print(f"/// <summary>Paths of PyTorch {torch.__version__.split('a')[0]}, made by tests/golden_tools/optimizer_paths.py; where there is an average, it follows on the parameter.</summary>")
    print("internal static class RecordedPaths\n{")
    for k, (name, make) in enumerate(CASES.items()):
        print(("\n" if k else "") + f"    public static readonly double[][] {name} =\n    [")
        for row in path(make):
            print(f"        [{', '.join(repr(x) for x in row)}],")
        print("    ];")
    print("}")


if __name__ == "__main__":
    main()

"""Hooks and batch normalisation as PyTorch does them, written as a C# table.

    python3 tests/golden_tools/hooks.py > tests/Engine.Tests/Nn/Hooks/TorchHooks.cs
"""
import math

import torch
from torch import nn


def fill(tensor, k):
    with torch.no_grad():
        flat = [0.5 * math.sin(1.3 * i + k) for i in range(tensor.numel())]
        tensor.copy_(torch.tensor(flat, dtype=torch.float64).reshape(tensor.shape))
    return tensor


def net():
    layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    for k, p in enumerate(layers.parameters()):
        fill(p, k)
    return layers


def run(layers, x):
    y = layers(x)
    (y * fill(torch.empty(5, 2, dtype=torch.float64), 7)).sum().backward()
    return y


def numbers(name, tensor):
    print(f"    public static readonly double[] {name} = [{', '.join(repr(v) for v in tensor.detach().flatten().tolist())}];")


print(f"""namespace Engine.Tests.Nn.Hooks;

/// <summary>What PyTorch {torch.__version__} gives; written by tests/golden_tools/hooks.py.</summary>
internal static class TorchHooks
{{""")
x = fill(torch.empty(5, 3, dtype=torch.float64), 11).requires_grad_()
events = []
plain = net()
for i, layer in enumerate(plain):
    layer.register_forward_pre_hook(lambda m, x, i=i: events.append(f"before {i}"))
    layer.register_forward_hook(lambda m, x, y, i=i: events.append(f"after {i}"))
    layer.register_full_backward_hook(lambda m, gx, gy, i=i: events.append(f"backward {i}"))
kept = {}
for i, layer in enumerate(plain):
    layer.register_full_backward_hook(lambda m, gx, gy, i=i: kept.update({i: (gx[0].clone(), gy[0].clone())}))
run(plain, x)
print("    public static readonly string[] Events = [%s];" % ", ".join(f'"{e}"' for e in events))
for i in range(3):
    numbers(f"GradientOfX{i}", kept[i][0])
    numbers(f"GradientOfY{i}", kept[i][1])

changed = net()
changed[0].register_forward_pre_hook(lambda m, x: (x[0] * 2,))
changed[1].register_forward_hook(lambda m, x, y: y + 0.25)
changed[2].register_full_backward_hook(lambda m, gx, gy: (gx[0] * 3,))
x = fill(torch.empty(5, 3, dtype=torch.float64), 11).requires_grad_()
y = run(changed, x)
numbers("ChangedOutput", y)
numbers("ChangedGradientOfX", x.grad)
numbers("ChangedGradientOfWeight", changed[0].weight.grad)

w = fill(torch.empty(4, dtype=torch.float64), 3).requires_grad_()
h = w * w
h.register_hook(lambda g: g * 2)
h.register_hook(lambda g: g + 1)
w.register_hook(lambda g: g * 10)
for _ in range(2):
    (h.sin().sum() + h.sum()).backward(retain_graph=True)
numbers("TensorHooks", w.grad)

# Batch normalisation: the average over all batches, and statistics that are frozen while γ and β learn.
bn = nn.BatchNorm1d(2, momentum=None).double()
for k in range(3):
    bn(fill(torch.empty(4, 2, dtype=torch.float64), k))
numbers("CumulativeMean", bn.running_mean)
numbers("CumulativeVariance", bn.running_var)
bn.eval()
x = fill(torch.empty(4, 2, dtype=torch.float64), 5).requires_grad_()
(bn(x) * fill(torch.empty(4, 2, dtype=torch.float64), 6)).sum().backward()
numbers("FrozenGradientOfX", x.grad)
numbers("FrozenGradientOfWeight", bn.weight.grad)
numbers("FrozenGradientOfBias", bn.bias.grad)
print("}")

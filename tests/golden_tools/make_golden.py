#!/usr/bin/env python3
"""Makes a second set of golden cases: the cases of a template set (names, attributes, shapes, tolerances) with other numbers.

    python3 tests/golden_tools/make_golden.py --seed 7 --out /somewhere
    ENGINE_GOLDEN=/somewhere dotnet test -c Release --filter Category=Golden

Everything is computed by PyTorch in float64 from inputs that float32 holds exactly, and follows from the seed alone.
"""
import argparse
import json
import pathlib
import zlib

import torch

import inputs
import safetensors_io
from ops import OPS
from training import TRAINING

TEMPLATE = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Golden" / "data"


def make_case(case, header, seed):
    """The tensors of one case by their names within it."""
    # A generator per case, so that a case keeps its numbers when others come or go.
    g = torch.Generator().manual_seed(seed * 1_000_003 + zlib.crc32(case["name"].encode()))
    tensors = {}
    if case["op"] in TRAINING:
        TRAINING[case["op"]](case, tensors, g)
        return tensors
    x = {}
    # Integers last: their range follows from the shapes of the others.
    for name in sorted(case["inputs"], key=lambda n: header[f"{case['name']}/in/{n}"]["dtype"] == "I64"):
        entry = header[f"{case['name']}/in/{name}"]
        x[name] = inputs.make(case, name, entry["dtype"], entry["shape"], x, g)
        tensors[f"in/{name}"] = x[name].clone()
    for name in case["grads"]:
        x[name].requires_grad_()
    outputs = OPS[case["op"]](x, case["attrs"])
    for i, output in enumerate(outputs if isinstance(outputs, tuple) else (outputs,)):
        tensors[f"out/{i}"] = output
    if case["grads"]:
        dy = torch.randn(tensors["out/0"].shape, generator=g).double()
        tensors["dy"] = dy
        tensors["out/0"].backward(dy)
        for name in case["grads"]:
            tensors[f"grad/{name}"] = x[name].grad
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--template", type=pathlib.Path, default=TEMPLATE, help="a folder with golden.json and golden.safetensors")
    options = parser.parse_args()
    torch.set_default_dtype(torch.float32)
    cases = json.loads((options.template / "golden.json").read_text())
    header = safetensors_io.read_header(options.template / "golden.safetensors")
    tensors = {}
    for case in cases:
        for name, tensor in make_case(case, header, options.seed).items():
            tensors[f"{case['name']}/{name}"] = tensor
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "golden.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    safetensors_io.write(options.out / "golden.safetensors", tensors)
    print(f"{len(cases)} cases, {len(tensors)} tensors, seed {options.seed}: {options.out}")


if __name__ == "__main__":
    main()

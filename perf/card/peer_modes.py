#!/usr/bin/env python3
"""python3 peer_modes.py PEER.py OPTIONS: runs the peer's script with two options that it lacks.

--tf32conv            PyTorch's default: convolutions in tf32, matrix products in float32
--precision bf16|fp16 under autocast
Where the script knows them itself it gets them unchanged.
"""
import argparse
import contextlib
import sys

options = argparse.ArgumentParser(add_help=False)
options.add_argument("peer")
options.add_argument("--tf32conv", action="store_true")
options.add_argument("--precision", choices=["bf16", "fp16"])
mine, rest = options.parse_known_args()
with open(mine.peer) as file:
    source = file.read()

if mine.tf32conv and "--tf32conv" in source:
    rest.append("--tf32conv")
elif mine.tf32conv:
    setting = "torch.backends.cuda.matmul.allow_tf32 = args.tf32"
    if setting not in source:
        sys.exit(f"{mine.peer} does not set matrix products' mode where it is looked for")
    source = source.replace(setting, "torch.backends.cuda.matmul.allow_tf32 = False")
    rest.append("--tf32")

scope = contextlib.nullcontext()
if mine.precision and "--precision" in source:
    rest += ["--precision", mine.precision]
elif mine.precision:
    import torch

    device = "cuda" if any(word.startswith("cuda") for word in rest) else "cpu"
    dtype = torch.bfloat16 if mine.precision == "bf16" else torch.float16
    # A captured graph must not depend on weights that were converted before it.
    scope = torch.autocast(device, dtype, cache_enabled="--graphs" not in rest)

sys.argv = [mine.peer, *rest]
with scope:
    exec(compile(source, mine.peer, "exec"), {"__name__": "__main__", "__file__": mine.peer})

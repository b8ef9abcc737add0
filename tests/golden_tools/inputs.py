"""Random inputs of each op: where its result is defined and well conditioned, with zeros and ties where those have a rule."""
import torch

POSITIVE = {"log", "sqrt", "reciprocal", "rsqrt", "log1p"}
KINK_AT_ZERO = {"abs", "relu", "leaky_relu", "elu", "selu"}
TIES = {"max", "min", "maximum", "minimum", "argmax"}
SCALE = {"lstm": 0.5, "gru": 0.5}


def make(case, name, dtype, shape, others, g):
    """One input as the stored type: integers, or numbers that float32 holds exactly."""
    op = case["op"]
    if dtype == "I64":
        return torch.randint(0, upper(op, name, others), shape, generator=g)
    return values(case, op, name, shape, g).float().double()


def upper(op, name, others):
    """One past the largest integer that an index or a class number may be."""
    if name == "cond":
        return 2
    if name == "index":
        return others["x"].shape[1] if op == "gather" else others["weight"].shape[0]
    return others["logits" if "logits" in others else "log_probs"].shape[1]


def values(case, op, name, shape, g):
    n = torch.randn(shape, generator=g, dtype=torch.float64)
    if op in POSITIVE:
        return 2 * n.abs() + 0.2
    if op in TIES:
        return (n * 4).round() / 4
    if op in KINK_AT_ZERO:
        n.view(-1)[::10] = 0
        return 2 * n
    if op == "pow":
        return n.abs() + 0.3 if name == "a" else n
    if op == "div" and name == "b":
        return torch.where(n < 0, n - 0.3, n + 0.3)
    if op == "prod":
        n = torch.where(n < 0, n - 0.2, n + 0.2)
        n.view(-1)[::17] = 0
        return n
    if op.endswith("softmax"):
        return n * 30 if shape[-1] >= 1000 else n
    if op == "bce_with_logits" and name == "target":
        return torch.rand(shape, generator=g, dtype=torch.float64)
    if name in ("log_probs", "log_q"):
        return n.log_softmax(1)
    if name == "p":
        return n.softmax(1)
    if name == "running_var":
        return n.abs() + 0.5
    if op.startswith("batch_norm") and name == "x":
        # Two values of a channel must not meet: the normalisation of a batch of two is ill conditioned there.
        sign = 1 - 2 * (torch.arange(shape[0]) % 2).double()
        return n * 0.7 + 1.5 * sign.reshape([-1] + [1] * (len(shape) - 1)) + 1
    if name == "logits":
        return n * (200 if case["name"].endswith("extreme") else 3)
    if len(case["inputs"]) == 1 and len(shape) == 3 and list(shape) == [3, 5, 7]:
        return 2 * n
    return n * SCALE.get(op, 1)

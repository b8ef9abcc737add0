"""What each op of the golden cases computes, in PyTorch: functions of the inputs x (by name) and the attributes a."""
import torch
import torch.nn.functional as F


def unary(function):
    return lambda x, a: function(x["x"])


def binary(function):
    return lambda x, a: function(x["a"], x["b"])


def reduction(function):
    return lambda x, a: function(x["x"], dim=a["axes"], keepdim=a["keepdims"])


def norm_train(x, a):
    mean, var = x["running_mean"].clone(), x["running_var"].clone()
    y = F.batch_norm(x["x"], mean, var, x["weight"], x["bias"], True, a["momentum"], a["eps"])
    return y, mean, var


def conv(function):
    return lambda x, a: function(x["x"], x["weight"], x["bias"], **{k: tuple(v) if isinstance(v, list) else v for k, v in a.items()})


def take(x, a):
    return x["x"][tuple(slice(*s) for s in zip(a["starts"], a["stops"], a["steps"]))]


def pad(x, a):
    return F.pad(x["x"], [n for pair in reversed(a["pads"]) for n in pair], value=a["value"])


def attention(x, a):
    scores = x["q"] @ x["k"].transpose(-2, -1) / x["q"].shape[-1] ** 0.5
    if a["causal"]:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).tril() == 0, float("-inf"))
    return scores.softmax(-1) @ x["v"]


def recurrent(function, states):
    def run(x, a):
        weights = [x[name] for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")]
        start = torch.zeros(1, x["x"].shape[0], weights[1].shape[1], dtype=torch.float64)
        start = start if states == 1 else (start,) * states
        return function(x["x"], start, weights, True, 1, 0.0, True, False, a["batch_first"])[0]

    return run


def cross_entropy(x, a):
    return F.cross_entropy(x["logits"], x["target"], label_smoothing=a.get("label_smoothing", 0.0))


OPS = {
    "add": binary(torch.add), "sub": binary(torch.sub), "mul": binary(torch.mul), "div": binary(torch.div),
    "maximum": binary(torch.maximum), "minimum": binary(torch.minimum), "pow": binary(torch.pow), "matmul": binary(torch.matmul),
    "exp": unary(torch.exp), "log": unary(torch.log), "sqrt": unary(torch.sqrt), "abs": unary(torch.abs), "neg": unary(torch.neg),
    "square": unary(torch.square), "sin": unary(torch.sin), "cos": unary(torch.cos), "tanh": unary(torch.tanh),
    "sigmoid": unary(torch.sigmoid), "relu": unary(F.relu), "elu": unary(F.elu), "selu": unary(F.selu), "gelu": unary(F.gelu),
    "gelu_tanh": unary(lambda x: F.gelu(x, approximate="tanh")), "silu": unary(F.silu), "softplus": unary(F.softplus),
    "hardswish": unary(F.hardswish), "mish": unary(F.mish), "erf": unary(torch.erf), "reciprocal": unary(torch.reciprocal),
    "rsqrt": unary(torch.rsqrt), "log1p": unary(torch.log1p), "expm1": unary(torch.expm1),
    "leaky_relu": lambda x, a: F.leaky_relu(x["x"], a["negative_slope"]),
    "clamp": lambda x, a: x["x"].clamp(a["min"], a["max"]),
    "where": lambda x, a: torch.where(x["cond"] != 0, x["a"], x["b"]),
    "sum": reduction(torch.sum), "mean": reduction(torch.mean), "max": reduction(torch.amax), "min": reduction(torch.amin),
    "logsumexp": reduction(torch.logsumexp),
    "var": lambda x, a: x["x"].var(dim=a["axes"], correction=a["ddof"], keepdim=a["keepdims"]),
    "prod": lambda x, a: x["x"].prod(dim=a["axes"][0], keepdim=a["keepdims"]),
    "argmax": lambda x, a: x["x"].argmax(a["axis"]),
    "cumsum": lambda x, a: x["x"].cumsum(a["axis"]),
    "softmax": lambda x, a: x["x"].softmax(a["axis"]),
    "log_softmax": lambda x, a: x["x"].log_softmax(a["axis"]),
    "linear": lambda x, a: F.linear(x["x"], x["weight"], x["bias"]),
    "conv1d": conv(F.conv1d), "conv2d": conv(F.conv2d), "conv_transpose2d": conv(F.conv_transpose2d),
    "max_pool2d": lambda x, a: F.max_pool2d(x["x"], a["kernel"], a["stride"], a["padding"]),
    "avg_pool2d": lambda x, a: F.avg_pool2d(x["x"], a["kernel"], a["stride"], a["padding"], count_include_pad=a["count_include_pad"]),
    "adaptive_avg_pool2d": lambda x, a: F.adaptive_avg_pool2d(x["x"], a["output"]),
    "batch_norm_train": norm_train,
    "batch_norm_eval": lambda x, a: F.batch_norm(x["x"], x["running_mean"], x["running_var"], x["weight"], x["bias"], False, 0.1, a["eps"]),
    "layer_norm": lambda x, a: F.layer_norm(x["x"], x["x"].shape[-a["axes"]:], x["weight"], x["bias"], a["eps"]),
    "group_norm": lambda x, a: F.group_norm(x["x"], a["groups"], x["weight"], x["bias"], a["eps"]),
    "permute": lambda x, a: x["x"].permute(a["axes"]),
    "concat": lambda x, a: torch.cat([x["a"], x["b"]], a["axis"]),
    "pad": pad, "slice": take,
    "gather": lambda x, a: x["x"].gather(a["axis"], x["index"]),
    "embedding": lambda x, a: F.embedding(x["index"], x["weight"]),
    "cross_entropy": cross_entropy,
    "nll_loss": lambda x, a: F.nll_loss(x["log_probs"], x["target"]),
    "kl_div": lambda x, a: F.kl_div(x["log_q"], x["p"], reduction=a["reduction"]),
    "mse_loss": lambda x, a: F.mse_loss(x["pred"], x["target"]),
    "l1_loss": lambda x, a: F.l1_loss(x["pred"], x["target"]),
    "smooth_l1_loss": lambda x, a: F.smooth_l1_loss(x["pred"], x["target"]),
    "huber_loss": lambda x, a: F.huber_loss(x["pred"], x["target"]),
    "bce_with_logits": lambda x, a: F.binary_cross_entropy_with_logits(x["logits"], x["target"]),
    "scaled_dot_product_attention": attention,
    "lstm": recurrent(torch.lstm, 2), "gru": recurrent(torch.gru, 1),
}

#!/usr/bin/env python3
"""Records what PyTorch makes of layers with more than one input or output: recurrent ones, attention, transformers, bags. For TorchLayerTests.

    python3 tests/golden_tools/make_layers.py

Parameter k of a layer (in the order of its state dict) is filled with 0.3·sin(0.7·i + k), input j with sin(0.37·i + j). The loss is Σ y·cos(0.11·i) over
all outputs. Recorded are names and shapes of the state dict, the outputs, the gradients of the inputs, and Σ g·cos(0.11·i) of each parameter's gradient g.
"""
import json
import math
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_default_dtype(torch.float64)
OUT = pathlib.Path(__file__).parent.parent / "Engine.Tests" / "Nn" / "data" / "layers.json"


def wave(shape, scale, step, phase, f=math.sin):
    n = math.prod(shape)
    return torch.tensor([scale * f(step * i + phase) for i in range(n)]).reshape(shape)


def weighted(t):
    return (t * wave(t.shape, 1, 0.11, 0, math.cos)).sum()


def case(name, module, shapes, call):
    with torch.no_grad():
        for k, p in enumerate(module.state_dict().values()):
            p.copy_(wave(p.shape, 0.3, 0.7, k))
    inputs = [wave(s, 1, 0.37, j).requires_grad_() for j, s in enumerate(shapes)]
    outputs = call(module, *inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    sum(weighted(y) for y in outputs).backward()
    return {
        "name": name,
        "state": [[key, list(p.shape)] for key, p in module.state_dict().items()],
        "inputs": [list(s) for s in shapes],
        "outputs": [{"shape": list(y.shape), "values": numbers(y)} for y in outputs],
        "input_gradients": [numbers(x.grad) for x in inputs],
        "parameter_gradients": {key: float("%.13g" % (weighted(p.grad) if p.grad is not None else 0)) for key, p in module.named_parameters()},
    }


def numbers(t):
    return [float("%.13g" % v) for v in t.detach().reshape(-1).tolist()]


def flat(result):
    output, state = result
    return (output, *state) if isinstance(state, tuple) else (output, state)


def packed(lengths, enforce_sorted, batch_first=False):
    def call(m, x, *states):
        p = pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=enforce_sorted)
        state = () if not states else (states[0],) if len(states) == 1 else (tuple(states),)
        output, last = m(p, *state)
        padded, _ = pad_packed_sequence(output, batch_first=batch_first)
        return flat((padded, last))
    return call


def heads(m, q, k, v, **arguments):
    return m(q, k, v, **arguments)


HIDDEN_KEYS = torch.tensor([[False, False, False, True, True], [False, True, False, False, False]])
CAUSAL4 = torch.ones(4, 4, dtype=torch.bool).triu(1)
CAUSAL3 = torch.ones(3, 3, dtype=torch.bool).triu(1)
MASK45 = torch.tensor([[(i * 5 + j) % 4 == 1 for j in range(5)] for i in range(4)])
FLOAT45 = wave((4, 5), 0.8, 0.9, 0.3)
PER_HEAD = torch.tensor([[[(b + 2 * i + 3 * j) % 5 == 1 for j in range(5)] for i in range(4)] for b in range(4)])
BAG = torch.tensor([[1, 4, 1, 6], [0, 2, 2, 5], [6, 6, 6, 6]])
BAG_FLAT, OFFSETS = torch.tensor([1, 4, 1, 6, 0, 2, 2, 5, 3]), torch.tensor([0, 3, 3, 7])


def encoder(norm_first=False, activation="relu", batch_first=True, layers=1, norm=False):
    layer = nn.TransformerEncoderLayer(8, 2, 6, dropout=0.0, activation=activation, batch_first=batch_first, norm_first=norm_first)
    return nn.TransformerEncoder(layer, layers, nn.LayerNorm(8) if norm else None)


def decoder_layer(norm_first=False):
    return nn.TransformerDecoderLayer(8, 2, 6, dropout=0.0, batch_first=True, norm_first=norm_first, activation="gelu")


def cases():
    yield case("rnn tanh", nn.RNN(3, 4, num_layers=2, bidirectional=True), [(5, 2, 3)], lambda m, x: flat(m(x)))
    yield case("rnn relu", nn.RNN(3, 4, nonlinearity="relu", batch_first=True), [(2, 5, 3), (1, 2, 4)], lambda m, x, h: flat(m(x, h)))
    yield case("lstm projected", nn.LSTM(3, 4, num_layers=2, proj_size=2, bidirectional=True), [(4, 2, 3)], lambda m, x: flat(m(x)))
    yield case("rnn cell", nn.RNNCell(3, 4, nonlinearity="relu"), [(2, 3), (2, 4)], lambda m, x, h: m(x, h))
    yield case("lstm cell", nn.LSTMCell(3, 4), [(2, 3), (2, 4), (2, 4)], lambda m, x, h, c: m(x, (h, c)))
    yield case("gru cell", nn.GRUCell(3, 4, bias=False), [(2, 3), (2, 4)], lambda m, x, h: m(x, h))
    yield case("rnn packed", nn.RNN(3, 4, bidirectional=True), [(5, 3, 3)], packed([5, 3, 3], True))
    yield case("lstm packed", nn.LSTM(3, 4, num_layers=2, bidirectional=True), [(5, 4, 3), (4, 4, 4), (4, 4, 4)], packed([2, 5, 1, 4], False))
    yield case("gru packed", nn.GRU(3, 4, num_layers=2, bidirectional=True, batch_first=True), [(3, 4, 3), (4, 3, 4)], packed([4, 1, 3], False, batch_first=True))
    yield case("attention padded", nn.MultiheadAttention(8, 2, batch_first=True), [(2, 4, 8), (2, 5, 8), (2, 5, 8)],
               lambda m, q, k, v: m(q, k, v, key_padding_mask=HIDDEN_KEYS, attn_mask=MASK45))
    yield case("attention float", nn.MultiheadAttention(8, 2), [(4, 2, 8), (5, 2, 8), (5, 2, 8)],
               lambda m, q, k, v: m(q, k, v, attn_mask=FLOAT45, average_attn_weights=False))
    yield case("attention per head", nn.MultiheadAttention(8, 2, batch_first=True, bias=False), [(2, 4, 8), (2, 5, 8), (2, 5, 8)],
               lambda m, q, k, v: m(q, k, v, attn_mask=PER_HEAD, need_weights=False)[0])
    yield case("attention other sizes", nn.MultiheadAttention(8, 4, kdim=3, vdim=5, add_bias_kv=True, add_zero_attn=True, batch_first=True),
               [(2, 4, 8), (2, 5, 3), (2, 5, 5)], lambda m, q, k, v: m(q, k, v, key_padding_mask=HIDDEN_KEYS))
    yield case("attention causal", nn.MultiheadAttention(8, 2, add_bias_kv=True, batch_first=True), [(2, 4, 8)],
               lambda m, x: m(x, x, x, attn_mask=CAUSAL4, need_weights=False)[0])
    yield case("encoder", encoder(layers=2, norm=True), [(2, 5, 8)], lambda m, x: m(x, src_key_padding_mask=HIDDEN_KEYS))
    yield case("encoder norm first", encoder(norm_first=True, activation="gelu", batch_first=False), [(4, 2, 8)], lambda m, x: m(x, mask=CAUSAL4))
    yield case("decoder", nn.TransformerDecoder(decoder_layer(), 2, nn.LayerNorm(8)), [(2, 3, 8), (2, 5, 8)],
               lambda m, t, s: m(t, s, tgt_mask=CAUSAL3, memory_key_padding_mask=HIDDEN_KEYS))
    yield case("decoder norm first", nn.TransformerDecoder(decoder_layer(True), 1), [(2, 3, 8), (2, 5, 8)], lambda m, t, s: m(t, s))
    yield case("transformer", nn.Transformer(8, 2, 1, 1, 6, dropout=0.0, batch_first=True), [(2, 5, 8), (2, 3, 8)],
               lambda m, s, t: m(s, t, tgt_mask=m.generate_square_subsequent_mask(3), src_key_padding_mask=HIDDEN_KEYS, memory_key_padding_mask=HIDDEN_KEYS))
    for mode in ("sum", "mean", "max"):
        yield case(f"bag {mode}", nn.EmbeddingBag(7, 3, mode=mode, padding_idx=6), [], lambda m: m(BAG))
        yield case(f"bag {mode} offsets", nn.EmbeddingBag(7, 3, mode=mode, padding_idx=6), [], lambda m: m(BAG_FLAT, OFFSETS))
    yield case("bag weighted", nn.EmbeddingBag(7, 3, mode="sum"), [(9,)], lambda m, w: m(BAG_FLAT, OFFSETS, per_sample_weights=w))
    yield case("embedding max norm", nn.Embedding(7, 3, max_norm=0.35, padding_idx=2), [], lambda m: m(BAG))
    yield case("embedding max norm 1", nn.Embedding(7, 3, max_norm=0.35, norm_type=1.0), [], lambda m: m(BAG))
    yield case("bilinear", nn.Bilinear(3, 4, 2), [(2, 3, 3), (2, 3, 4)], lambda m, a, b: m(a, b))
    yield case("cosine", nn.CosineSimilarity(1), [(2, 3, 4), (2, 3, 4)], lambda m, a, b: m(a, b))
    yield case("distance", nn.PairwiseDistance(2), [(3, 4), (3, 4)], lambda m, a, b: m(a, b))
    yield case("distance p3", nn.PairwiseDistance(3, keepdim=True), [(3, 4), (3, 4)], lambda m, a, b: m(a, b))
    yield case("prelu", nn.PReLU(3), [(2, 3, 4)], lambda m, x: m(x))
    for name, layer in (("celu", nn.CELU(0.5)), ("softsign", nn.Softsign()), ("hardtanh", nn.Hardtanh(-0.5, 0.7)), ("relu6", nn.ReLU6()), ("hardshrink", nn.Hardshrink(0.3)),
                        ("softshrink", nn.Softshrink(0.3)), ("tanhshrink", nn.Tanhshrink()), ("threshold", nn.Threshold(0.2, -3.0)), ("softplus", nn.Softplus(2, 1.5)),
                        ("softmin", nn.Softmin(-1)), ("softmax2d", nn.Softmax2d()), ("glu", nn.GLU(1)), ("rrelu", nn.RReLU().eval()), ("logsigmoid", nn.LogSigmoid())):
        yield case(name, layer, [(1, 2, 3, 2)], lambda m, x: m(3 * x))


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases()) + "\n]\n")

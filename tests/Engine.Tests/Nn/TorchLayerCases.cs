using Engine.Nn;

namespace Engine.Tests.Nn;

/// <summary>How a case of data/layers.json is made and called here.</summary>
/// <param name="Make">The module, while training.</param>
/// <param name="Call">Its outputs for the inputs of the case.</param>
internal sealed record TorchLayerCase(Func<Module> Make, Func<Module, Tensor[], Tensor[]> Call);

/// <summary>By the case's name; tests/golden_tools/make_layers.py makes the same in PyTorch.</summary>
internal static class TorchLayerCases
{
    private static readonly bool[,] s_hiddenKeys = { { false, false, false, true, true }, { false, true, false, false, false } };

    private static readonly long[] s_bags = [1, 4, 1, 6, 0, 2, 2, 5, 6, 6, 6, 6], s_flat = [1, 4, 1, 6, 0, 2, 2, 5, 3], s_offsets = [0, 3, 3, 7];

    public static IReadOnlyDictionary<string, TorchLayerCase> All { get; } = new Dictionary<string, TorchLayerCase>
    {
        ["rnn tanh"] = Of(() => new Rnn(3, 4, numLayers: 2, bidirectional: true), (m, x) => Pair(m.Forward(x[0], null))),
        ["rnn relu"] = Of(() => new Rnn(3, 4, nonlinearity: Nonlinearity.Relu, batchFirst: true), (m, x) => Pair(m.Forward(x[0], x[1]))),
        ["lstm projected"] = Of(() => new Lstm(3, 4, numLayers: 2, projSize: 2, bidirectional: true), (m, x) => Triple(m.Forward(x[0], null, null))),
        ["rnn cell"] = Of(() => new RnnCell(3, 4, nonlinearity: Nonlinearity.Relu), (m, x) => [m.Forward(x[0], x[1])]),
        ["lstm cell"] = Of(() => new LstmCell(3, 4), (m, x) => Pair(m.Forward(x[0], x[1], x[2]))),
        ["gru cell"] = Of(() => new GruCell(3, 4, bias: false), (m, x) => [m.Forward(x[0], x[1])]),
        ["rnn packed"] = Of(() => new Rnn(3, 4, bidirectional: true), (m, x) => Padded(m.Forward(Sequences.PackPaddedSequence(x[0], [5, 3, 3])))),
        ["lstm packed"] = Of(() => new Lstm(3, 4, numLayers: 2, bidirectional: true), (m, x) =>
        {
            (PackedSequence y, Tensor hidden, Tensor cell) = m.Forward(Sequences.PackPaddedSequence(x[0], [2, 5, 1, 4], enforceSorted: false), x[1], x[2]);
            return [.. Padded((y, hidden)), cell];
        }),
        ["gru packed"] = Of(() => new Gru(3, 4, numLayers: 2, bidirectional: true, batchFirst: true), (m, x) =>
            Padded(m.Forward(Sequences.PackPaddedSequence(x[0], [4, 1, 3], batchFirst: true, enforceSorted: false), x[1]), batchFirst: true)),
        ["attention padded"] = Of(() => new MultiheadAttention(8, 2, batchFirst: true), (m, x) =>
            Pair(m.ForwardWithWeights(x[0], x[1], x[2], HiddenKeys(x[0]), Mask(x[0], [4, 5], i => i % 4 == 1)))),
        ["attention float"] = Of(() => new MultiheadAttention(8, 2), (m, x) =>
            Pair(m.ForwardWithWeights(x[0], x[1], x[2], attnMask: Floats(x[0], [4, 5], i => 0.8 * Math.Sin((0.9 * i) + 0.3)), averageAttnWeights: false))),
        ["attention per head"] = Of(() => new MultiheadAttention(8, 2, batchFirst: true, bias: false), (m, x) =>
            [m.Forward(x[0], x[1], x[2], attnMask: Mask(x[0], [4, 4, 5], i => ((i / 20) + (2 * (i / 5 % 4)) + (3 * (i % 5))) % 5 == 1))]),
        ["attention other sizes"] = Of(() => new MultiheadAttention(8, 4, kdim: 3, vdim: 5, addBiasKv: true, addZeroAttn: true, batchFirst: true), (m, x) =>
            Pair(m.ForwardWithWeights(x[0], x[1], x[2], HiddenKeys(x[0])))),
        ["attention causal"] = Of(() => new MultiheadAttention(8, 2, addBiasKv: true, batchFirst: true), (m, x) => [m.Forward(x[0], x[0], x[0], isCausal: true)]),
        ["encoder"] = Of(() => new TransformerEncoder(() => new TransformerEncoderLayer(8, 2, 6, dropout: 0, batchFirst: true), 2, new LayerNorm(8)), (m, x) =>
            [m.Forward(x[0], null, HiddenKeys(x[0]))]),
        ["encoder norm first"] = Of(() => new TransformerEncoder(() => new TransformerEncoderLayer(8, 2, 6, dropout: 0, normFirst: true, activation: y => y.Gelu()), 1), (m, x) =>
            [m.Forward(x[0], null, isCausal: true)]),
        ["decoder"] = Of(() => new TransformerDecoder(() => new TransformerDecoderLayer(8, 2, 6, dropout: 0, activation: y => y.Gelu(), batchFirst: true), 2, new LayerNorm(8)), (m, x) =>
            [m.Forward(x[0], x[1], tgtMask: Mask(x[0], [3, 3], i => i % 3 > i / 3), memoryKeyPaddingMask: HiddenKeys(x[0]))]),
        ["decoder norm first"] = Of(() => new TransformerDecoder(() => new TransformerDecoderLayer(8, 2, 6, dropout: 0, activation: y => y.Gelu(), batchFirst: true, normFirst: true), 1), (m, x) =>
            [m.Forward(x[0], x[1])]),
        ["transformer"] = Of(() => new Transformer(8, 2, 1, 1, 6, dropout: 0, batchFirst: true), (m, x) =>
            [m.Forward(x[0], x[1], tgtMask: Transformer.GenerateSquareSubsequentMask(3, x[0].DType, x[0].Device), srcKeyPaddingMask: HiddenKeys(x[0]), memoryKeyPaddingMask: HiddenKeys(x[0]))]),
        ["bag sum"] = Of(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Sum, paddingIdx: 6), (m, _) => [m.Forward(Bags(m))]),
        ["bag sum offsets"] = Of(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Sum, paddingIdx: -1), (m, _) => [m.Forward(Index(m, s_flat), Index(m, s_offsets))]),
        ["bag mean"] = Of(() => new EmbeddingBag(7, 3, paddingIdx: 6), (m, _) => [m.Forward(Bags(m))]),
        ["bag mean offsets"] = Of(() => new EmbeddingBag(7, 3, paddingIdx: 6, includeLastOffset: true), (m, _) => [m.Forward(Index(m, s_flat), Index(m, [.. s_offsets, 9]))]),
        ["bag max"] = Of(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Max, paddingIdx: 6), (m, _) => [m.Forward(Bags(m))]),
        ["bag max offsets"] = Of(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Max, paddingIdx: 6), (m, _) => [m.Forward(Index(m, s_flat), Index(m, s_offsets))]),
        ["bag weighted"] = Of(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Sum), (m, x) => [m.Forward(Index(m, s_flat), Index(m, s_offsets), x[0])]),
        ["embedding max norm"] = Of(() => new Embedding(7, 3, paddingIdx: 2, maxNorm: 0.35), (m, _) => [m.Forward(Index(m, s_bags).Reshape(3, 4))]),
        ["embedding max norm 1"] = Of(() => new Embedding(7, 3, maxNorm: 0.35, normType: 1), (m, _) => [m.Forward(Index(m, s_bags).Reshape(3, 4))]),
        ["bilinear"] = Of(() => new Bilinear(3, 4, 2), (m, x) => [m.Forward(x[0], x[1])]),
        ["cosine"] = Of(() => new CosineSimilarity(1), (m, x) => [m.Forward(x[0], x[1])]),
        ["distance"] = Of(() => new PairwiseDistance(), (m, x) => [m.Forward(x[0], x[1])]),
        ["distance p3"] = Of(() => new PairwiseDistance(3, keepDims: true), (m, x) => [m.Forward(x[0], x[1])]),
        ["prelu"] = Of(() => new PRelu(3), (m, x) => [m.Forward(x[0])]),
        ["celu"] = Activation(() => new Celu(0.5)),
        ["softsign"] = Activation(() => new Softsign()),
        ["hardtanh"] = Activation(() => new HardTanh(-0.5, 0.7)),
        ["relu6"] = Activation(() => new Relu6()),
        ["hardshrink"] = Activation(() => new HardShrink(0.3)),
        ["softshrink"] = Activation(() => new SoftShrink(0.3)),
        ["tanhshrink"] = Activation(() => new TanhShrink()),
        ["threshold"] = Activation(() => new Threshold(0.2, -3)),
        ["softplus"] = Activation(() => new Softplus(2, 1.5)),
        ["softmin"] = Activation(() => new Softmin()),
        ["softmax2d"] = Activation(() => new Softmax2d()),
        ["glu"] = Activation(() => new Glu(1)),
        ["rrelu"] = Activation(() => new RRelu().Eval()),
        ["logsigmoid"] = Activation(() => new LogSigmoid()),
    };

    private static TorchLayerCase Of<T>(Func<T> make, Func<T, Tensor[], Tensor[]> call)
        where T : Module => new(make, (module, inputs) => call((T)module, inputs));

    private static TorchLayerCase Activation<T>(Func<T> make)
        where T : Layer => Of(make, static (m, x) => [m.Forward(x[0] * 3)]);

    private static Tensor[] Pair((Tensor A, Tensor B) results) => [results.A, results.B];

    private static Tensor[] Triple((Tensor A, Tensor B, Tensor C) results) => [results.A, results.B, results.C];

    private static Tensor[] Padded((PackedSequence Output, Tensor Hidden) results, bool batchFirst = false) =>
        [Sequences.PadPackedSequence(results.Output, batchFirst).Output, results.Hidden];

    private static Tensor HiddenKeys(Tensor like) => Tensor.From(s_hiddenKeys, like.Device);

    private static Tensor Mask(Tensor like, Shape shape, Func<int, bool> hides) =>
        Tensor.From<bool>([.. Enumerable.Range(0, (int)shape.ElementCount).Select(hides)], shape, like.Device);

    private static Tensor Floats(Tensor like, Shape shape, Func<int, double> f) =>
        Tensor.From<float>([.. Enumerable.Range(0, (int)shape.ElementCount).Select(i => (float)f(i))], shape, like.Device).To(like.DType);

    private static Tensor Bags(Module m) => Index(m, s_bags).Reshape(3, 4);

    private static Tensor Index(Module m, long[] values) => Tensor.From<long>(values, m.Parameters[0].Device);
}

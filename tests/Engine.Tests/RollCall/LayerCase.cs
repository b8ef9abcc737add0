using Engine.Nn;

namespace Engine.Tests.RollCall;

/// <summary>A layer and its definition in plain loops.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Input">The shape of x.</param>
/// <param name="Make">The layer, in training mode.</param>
/// <param name="Formula">y from the parameters, in the order in which the layer lists them, and x.</param>
internal sealed record LayerCase(string Name, Shape Input, Func<Layer> Make, Func<Numbers[], Numbers, Numbers> Formula)
{
    /// <summary>Whether x is class numbers, which have no gradient.</summary>
    public bool TakesIndices { get; init; }

    public override string ToString() => Name;
}

/// <summary>Layers that the tables of PyTorch's numbers do not hold.</summary>
internal static class LayerCases
{
    private const double SeluAlpha = 1.6732632423543772848170429916717, SeluScale = 1.0507009873554804934193349852946;

    public static IReadOnlyList<LayerCase> All { get; } =
    [
        .. Activations(), .. Pools(), .. SpatialLayerCases.All,
        new("Linear", [4, 3], static () => new Linear(3, 5), static (p, x) => Plain.Linear(x, p[0], p[1])),
        new("Conv2d", [2, 3, 5, 4], static () => new Conv2d(3, 2, 3, stride: 2, padding: 1, bias: false), static (p, x) => Plain.Conv2d(x, p[0], 2, 1)),
        new("BatchNorm1d", [5, 3], static () => new BatchNorm1d(3), static (p, x) => Plain.BatchNorm(x, p[0], p[1])),
        new("BatchNorm2d", [2, 3, 2, 3], static () => new BatchNorm2d(3), static (p, x) => Plain.BatchNorm(x, p[0], p[1])),
        new("RmsNorm", [3, 4], static () => new RmsNorm(4, eps: 1e-6), static (p, x) => Plain.Rows(x, row =>
        {
            double root = Math.Sqrt(row.Average(static v => v * v) + 1e-6);
            return [.. row.Select((v, i) => v / root * p[0].Values[i])];
        })),
        new("Embedding", [2, 3], static () => new Embedding(6, 2), static (p, x) => new Numbers([2, 3, 2], [.. x.Values.SelectMany(i => p[0].Values.Skip(2 * (int)i).Take(2))])) { TakesIndices = true },
        new("Flatten", [2, 3, 2], static () => new Flatten(), static (_, x) => x.Reshape(2, 6)),
        new("Unflatten", [2, 6, 2], static () => new Unflatten(1, -1, 2), static (_, x) => x.Reshape(2, 3, 2, 2)),
        new("SinusoidalPositions", [3, 2, 5], static () => new SinusoidalPositions(5, maxLength: 4), static (_, x) => x.At((at, v) => v + Wave(at[0], at[2], 5))),
        new("SinusoidalPositions of batches", [2, 3, 4], static () => new SinusoidalPositions(4, maxLength: 4, batchFirst: true), static (_, x) => x.At((at, v) => v + Wave(at[1], at[2], 4))),
        new("LearnedPositions", [3, 2, 4], static () => new LearnedPositions(4, maxLength: 5), static (p, x) => x.At((at, v) => v + p[0].Values[(at[0] * 4) + at[2]])),
        new("RotaryPositions", [2, 3, 4], static () => new RotaryPositions(4), static (_, x) => x.At((at, v) => Turned(x, at, v, at[2] % 2, at[2] < 2 ? 2 : -2))),
        new("RotaryPositions interleaved", [2, 3, 4], static () => new RotaryPositions(4, interleaved: true), static (_, x) => x.At((at, v) => Turned(x, at, v, at[2] / 2, at[2] % 2 == 0 ? 1 : -1))),
        new("Identity", [3, 2], static () => new Identity(), static (_, x) => x),
        new("Lambda", [3, 2], static () => new Lambda(static x => x * 3), static (_, x) => x.Map(static v => 3 * v)),
        new("Dropout at prediction", [3, 4], static () => new Dropout(0.4).Eval(), static (_, x) => x),
        new("Dropout1d at prediction", [2, 3, 4], static () => new Dropout1d(0.4).Eval(), static (_, x) => x),
        new("Dropout3d at prediction", [2, 2, 1, 2, 2], static () => new Dropout3d(0.4).Eval(), static (_, x) => x),
        new("FeatureAlphaDropout at prediction", [2, 3, 2], static () => new FeatureAlphaDropout(0.4).Eval(), static (_, x) => x),
        new("Dropout2d at prediction", [2, 3, 2, 2], static () => new Dropout2d(0.4).Eval(), static (_, x) => x),
        new("AlphaDropout at prediction", [3, 4], static () => new AlphaDropout(0.4).Eval(), static (_, x) => x),
        new("Ensemble", [4, 3], static () => new Ensemble(new Linear(3, 2), new Linear(3, 2)), static (p, x) => Plain.Rows(Plain.Linear(x, p[0], p[1]), Plain.Softmax)
            .Zip(Plain.Rows(Plain.Linear(x, p[2], p[3]), Plain.Softmax), static (a, b) => Math.Log((a + b) / 2))),
        new("Ensemble of values", [4, 3], static () => new Ensemble(EnsembleOutput.Values, new Linear(3, 2), new Linear(3, 2)), static (p, x) =>
            Plain.Linear(x, p[0], p[1]).Zip(Plain.Linear(x, p[2], p[3]), static (a, b) => (a + b) / 2)),
        new("MonteCarloDropout of nothing", [4, 3], static () => new MonteCarloDropout(new Linear(3, 2), 3), static (p, x) => Plain.Rows(Plain.Linear(x, p[0], p[1]), Plain.LogSoftmax)),
        new("Dropout of nothing", [3, 4], static () => new Dropout(0), static (_, x) => x),
        new(
            "Sequential",
            [4, 3],
            static () => new Sequential(new Linear(3, 5), new Relu(), new Linear(5, 2)),
            static (p, x) => Plain.Linear(Plain.Relu(Plain.Linear(x, p[0], p[1])), p[2], p[3])),
        new("Residual", [4, 3], static () => new Residual(new Linear(3, 3)), static (p, x) => Plain.Add(Plain.Linear(x, p[0], p[1]), x)),
        new("BasicBlock", [2, 2, 4, 4], static () => new BasicBlock(2, 2), static (p, x) =>
            Plain.Relu(Plain.Add(MainPath(p, x, 1), x))),
        new("BasicBlock, strided", [2, 2, 4, 4], static () => new BasicBlock(2, 3, stride: 2), static (p, x) =>
            Plain.Relu(Plain.Add(MainPath(p, x, 2), Plain.BatchNorm(Plain.Conv2d(x, p[6], 2), p[7], p[8])))),
        new("PlainBlock", [2, 2, 4, 4], static () => new PlainBlock(2, 3, stride: 2), static (p, x) => Plain.Relu(MainPath(p, x, 2))),
        new("Bottleneck", [2, 8, 4, 4], static () => new Bottleneck(8, 2), static (p, x) => Plain.Relu(Plain.Add(Narrowed(p, x, 1), x))),
        new("Bottleneck, strided", [2, 3, 4, 4], static () => new Bottleneck(3, 2, stride: 2), static (p, x) =>
            Plain.Relu(Plain.Add(Narrowed(p, x, 2), Plain.BatchNorm(Plain.Conv2d(x, p[9], 2), p[10], p[11])))),
        new("DenseLayer", [2, 2, 3, 3], static () => new DenseLayer(2, 2), static (p, x) => Dense(p, x)),
        new("DenseBlock", [2, 2, 3, 3], static () => new DenseBlock(2, 2, 1), static (p, x) => Dense(p[6..], Dense(p[..6], x))),
        new("Transition", [2, 3, 4, 4], static () => new Transition(3, 2), static (p, x) =>
            Plain.Halve(Plain.Conv2d(Plain.Relu(Plain.BatchNorm(x, p[0], p[1])), p[2]), Enumerable.Average)),
    ];

    // The tables of positions are float32.
    private static double Wave(int position, int column, int size)
    {
        double angle = position * Math.Pow(10000, -(column - (column % 2)) / (double)size);
        return (float)(column % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
    }

    /// <summary>One of two columns that turn: the first loses what the second has of the sine, the second gains it.</summary>
    private static double Turned(Numbers x, int[] at, double v, int pair, int other)
    {
        double angle = at[1] * Math.Pow(10000, -2.0 * pair / 4), partner = x.Values[(((at[0] * 3) + at[1]) * 4) + at[2] + other];
        return (v * (float)Math.Cos(angle)) - (Math.Sign(other) * partner * (float)Math.Sin(angle));
    }

    private static Numbers MainPath(Numbers[] p, Numbers x, int stride) =>
        Plain.BatchNorm(Plain.Conv2d(Plain.Relu(Plain.BatchNorm(Plain.Conv2d(x, p[0], stride, 1), p[1], p[2])), p[3], 1, 1), p[4], p[5]);

    private static Numbers Narrowed(Numbers[] p, Numbers x, int stride)
    {
        Numbers narrow = Plain.Relu(Plain.BatchNorm(Plain.Conv2d(x, p[0]), p[1], p[2]));
        Numbers middle = Plain.Relu(Plain.BatchNorm(Plain.Conv2d(narrow, p[3], stride, 1), p[4], p[5]));
        return Plain.BatchNorm(Plain.Conv2d(middle, p[6]), p[7], p[8]);
    }

    // norm1, conv1, norm2, conv2
    private static Numbers Dense(Numbers[] p, Numbers x) =>
        Plain.Concat(x, Plain.Conv2d(Plain.Relu(Plain.BatchNorm(Plain.Conv2d(Plain.Relu(Plain.BatchNorm(x, p[0], p[1])), p[2]), p[3], p[4])), p[5], 1, 1));

    private static LayerCase[] Activations() =>
    [
        Each("Relu", static () => new Relu(), static x => Math.Max(x, 0)),
        Each("LeakyRelu", static () => new LeakyRelu(0.2), static x => x > 0 ? x : 0.2 * x),
        Each("Elu", static () => new Elu(0.7), static x => x > 0 ? x : 0.7 * Plain.Expm1(x)),
        Each("Selu", static () => new Selu(), static x => SeluScale * (x > 0 ? x : SeluAlpha * Plain.Expm1(x))),
        Each("Gelu", static () => new Gelu(), static x => x / 2 * Plain.Erfc(-x / Math.Sqrt(2))),
        Each("Gelu by tanh", static () => new Gelu(tanhApproximation: true), static x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))))),
        Each("Silu", static () => new Silu(), static x => x * Plain.Sigmoid(x)),
        Each("Mish", static () => new Mish(), static x => x * Math.Tanh(Plain.Softplus(x))),
        Each("HardSwish", static () => new HardSwish(), static x => x * Math.Clamp(x + 3, 0, 6) / 6),
        Each("HardSigmoid", static () => new HardSigmoid(), static x => Math.Clamp(x + 3, 0, 6) / 6),
        Each("Tanh", static () => new Tanh(), Math.Tanh),
        Each("Sigmoid", static () => new Sigmoid(), Plain.Sigmoid),
        Each("LogSigmoid", static () => new LogSigmoid(), static x => -Plain.Softplus(-x)),
        Each("Softplus", static () => new Softplus(), Plain.Softplus),
        new("SwiGlu", [3, 4], static () => new SwiGlu(), static (_, x) => Gated(x, static v => v * Plain.Sigmoid(v))),
        new("GeGlu", [3, 4], static () => new GeGlu(), static (_, x) => Gated(x, static v => v / 2 * Plain.Erfc(-v / Math.Sqrt(2)))),
        new("ReGlu", [3, 4], static () => new ReGlu(), static (_, x) => Gated(x, static v => Math.Max(v, 0))),
        new("Softmax", [3, 4], static () => new Softmax(), static (_, x) => Plain.Rows(x, Plain.Softmax)),
        new("LogSoftmax", [3, 4], static () => new LogSoftmax(), static (_, x) => Plain.Rows(x, Plain.LogSoftmax)),
    ];

    private static LayerCase[] Pools() =>
    [
        new("MaxPool2d", [1, 2, 4, 4], static () => new MaxPool2d(2), static (_, x) => Plain.Halve(x, Enumerable.Max)),
        new("AvgPool2d", [1, 2, 4, 4], static () => new AvgPool2d(2), static (_, x) => Plain.Halve(x, Enumerable.Average)),
        new("AdaptiveAvgPool2d", [1, 2, 5, 4], static () => new AdaptiveAvgPool2d((3, 2)), static (_, x) => Plain.Pool(x, 3, 2, static i => Part(i, 3, 5), static i => Part(i, 2, 4), Enumerable.Average)),
        new("GlobalAvgPool2d", [2, 3, 2, 3], static () => new GlobalAvgPool2d(), static (_, x) => new Numbers([2, 3], [.. x.Values.Chunk(6).Select(Enumerable.Average)])),
    ];

    /// <summary>From ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.</summary>
    private static (int From, int To) Part(int i, int n, int size) => (i * size / n, (((i + 1) * size) + n - 1) / n);

    private static Numbers Gated(Numbers x, Func<double, double> gate) =>
        new([x.Shape[0], x.Shape[1] / 2], Plain.Rows(x, row => [.. row[..(row.Length / 2)].Zip(row[(row.Length / 2)..], (a, b) => a * gate(b))]).Values);

    private static LayerCase Each(string name, Func<Layer> make, Func<double, double> f) => new(name, [3, 7], make, (_, x) => x.Map(f));
}

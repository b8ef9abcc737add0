using System.Text.Json;
using Engine.Cpu;
using Engine.Nn;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Spatial;

/// <summary>Borders, windows, pools, volumes, interpolation and grids against PyTorch in float64; tests/golden_tools/make_spatial.py has written the numbers.</summary>
/// <remarks>On the CPU: that devices agree is what the rows of the table of operations test.</remarks>
internal sealed class SpatialGoldenTests
{
    private const double Relative = 1e-9, Absolute = 1e-10;

    private static readonly CpuDevice s_cpu = new("cpu", 1);

    private static readonly Lazy<JsonElement[]> s_cases = new(static () =>
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Spatial", "data", "torch.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. document.RootElement.EnumerateArray().Select(static e => e.Clone())];
    });

    private static readonly Dictionary<string, Func<Tensor[], Attributes, Tensor>> s_ops = new()
    {
        ["pad"] = static (x, a) => x[0].Pad([.. a.Pairs("pads")], a.Double("value"), Enum.Parse<PaddingMode>(a.Text("mode"))),
        ["max_pool"] = static (x, a) => a.Int("axes") switch
        {
            1 => x[0].MaxPool1d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
            2 => x[0].MaxPool2d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
            _ => x[0].MaxPool3d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
        },
        ["max_pool_indices"] = static (x, a) => (a.Int("axes") switch
        {
            1 => x[0].MaxPool1dWithIndices(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
            2 => x[0].MaxPool2dWithIndices(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
            _ => x[0].MaxPool3dWithIndices(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Int("dilation"), a.Bool("ceil")),
        }).Indices,
        ["avg_pool"] = static (x, a) => a.Int("axes") switch
        {
            1 => x[0].AvgPool1d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Bool("include"), a.Bool("ceil")),
            2 => x[0].AvgPool2d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Bool("include"), a.Bool("ceil"), Divisor(a)),
            _ => x[0].AvgPool3d(a.Int("kernel"), a.Int("stride"), a.Int("padding"), a.Bool("include"), a.Bool("ceil"), Divisor(a)),
        },
        ["adaptive_avg"] = static (x, a) => a.Ints("out") switch
        {
            [int l] => x[0].AdaptiveAvgPool1d(l),
            [int h, int w] => x[0].AdaptiveAvgPool2d((h, w)),
            [int d, int h, int w] => x[0].AdaptiveAvgPool3d((d, h, w)),
            _ => throw new InvalidDataException(),
        },
        ["adaptive_max"] = static (x, a) => a.Ints("out") switch
        {
            [int l] => x[0].AdaptiveMaxPool1d(l),
            [int h, int w] => x[0].AdaptiveMaxPool2d((h, w)),
            [int d, int h, int w] => x[0].AdaptiveMaxPool3d((d, h, w)),
            _ => throw new InvalidDataException(),
        },
        ["lp_pool"] = static (x, a) => a.Int("axes") == 1
            ? x[0].LpPool1d(a.Double("p"), a.Int("kernel"), a.Int("stride"), a.Bool("ceil"))
            : x[0].LpPool2d(a.Double("p"), a.Int("kernel"), a.Int("stride"), a.Bool("ceil")),
        ["max_unpool"] = static (x, a) =>
        {
            (Tensor y, Tensor at) = a.Int("axes") switch { 1 => x[0].MaxPool1dWithIndices(2), 2 => x[0].MaxPool2dWithIndices(2), _ => x[0].MaxPool3dWithIndices(2) };
            return a.Int("axes") switch { 1 => (y * 2).MaxUnpool1d(at, 2), 2 => (y * 2).MaxUnpool2d(at, 2), _ => (y * 2).MaxUnpool3d(at, 2) };
        },
        ["unfold"] = static (x, a) => x[0].Unfold(a.Two("kernel"), a.Two("dilation"), a.Two("padding"), a.Two("stride")),
        ["fold"] = static (x, a) => x[0].Fold(a.Two("out"), a.Two("kernel"), a.Two("dilation"), a.Two("padding"), a.Two("stride")),
        ["windows"] = static (x, a) => x[0].Windows(a.Int("axis"), a.Int("size"), a.Int("step")),
        ["pixel_shuffle"] = static (x, a) => x[0].PixelShuffle(a.Int("r")),
        ["pixel_unshuffle"] = static (x, a) => x[0].PixelUnshuffle(a.Int("r")),
        ["channel_shuffle"] = static (x, a) => x[0].ChannelShuffle(a.Int("g")),
        ["local_response_norm"] = static (x, a) => new LocalResponseNorm(a.Int("size"), 0.2, 0.75, a.Double("k")).Forward(x[0]),
        ["conv"] = static (x, a) => a.Int("axes") switch
        {
            1 => x[0].Conv1d(x[1], x[2], a.Int("stride"), a.Padded("padding", 1)[0], a.Int("dilation"), a.Int("groups")),
            2 => x[0].Conv2d(x[1], x[2], a.Two("stride"), (a.Padded("padding", 2)[0], a.Padded("padding", 2)[1]), a.Two("dilation"), a.Int("groups")),
            _ => x[0].Conv3d(x[1], x[2], a.Three("stride"), a.Three("padding"), a.Three("dilation"), a.Int("groups")),
        },
        ["conv_transpose"] = static (x, a) => a.Int("axes") == 1
            ? x[0].ConvTranspose1d(x[1], x[2], a.Int("stride"), a.Int("padding"), a.Int("extra"), a.Int("dilation"), a.Int("groups"))
            : x[0].ConvTranspose3d(x[1], x[2], a.Three("stride"), a.Three("padding"), a.Three("extra"), a.Three("dilation"), a.Int("groups")),
        ["interpolate"] = static (x, a) => a.Ints("out").Length > 0
            ? x[0].Interpolate(a.Ints("out"), a.Mode("mode"), a.Bool("corners"), a.Bool("antialias"))
            : x[0].Interpolate(a.Doubles("scale"), a.Mode("mode"), a.Bool("corners"), a.Bool("antialias")),
        ["grid_sample"] = static (x, a) => x[0].GridSample(x[1], a.Mode("mode"), Enum.Parse<GridPadding>(a.Text("padding"), ignoreCase: true), a.Bool("corners")),
        ["affine_grid"] = static (x, a) => x[0].AffineGrid(a.Ints("size"), a.Bool("corners")),
    };

    private static IEnumerable<TestCaseData> Cases => s_cases.Value.Select(static c => new TestCaseData(c).SetArgDisplayNames(c.GetProperty("name").GetString()!));

    [TestCaseSource(nameof(Cases))]
    public void Case_ValuesAndGradients_MatchPyTorch(JsonElement json)
    {
        using TensorScope scope = TensorScope.Begin();
        string op = json.GetProperty("op").GetString()!;
        bool hasGradients = json.TryGetProperty("grads", out JsonElement gradients);
        Tensor[] inputs = [.. json.GetProperty("shapes").EnumerateArray().Select((s, n) =>
        {
            (double low, double high) = json.GetProperty("ranges").TryGetProperty($"{n}", out JsonElement range) ? (range[0].GetDouble(), range[1].GetDouble()) : (-2.0, 2.0);
            Tensor x = Values(Ints(s), n, low, high);
            x.RequiresGrad = hasGradients;
            return x;
        })];

        Tensor y = s_ops[op](inputs, new Attributes(json.GetProperty("attrs")));
        Close.AssertAll("y", Ints(json.GetProperty("shape")), Numbers(json.GetProperty("y")), y, Relative, Absolute);
        if (hasGradients)
        {
            y.Backward(Values(y.Shape, 9, -2, 2));
            for (int i = 0; i < inputs.Length; i++)
            {
                double[] expected = Numbers(gradients[i]);
                Tensor actual = inputs[i].Grad ?? (expected.All(static g => g == 0) ? inputs[i].ZerosLike() : throw new AssertionException($"input {i} has no gradient"));
                Close.AssertAll($"the gradient to input {i}", inputs[i].Shape, expected, actual, Relative, Absolute);
            }
        }
    }

    [Test]
    public void Cases_CallEveryOp() => Assert.That(s_cases.Value.Select(static c => c.GetProperty("op").GetString()!).Distinct(), Is.EquivalentTo(s_ops.Keys));

    /// <summary>As in the script: the fractions of the golden ratio.</summary>
    private static Tensor Values(Shape shape, int number, double low, double high)
    {
        double[] values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            double turns = ((i + 1) * 0.6180339887498949) + ((number + 1) * 0.3819660112501051);
            values[i] = low + ((high - low) * (turns - Math.Floor(turns)));
        }

        return Tensor.From<double>(values, shape, s_cpu);
    }

    private static int? Divisor(Attributes a) => a.Int("divisor") is var divisor and > 0 ? divisor : null;

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(static e => e.GetInt32())];

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(static e => e.GetDouble())];

    private readonly record struct Attributes(JsonElement Json)
    {
        public int Int(string name) => Json.GetProperty(name).GetInt32();

        public double Double(string name) => Json.GetProperty(name).GetDouble();

        public bool Bool(string name) => Json.GetProperty(name).GetBoolean();

        public string Text(string name) => Json.GetProperty(name).GetString()!;

        public int[] Ints(string name) => SpatialGoldenTests.Ints(Json.GetProperty(name));

        public double[] Doubles(string name) => Numbers(Json.GetProperty(name));

        public IEnumerable<(int, int)> Pairs(string name) => Json.GetProperty(name).EnumerateArray().Select(static p => (p[0].GetInt32(), p[1].GetInt32()));

        public Size2 Two(string name) => Padded(name, 2) is [int h, int w] ? (h, w) : default;

        public Size3 Three(string name) => Padded(name, 3) is [int d, int h, int w] ? (d, h, w) : default;

        /// <summary>One number for all axes or one each; −1 stands for the padding that keeps the size.</summary>
        public int[] Padded(string name, int axes)
        {
            JsonElement value = Json.GetProperty(name);
            return value.ValueKind == JsonValueKind.Array ? SpatialGoldenTests.Ints(value) : [.. Enumerable.Repeat(value.GetInt32() is var n and >= 0 ? n : Padding.Same, axes)];
        }

        public InterpolationMode Mode(string name) => Enum.Parse<InterpolationMode>(Text(name).Replace("-", string.Empty), ignoreCase: true);
    }
}

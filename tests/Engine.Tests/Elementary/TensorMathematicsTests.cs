using System.Globalization;
using System.Text.Json;
using Engine.Cpu;
using Engine.Tests.Comparison;
using NUnit.Framework;

namespace Engine.Tests.Elementary;

/// <summary>
/// Running products, reductions, products of vectors and Fourier transforms against PyTorch; tests/golden_tools/make_tensor_mathematics.py has written the numbers.
/// The table of operations has these operations on every device.
/// </summary>
internal sealed class TensorMathematicsTests
{
    private static readonly Dictionary<string, Func<Tensor[], Tensor>> s_operations = new()
    {
        ["cumprod"] = x => x[0].CumProd(1),
        ["cumprod two zeros"] = x => x[0].CumProd(0),
        ["logcumsumexp"] = x => x[0].LogCumSumExp(1),
        ["cummax"] = x => x[0].CumMax(1).Values,
        ["cummax places"] = x => x[0].CumMax(1).Indices,
        ["cummin"] = x => x[0].CumMin(1).Values,
        ["cummin places"] = x => x[0].CumMin(1).Indices,
        ["cummax gradient"] = x => x[0].CumMax(0).Values,
        ["diff"] = x => x[0].Diff(2, 1, x[1], x[2]),
        ["median"] = x => x[0].Median(1).Values,
        ["nanmedian"] = x => x[0].NanMedian(1).Values,
        ["median gradient"] = x => x[0].Median(0).Values,
        ["median all"] = x => x[0].Median(),
        ["quantiles"] = x => x[0].Quantile([0.1, 0.55], 1, keepDims: true),
        ["nanquantiles"] = x => x[0].NanQuantile([0.1, 0.55], 0),
        ["mode"] = x => x[0].Mode(1).Values,
        ["mode places"] = x => x[0].Mode().Indices,
        ["count"] = x => x[0].CountNonZero([1]),
        ["nansum"] = x => x[0].NanSum([1]),
        ["nanmean"] = x => x[0].NanMean([1]),
        ["varmean"] = x => Pair(x[0].VarMean([1], 0)),
        ["any"] = x => x[0].Any(1),
        ["all"] = x => x[0].All(1, keepDims: true),
        ["outer"] = x => x[0].Outer(x[1]),
        ["kron"] = x => x[0].Kron(x[1]),
        ["kron ranks"] = x => x[0].Kron(x[1]),
        ["dot"] = x => x[0].Dot(x[1]),
        ["cross"] = x => x[0].Cross(x[1]),
        ["trace"] = x => x[0].Trace(),
        ["tensordot"] = x => x[0].TensorDot(x[1]),
        ["tensordot axes"] = x => x[0].TensorDot(x[1], [0, 2], [2, 0]),
        ["cosine"] = x => Tensor.CosineSimilarity(x[0], x[1]),
        ["einsum points"] = x => Tensor.Einsum("...ij,...jk->...ik", x),
        ["einsum implied"] = x => Tensor.Einsum("...j,j", x),
        ["einsum diagonal"] = x => Tensor.Einsum("...ii->...i", x),
        ["einsum between"] = x => Tensor.Einsum("a...b,a...->b...", x),
        ["meshgrid ij"] = x => Tensor.Stack(Tensor.MeshGrid(x)),
        ["meshgrid xy"] = x => Tensor.Stack(Tensor.MeshGrid(x, "xy")),
        ["cartesian"] = x => Tensor.CartesianProduct(x),
        ["combinations"] = x => x[0].Combinations(3),
        ["combinations replaced"] = x => x[0].Combinations(2, withReplacement: true),
        ["vander"] = x => x[0].Vander(4),
        ["vander increasing"] = x => x[0].Vander(increasing: true),
        ["fft cut"] = x => x[0].Fft(4),
        ["fft padded"] = x => x[0].Fft(9),
        ["rfft axis"] = x => x[0].Rfft(7, 0),
        ["irfft odd"] = x => x[0].Irfft(7),
        ["irfft padded"] = x => x[0].Irfft(10),
        ["irfft one"] = x => x[0].Irfft(1),
        ["fft2"] = x => x[0].Fft2(),
        ["ifft2"] = x => x[0].Ifft2(),
        ["rfft2"] = x => x[0].Rfft2(),
        ["irfft2"] = x => x[0].Irfft2(),
        ["shift"] = x => x[0].FftShift(1),
        ["shift all"] = x => x[0].FftShift(),
        ["unshift"] = x => x[0].IfftShift(1),
        ["freq"] = x => Tensor.FftFreq(7, 0.5, DType.Float64, x[0].Device),
        ["freq even"] = x => Tensor.FftFreq(8, dtype: DType.Float64, device: x[0].Device),
        ["rfreq"] = x => Tensor.RfftFreq(9, 2, DType.Float64, x[0].Device),
        ["mul"] = x => x[0].ComplexMul(x[1]),
        ["stft plain"] = x => x[0].Stft(8),
        ["stft hop"] = x => x[0].Stft(8, hopLength: 3, window: x[1]),
        ["stft short window"] = x => x[0].Stft(8, winLength: 5, window: x[1]),
        ["stft short ones"] = x => x[0].Stft(8, winLength: 5),
        ["stft not centred"] = x => x[0].Stft(7, hopLength: 4, window: x[1], center: false),
        ["stft normalized"] = x => x[0].Stft(7, hopLength: 2, window: x[1], normalized: true),
        ["stft twosided"] = x => x[0].Stft(6, hopLength: 2, window: x[1], onesided: false),
        ["stft one frame"] = x => x[0].Stft(8, window: x[1], center: false),
        ["istft plain"] = x => x[0].Istft(8),
        ["istft hann"] = x => x[0].Istft(8, hopLength: 3, window: x[1]),
        ["istft short window"] = x => x[0].Istft(8, winLength: 5, window: x[1]),
        ["istft not centred"] = x => x[0].Istft(7, hopLength: 4, window: x[1], center: false),
        ["istft normalized"] = x => x[0].Istft(7, hopLength: 2, window: x[1], normalized: true),
        ["istft twosided"] = x => x[0].Istft(6, hopLength: 2, window: x[1], onesided: false),
        ["istft shorter"] = x => x[0].Istft(8, window: x[1], length: 4),
        ["istft longer"] = x => x[0].Istft(8, window: x[1], length: 15),
        ["istft as long as all"] = x => x[0].Istft(8, window: x[1], length: 10),
    };

    private static readonly CpuDevice s_cpu = new("mathematics-test", threads: 1);

    private static readonly Lazy<Dictionary<string, JsonElement>> s_cases = new(static () =>
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Elementary", "data", "tensors.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.EnumerateArray().ToDictionary(static c => c.GetProperty("name").GetString()!, static c => c.Clone());
    });

    [Test]
    public void Cases_ValuesAndGradients_ArePyTorchs() => Assert.Multiple(static () =>
    {
        foreach ((string name, JsonElement golden) in s_cases.Value)
        {
            using TensorScope scope = TensorScope.Begin();
            Tensor[] inputs = [.. golden.GetProperty("inputs").EnumerateArray().Select(Load)];
            bool isDifferentiable = golden.TryGetProperty("dx", out JsonElement gradients);
            foreach (Tensor input in inputs)
            {
                input.RequiresGrad = isDifferentiable;
            }

            Tensor y = Operation(name)(inputs);
            Tensor expected = Load(golden.GetProperty("y"));
            Close.AssertAll(name, expected, y, 1e-11, 1e-12);
            if (isDifferentiable)
            {
                Tensor weights = Tensor.Arange(1, (double)y.ElementCount + 1, 1, DType.Float64, s_cpu).Reshape(y.Shape);
                (y * weights).Sum().Backward();
                foreach ((Tensor input, JsonElement gradient) in inputs.Zip(gradients.EnumerateArray()))
                {
                    Close.AssertAll($"{name}, gradient", Load(gradient), input.Grad!, 1e-10, 1e-11);
                }
            }
        }
    });

    [Test]
    public void Fft_LongLengths_GoBackAndForth([Values(1000, 1024, 1009, 4099, 3 * 67)] int n)
    {
        using TensorScope scope = TensorScope.Begin();
        foreach ((DType type, double bound) in ((DType, double)[])[(DType.Float32, 4e-6), (DType.Float64, 1e-14)])
        {
            Tensor x = Tensor.Randn([2, n], generator: new Generator(3), dtype: type, device: s_cpu);
            Tensor half = x.Rfft();
            Assert.That(half.Shape, Is.EqualTo(new Shape(2, (n / 2) + 1, 2)));
            Close.AssertAll($"n = {n}", x, half.Irfft(n), 0, bound * 4);

            // Parseval: the energy of both sides is one.
            double energy = x.Square().Sum().Item(), other = Tensor.Stack([x, x.ZerosLike()], -1).Fft(norm: FftNorm.Ortho).Square().Sum().Item();
            Assert.That(other, Is.EqualTo(energy).Within(bound * energy));
        }
    }

    [Test]
    public void Cdist_ByProductsAndByDifferences_AgreeInValueAndGradient()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Rand([600, 20], generator: new Generator(1), dtype: DType.Float64, device: s_cpu), y = Tensor.Rand([1500, 20], generator: new Generator(2), dtype: DType.Float64, device: s_cpu);
        Tensor few = x.Narrow(0, 0, 5).Clone().WithGrad(), all = x.Clone().WithGrad();
        Tensor expected = few.Cdist(y), actual = all.Cdist(y);
        Close.AssertAll("distances", expected, actual.Narrow(0, 0, 5), 1e-9, 1e-9);
        expected.Sum().Backward();
        actual.Sum().Backward();
        Close.AssertAll("gradients", few.Grad!, all.Grad!.Narrow(0, 0, 5), 1e-8, 1e-8);
    }

    [Test]
    public void Cdist_CoincidentPoints_HaveNoGradient([Values(1, 2, 3, double.PositiveInfinity)] double p)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.From<double>([1, 2, 3, 4], [2, 2], s_cpu).WithGrad();
        x.Cdist(x.Detach(), p).Sum().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void VectorNorm_OfHugeAndTinyNumbers_NeitherOverflowsNorVanishes([Values(2.5, 3, -2)] double p)
    {
        using TensorScope scope = TensorScope.Begin();
        foreach (double size in (double[])[1e-200, 1e200])
        {
            Tensor x = Tensor.From<double>([size, size, size], s_cpu);
            Assert.That(x.VectorNorm(p).Item(), Is.EqualTo(size * Math.Pow(3, 1 / p)).Within(1e-12 * size));
        }

        Tensor zero = Tensor.Zeros([3], DType.Float64, s_cpu).WithGrad();
        zero.VectorNorm(3).Backward();
        Assert.That(zero.Grad!.ToArray<double>(), Is.EqualTo(new double[3]));
    }

    [Test]
    public void Mistakes_AreNamed()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Ones([2, 3], device: s_cpu), v = Tensor.Ones([3], device: s_cpu), none = Tensor.Empty([0], device: s_cpu);
        Assert.Multiple(() =>
        {
            Assert.That(() => x.Fft(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("pairs"));
            Assert.That(() => none.Rfft(), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("nothing"));
            Assert.That(() => v.Rfft(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Tensor.FftFreq(0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Tensor.FftFreq(4, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.Dot(v), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => v.Dot(Tensor.Ones([1], device: s_cpu)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("equal"));
            Assert.That(() => x.Cross(Tensor.Ones([2, 2], device: s_cpu)), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => x.TensorDot(x, [0, 0], [0, 0]), Throws.TypeOf<ArgumentException>().With.Message.Contains("twice"));
            Assert.That(() => x.TensorDot(x, [0], [1]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("one size"));
            Assert.That(() => x.Cdist(v), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => x.Cdist(x, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.Quantile(1.5), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => none.Median(), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => none.Quantile(0.5), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => x.Quantile(ReadOnlySpan<double>.Empty), Throws.TypeOf<ArgumentException>());
            Assert.That(() => x.VectorNorm(double.NaN), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.Diff(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.Logit(0.6), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => x.Clamp((Tensor?)null, null), Throws.TypeOf<ArgumentException>());
            Assert.That(() => Tensor.MeshGrid([v], "ji"), Throws.TypeOf<ArgumentException>());
            Assert.That(() => Tensor.MeshGrid([x]), Throws.TypeOf<ShapeMismatchException>());
            Assert.That(() => Tensor.Einsum("..ij->ij", x), Throws.TypeOf<ArgumentException>().With.Message.Contains("three points"));
            Assert.That(() => Tensor.Einsum("...ijk->...i", x), Throws.TypeOf<ArgumentException>());
            Assert.That(() => Fuse.Map(0, static a => a[0]), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Fuse.Map(17, static a => a[0]), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Map_OfManyArguments_IsItsFormula()
    {
        using TensorScope scope = TensorScope.Begin();
        FusedMap map = Fuse.Map(5, static x => x[0] * x[1] + Expr.Sin(x[2]) - x[3] / x[4]);
        Tensor[] x = [.. Enumerable.Range(1, 5).Select(static i => Tensor.Full([3], i * 0.5, DType.Float64, s_cpu).WithGrad())];
        Close.AssertAll("y", [.. Enumerable.Repeat((0.5 * 1) + Math.Sin(1.5) - (2 / 2.5), 3)], map.Apply(x).ToArray<double>(), 1e-14, 0);
        Gradients.GradientCheck.First(values => map.Apply(values), x);
        Assert.That(() => map.Apply(x[0]), Throws.TypeOf<ArgumentException>());
    }

    private static Func<Tensor[], Tensor> Operation(string name)
    {
        if (s_operations.TryGetValue(name, out Func<Tensor[], Tensor>? operation))
        {
            return operation;
        }

        string[] words = name.Split(' ');
        double Number() => double.Parse(words[^1].Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        int Length() => int.Parse(words[1], CultureInfo.InvariantCulture);
        bool IsPeriodic() => bool.Parse(words[2]);
        FftNorm Norm() => Enum.Parse<FftNorm>(words[1], ignoreCase: true);
        return words[0] switch
        {
            "quantile" => x => x[0].Quantile(Number(), 1, interpolation: Enum.Parse<QuantileInterpolation>(words[1], ignoreCase: true)),
            "nanquantile" => x => x[0].NanQuantile(Number(), 1, interpolation: Enum.Parse<QuantileInterpolation>(words[1], ignoreCase: true)),
            "norm" => x => x[0].VectorNorm(Number(), [words.Length == 2 ? 1 : 0]),
            "cdist" => x => x[0].Cdist(x[1], Number()),
            "fft" when char.IsDigit(words[1][0]) => x => x[0].Fft(),
            "fft" => x => x[0].Fft(axis: 0, norm: Norm()),
            "ifft" => x => x[0].Ifft(norm: Norm()),
            "rfft" => x => x[0].Rfft(norm: Norm()),
            "irfft" => x => x[0].Irfft(norm: Norm()),
            "stft" => x => x[0].Stft(8, window: x[1], padMode: Enum.Parse<PaddingMode>(words[1], ignoreCase: true)),
            "hann" => x => Tensor.HannWindow(Length(), IsPeriodic(), DType.Float64, x[0].Device),
            "hamming" => x => Tensor.HammingWindow(Length(), IsPeriodic(), dtype: DType.Float64, device: x[0].Device),
            "blackman" => x => Tensor.BlackmanWindow(Length(), IsPeriodic(), DType.Float64, x[0].Device),
            "bartlett" => x => Tensor.BartlettWindow(Length(), IsPeriodic(), DType.Float64, x[0].Device),
            "kaiser" => x => Tensor.KaiserWindow(Length(), IsPeriodic(), Number(), DType.Float64, x[0].Device),
            _ => throw new ArgumentException($"The tests do not know the case '{name}'.", nameof(name)),
        };
    }

    private static Tensor Pair((Tensor First, Tensor Second) pair) => Tensor.Stack([pair.First, pair.Second]);

    private static Tensor Load(JsonElement e) => Tensor.From<double>(
        [.. e.GetProperty("values").EnumerateArray().Select(static v => double.Parse(v.GetString()!, CultureInfo.InvariantCulture))],
        new Shape([.. e.GetProperty("shape").EnumerateArray().Select(static v => v.GetInt32())]),
        s_cpu);
}

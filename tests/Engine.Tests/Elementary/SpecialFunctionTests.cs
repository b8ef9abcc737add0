using System.Globalization;
using System.Text.Json;
using Engine.Cpu;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Gradients;
using NUnit.Framework;

namespace Engine.Tests.Elementary;

/// <summary>
/// Operations that are made of others, on every device, against numbers of mpmath, SciPy and NumPy, which tests/golden_tools/make_special_functions.py has
/// written. Eight of them share one program, as programs are what a device is slow to compile.
/// </summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SpecialFunctionTests(string deviceName) : DeviceFixture(deviceName)
{
    // Bounds relative to the result, in float32 and in float64, and absolute ones where a result passes through 0.
    private static readonly Function[] s_functions =
    [
        new("Asin", x => Expr.Asin(x[0]), x => x[0].Asin()),
        new("Acos", x => Expr.Acos(x[0]), x => x[0].Acos()),
        new("Atan", x => Expr.Atan(x[0]), x => x[0].Atan()),
        new("Sinh", x => Expr.Sinh(x[0]), x => x[0].Sinh(), 2e-6),
        new("Cosh", x => Expr.Cosh(x[0]), x => x[0].Cosh(), 2e-6),
        new("Asinh", x => Expr.Asinh(x[0]), x => x[0].Asinh()),
        new("Acosh", x => Expr.Acosh(x[0]), x => x[0].Acosh()),
        new("Atanh", x => Expr.Atanh(x[0]), x => x[0].Atanh()),
        new("Erfc", x => Expr.Erfc(x[0]), x => x[0].Erfc(), 2e-6, 1e-14),
        new("Erfinv", x => Expr.Erfinv(x[0]), x => x[0].Erfinv(), 2e-6, 1e-14),
        new("Lgamma", x => Expr.Lgamma(x[0]), x => x[0].Lgamma(), 2e-6, Zero: 2e-6),
        new("Digamma", x => Expr.Digamma(x[0]), x => x[0].Digamma(), 2e-6, Zero: 2e-6),
        new("Trigamma", x => Expr.Trigamma(x[0]), x => x[0].Trigamma(), 3e-6, 1e-14),
        new("Sinc", x => Expr.Sinc(x[0]), x => x[0].Sinc(), 2e-6, Zero: 2e-7),
        new("Logit", x => Expr.Logit(x[0]), x => x[0].Logit()),
        new("Log2", x => Expr.Log2(x[0]), x => x[0].Log2()),
        new("Log10", x => Expr.Log10(x[0]), x => x[0].Log10()),
        new("Exp2", x => Expr.Pow(2, x[0]), x => x[0].Exp2()),
        new("Atan2", x => Expr.Atan2(x[0], x[1]), x => x[0].Atan2(x[1])),
        new("Hypot", x => Expr.Hypot(x[0], x[1]), x => x[0].Hypot(x[1])),
        new("LogAddExp", x => Expr.LogAddExp(x[0], x[1]), x => x[0].LogAddExp(x[1]), Zero: 1e-6),
        new("Fmod", x => Expr.Fmod(x[0], x[1]), x => x[0].Fmod(x[1])),
        new("Xlogy", x => Expr.Xlogy(x[0], x[1]), x => x[0].Xlogy(x[1])),
    ];

    private static readonly Lazy<Dictionary<string, (double[] X, double[] Z, double[] Y)>> s_cases = new(static () =>
    {
        string path = Path.Combine(TestContext.CurrentContext.TestDirectory, "Elementary", "data", "functions.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.EnumerateArray().ToDictionary(
            static c => c.GetProperty("name").GetString()!,
            static c => (Numbers(c, "x"), c.TryGetProperty("z", out _) ? Numbers(c, "z") : [], Numbers(c, "y")));
    });

    [Test]
    public void Cases_AreAllNamed() => Assert.That(s_cases.Value.Keys, Is.EquivalentTo(s_functions.Select(static f => f.Name)));

    [Test]
    public void Functions_EveryNumber_AreMpmaths()
    {
        foreach (DType type in FullTypes)
        {
            foreach (Function[] group in s_functions.GroupBy(static f => s_cases.Value[f.Name].Z.Length > 0).SelectMany(static g => g.Chunk(MapProgram.MaxOutputs)))
            {
                RunGroup(group, type);
            }
        }
    }

    private void RunGroup(Function[] group, DType type)
    {
        using TensorScope scope = TensorScope.Begin();
        // One vector of all functions' numbers: each output is compared over its own part.
        double[] x = [.. group.SelectMany(static f => s_cases.Value[f.Name].X)];
        double[] z = [.. group.SelectMany(static f => s_cases.Value[f.Name].Z)];
        Tensor[] inputs = z.Length > 0 ? [Rounded(x, [x.Length], type), Rounded(z, [x.Length], type)] : [Rounded(x, [x.Length], type)];
        MapProgram program = MapProgram.Compile(inputs.Length, [.. group.Select(static f => f.Formula([Expr.Input(0), Expr.Input(1)]))]);
        Tensor[] outputs = [.. group.Select(_ => inputs[0].EmptyLike())];
        Pointwise.Into(outputs, program, inputs);
        int start = 0;
        for (int i = 0; i < group.Length; i++)
        {
            double[] expected = s_cases.Value[group[i].Name].Y;
            double[] actual = outputs[i].ToArray<double>()[start..(start + expected.Length)];
            start += expected.Length;
            group[i].Check(type, expected, actual);
        }
    }

    private static double[] Numbers(JsonElement c, string name) =>
        [.. c.GetProperty(name).EnumerateArray().Select(static e => double.Parse(e.GetString()!, CultureInfo.InvariantCulture))];

    /// <summary>Whether the methods of tensors are these functions, with gradients twice, and take every type: on one device, as their programs are the same on all.</summary>
    [TestFixture]
    internal sealed class Methods
    {
        private readonly CpuDevice _cpu = new("elementary-test", threads: 1);

        private static IEnumerable<string> Names => s_functions.Select(static f => f.Name);

        [OneTimeTearDown]
        public void DisposeDevice() => _cpu.Dispose();

        [TestCaseSource(nameof(Names))]
        public void Method_IsTheFunction_InEveryType(string name)
        {
            Function function = Array.Find(s_functions, f => f.Name == name)!;
            (double[] x, double[] z, double[] y) = s_cases.Value[name];
            Tensor[] inputs = [.. new[] { x, z }.Where(static v => v.Length > 0).Select(v => Tensor.From<double>(v, _cpu))];
            function.Check(DType.Float64, y, function.Method(inputs).ToArray<double>());
            foreach (DType half in (DType[])[DType.Float16, DType.BFloat16])
            {
                Tensor[] rounded = [.. inputs.Select(v => v.To(half))];
                Tensor actual = function.Method(rounded), expected = function.Method([.. rounded.Select(static v => v.To(DType.Float32))]).To(half);
                Assert.That(actual.DType, Is.EqualTo(half));
                Assert.That(actual.ToArray<double>(), Is.EqualTo(expected.ToArray<double>()));
            }

            Tensor[] whole = [.. inputs.Select(_ => Tensor.From<int>([1, 2, 3], _cpu))];
            Assert.That(function.Method(whole).DType, Is.EqualTo(name == "Fmod" ? DType.Int32 : DType.Float32));
        }

        [TestCaseSource(nameof(Names))]
        public void Gradient_IsTheDifference_Twice(string name)
        {
            Function function = Array.Find(s_functions, f => f.Name == name)!;
            (double low, double high) = Enum.TryParse(name, out ScalarOpcode opcode) ? ScalarOp.Of(opcode).Domain : (0.25, 4);
            Tensor Make(int seed) => Tensor.Rand([7], low, high, new Generator(seed), DType.Float64, _cpu).WithGrad();
            Tensor[] inputs = s_cases.Value[name].Z.Length > 0 ? [Make(3), Make(4)] : [Make(3)];
            GradientCheck.First(function.Method, inputs, name);
            GradientCheck.Second(function.Method, inputs, name);
        }
    }

    private sealed record Function(string Name, Func<Expr[], Expr> Formula, Func<Tensor[], Tensor> Method, double Single = 1e-6, double Double = 4e-15, double Zero = 0)
    {
        public void Check(DType type, double[] expected, double[] actual)
        {
            bool isSingle = type == DType.Float32;
            // What a double holds may be beyond a float, or lie where cards and vectors flush to 0.
            double[] rounded = isSingle ? Array.ConvertAll(expected, static v => (double)(float)v) : expected;
            Close.AssertAll($"{Name}, {type.ShortName()}", rounded, actual, isSingle ? Single : Double, (isSingle ? 2e-38 : 1e-300) + (isSingle ? Zero : Zero * 2e-9));
        }
    }
}

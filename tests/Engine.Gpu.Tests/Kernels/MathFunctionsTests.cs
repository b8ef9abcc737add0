using System.Runtime.InteropServices;
using Engine.PtxInterpreter;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>The expansions of elementary functions, on a device that is told it has none, against double precision.</summary>
[TestFixture("opencl")]
[TestFixture("interpreter")]
internal sealed class MathFunctionsTests(string name)
{
    private const int Count = 1 << 16;
    private static readonly double[] s_special =
    [
        0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 0.1, 88.7, 89.5, -87.5, -103, -105, 709, -745, 1e-30, -1e-30, 1e-40, -1e-40, 1e30, -1e30, 3.9, -3.9, 6.5,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, float.MaxValue, float.MinValue, 1e-310, 0.9999999, 1.0000001, 17, 16777217,
    ];

    private GpuDriver _driver = null!;

    [OneTimeSetUp]
    public void MakeDriver()
    {
        if (name == "interpreter")
        {
            _driver = InterpretedCuda.CreateDriver();
            return;
        }

        using OpenClDriver plain = OpenClMachine.NewDriver();
        _driver = OpenClMachine.NewDriver(plain.Target with { HasMathFunctions = false });
    }

    [OneTimeTearDown]
    public void DisposeDriver() => _driver?.Dispose();

    // Domain, bound for float32 and bound for float64 in units of the last place.
    private static IEnumerable<TestCaseData> Unary()
    {
        yield return Case("exp", MathFunctions.Exp, Math.Exp, -110, 95, 1.5, 2);
        yield return Case("expm1", MathFunctions.Expm1, SpecialFunctions.Expm1, -30, 95, 2, 4);
        yield return Case("log", MathFunctions.Log, Math.Log, -1, 1e6, 1.5, 2);
        yield return Case("log1p", MathFunctions.Log1p, SpecialFunctions.Log1p, -1.5, 1e6, 2, 4);
        yield return Case("sin", MathFunctions.Sin, Math.Sin, -1000, 1000, 2, 2);
        yield return Case("cos", MathFunctions.Cos, Math.Cos, -1000, 1000, 2, 2);
        yield return Case("sin, large", MathFunctions.Sin, Math.Sin, 1e5, 1e10, 2, 2);
        yield return Case("tan", MathFunctions.Tan, Math.Tan, -100, 100, 4, 4);
        yield return Case("tanh", MathFunctions.Tanh, Math.Tanh, -12, 12, 3, 6);
        yield return Case("sigmoid", MathFunctions.Sigmoid, SpecialFunctions.Sigmoid, -100, 100, 3, 4);
        yield return Case("erf", MathFunctions.Erf, SpecialFunctions.Erf, -7, 7, 3, 16);
        yield return Case("rsqrt", MathFunctions.Rsqrt, x => 1 / Math.Sqrt(x), 1e-6, 1e6, 1.5, 1.5);
    }

    [TestCaseSource(nameof(Unary))]
    public void Function_Float32_IsWithinItsBound(Func<KernelBuilder, Value, Value> function, Func<double, double> reference, double low, double high, double bound, double _)
    {
        float[] x = [.. Arguments(low, high).Select(v => (float)v)];
        float[] y = Run<float>(DType.Float32, (k, values) => function(k, values[0]), x);
        AssertClose(x.Length, i => $"f({x[i]:R})", i => y[i], i => reference(x[i]), bound, static v => Math.Max(MathF.BitIncrement((float)Math.Abs(v)) - (float)Math.Abs(v), float.Epsilon), (float)1e-38);
    }

    [TestCaseSource(nameof(Unary))]
    public void Function_Float64_IsWithinItsBound(Func<KernelBuilder, Value, Value> function, Func<double, double> reference, double low, double high, double _, double bound)
    {
        double[] x = Arguments(low, high);
        double[] y = Run<double>(DType.Float64, (k, values) => function(k, values[0]), x);
        AssertClose(x.Length, i => $"f({x[i]:R})", i => y[i], i => reference(x[i]), bound, static v => Math.BitIncrement(Math.Abs(v)) - Math.Abs(v), 1e-300);
    }

    [Test]
    public void SinAndCos_OfAnySize_KnowTheQuadrant()
    {
        // The second is the single that comes nearest to a multiple of π/2.
        double[] near = [65536, 16367173 * Math.Pow(2, 72), float.MaxValue, Math.Pow(2, 30), 1e22, double.MaxValue];
        Random random = new(3);
        double[] x = [.. near, .. near.Select(v => -v), .. Enumerable.Range(0, 4000).Select(i => (1 + random.NextDouble()) * Math.Pow(2, (i % 2 == 0 ? 16 : 30) + random.Next(i % 2 == 0 ? 111 : 993)))];
        float[] single = [.. x.Select(v => (float)v)];
        foreach ((Func<KernelBuilder, Value, Value> function, Func<double, double> reference) in new (Func<KernelBuilder, Value, Value>, Func<double, double>)[] { (MathFunctions.Sin, Math.Sin), (MathFunctions.Cos, Math.Cos) })
        {
            float[] y = Run<float>(DType.Float32, (k, v) => function(k, v[0]), single);
            AssertClose(x.Length, i => $"f({single[i]:R})", i => y[i], i => reference(single[i]), 2, static v => MathF.BitIncrement((float)Math.Abs(v)) - (float)Math.Abs(v), (float)1e-38);
            double[] z = Run<double>(DType.Float64, (k, v) => function(k, v[0]), x);
            AssertClose(x.Length, i => $"f({x[i]:R})", i => z[i], i => reference(x[i]), 2.5, static v => Math.BitIncrement(Math.Abs(v)) - Math.Abs(v), 1e-300);
        }
    }

    [Test]
    public void Cos_OfTheDoubleNearestToAMultipleOfHalfPi_HasAllItsDigits()
    {
        // The C library's cosine is off by eight units here; the digits are those of 6381956970095103 · 2⁷⁹⁷ in the literature.
        double y = Run<double>(DType.Float64, (k, v) => MathFunctions.Cos(k, v[0]), [6381956970095103 * Math.Pow(2, 797)])[0];
        Assert.That(y, Is.EqualTo(-4.68716592425462761e-19).Within(1e-34));
    }

    [Test]
    public void Pow_Float32_IsWithinItsBound()
    {
        (double[] a, double[] b) = Pairs();
        float[] x = [.. a.Select(v => (float)v)], z = [.. b.Select(v => (float)v)];
        float[] y = Run<float>(DType.Float32, (k, v) => MathFunctions.Pow(k, v[0], v[1]), x, z);
        AssertClose(x.Length, i => $"pow({x[i]:R}, {z[i]:R})", i => y[i], i => Math.Pow(x[i], z[i]), 1.5, static v => Math.Max(MathF.BitIncrement((float)Math.Abs(v)) - (float)Math.Abs(v), float.Epsilon), (float)1e-38);
    }

    [Test]
    public void Pow_Float64_IsWithinItsBound()
    {
        (double[] x, double[] z) = Pairs();
        double[] y = Run<double>(DType.Float64, (k, v) => MathFunctions.Pow(k, v[0], v[1]), x, z);
        AssertClose(x.Length, i => $"pow({x[i]:R}, {z[i]:R})", i => y[i], i => Math.Pow(x[i], z[i]), 8, static v => Math.BitIncrement(Math.Abs(v)) - Math.Abs(v), 1e-300);
    }

    private static TestCaseData Case(string name, Func<KernelBuilder, Value, Value> function, Func<double, double> reference, double low, double high, double single, double wide) =>
        new TestCaseData(function, reference, low, high, single, wide).SetArgDisplayNames(name);

    private static double[] Arguments(double low, double high)
    {
        Random random = new(1);
        double[] x = new double[Count];
        for (int i = 0; i < x.Length; i++)
        {
            double uniform = low + ((high - low) * random.NextDouble());
            x[i] = i % 4 == 0 && low <= 0 ? uniform * Math.Pow(10, -12 * random.NextDouble()) : uniform;    // near 0 too
        }

        if (low <= 0)
        {
            s_special.CopyTo(x, 0);
        }

        return x;
    }

    private static (double[] A, double[] B) Pairs()
    {
        Random random = new(2);
        List<double> a = [], b = [];
        foreach (double x in s_special)
        {
            foreach (double z in s_special)
            {
                a.Add(x);
                b.Add(z);
            }
        }

        while (a.Count < Count)
        {
            a.Add(Math.Pow(10, (6 * random.NextDouble()) - 3) * (random.Next(8) == 0 ? -1 : 1));
            b.Add(random.Next(3) == 0 ? random.Next(-20, 20) : (40 * random.NextDouble()) - 20);
        }

        return ([.. a], [.. b]);
    }

    private T[] Run<T>(DType type, Func<KernelBuilder, Value[], Value> body, params T[][] arguments)
        where T : unmanaged
    {
        KernelBuilder k = new("function", _driver.Target, Math.Min(64, _driver.Target.MaxGroupSize));
        Memory[] inputs = [.. arguments.Select((_, i) => k.Buffer($"x{i}", type))];
        Memory output = k.Buffer("y", type);
        Value n = k.Size("n"), i = k.GlobalId;
        k.If(i < n, () => k.Store(output, i, body(k, [.. inputs.Select(x => k.Load(x, i))])));
        CompiledKernel kernel = _driver.Compile(KernelRenderer.Render(k.Build(), _driver.Target));

        int count = arguments[0].Length, bytes = Marshal.SizeOf<T>() * count;
        List<Block> blocks = [.. Enumerable.Range(0, arguments.Length + 1).Select(_ => new Block(_driver, bytes))];
        for (int a = 0; a < arguments.Length; a++)
        {
            _driver.Upload(MemoryMarshal.AsBytes<T>(arguments[a]), blocks[a].Handle, 0);
        }

        _driver.Launch(kernel, new LaunchGrid((count + k.GroupSize - 1) / k.GroupSize), [.. blocks.Select(b => KernelArgument.Buffer(b.Handle, 0)), count]);
        T[] result = new T[count];
        _driver.Download(blocks[^1].Handle, 0, MemoryMarshal.AsBytes(result.AsSpan()));
        blocks.ForEach(b => b.Dispose());
        return result;
    }

    private static void AssertClose(int count, Func<int, string> name, Func<int, double> actual, Func<int, double> expected, double bound, Func<double, double> unit, double smallest)
    {
        for (int i = 0; i < count; i++)
        {
            double a = actual(i), e = expected(i);
            if (smallest > 1e-100)
            {
                e = double.IsFinite(e) && Math.Abs(e) > float.MaxValue ? (float)e : e;
            }

            // Subnormal results and arguments may be flushed: devices differ.
            bool fits = double.IsNaN(e) ? double.IsNaN(a)
                : double.IsInfinity(e) ? a == e
                : e == 0 || Math.Abs(e) < smallest ? Math.Abs(a) <= smallest
                : Math.Abs(a - e) <= bound * unit(e);
            if (!fits)
            {
                Assert.Fail($"{name(i)} = {a:R}, expected {e:R} ({Math.Abs(a - e) / unit(e):F1} units)");
            }
        }
    }
}

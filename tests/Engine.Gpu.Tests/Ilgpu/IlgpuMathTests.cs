using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Runtime.Cuda;
using NUnit.Framework;
using static Engine.Gpu.Tests.IlgpuCase;

namespace Engine.Gpu.Tests;

/// <summary>
/// Functions of System.MathF, System.Math and ILGPU's XMath, compiled by ILGPU, against the same method of C#. The tolerances are those of
/// ILGPU's own expansions (exp as a power of two of a rounded product, doubles by CORDIC), not of the interpreter, which computes the
/// approximate instructions exactly to rounding.
/// </summary>
[TestFixture]
internal sealed class IlgpuMathTests
{
    private static readonly float[] s_values = [-3.7f, -2.5f, -1, -0.99f, -0.5f, -0.125f, 0, 0.001f, 0.3f, 0.5f, 0.75f, 1, 1.5f, 2, 2.5f, 3.14f, 3.5f];
    private static readonly float[] s_positive = [1e-6f, 0.01f, 0.25f, 0.5f, 0.9f, 1, 1.1f, 2, 2.718f, 10, 1000, 1e20f];
    private static readonly float[] s_units = [-1, -0.9f, -0.5f, -0.1f, 0, 0.2f, 0.5f, 0.99f, 1];

    [Test]
    public void Exponentials()
    {
        Check(Exp, 2e-6, s_values);
        Check(Exp2, 1e-6, s_values);
        Check(Log, 1e-6, s_positive);
        Check(Log10, 1e-6, s_positive);
        Check(BinaryLog, 1e-6, s_positive);
        Check(Pow, 1e-5, s_positive[..^1]);
    }

    [Test]
    public void Roots()
    {
        Check(Sqrt, 0, s_positive);
        Check(Rsqrt, 1e-6, s_positive);
        Check(Rcp, 0, s_positive);
        Check(SqrtDouble, 0, (double[])[0.5, 2, 3, 1e100]);
        Check(RsqrtDouble, 1e-12, (double[])[0.5, 2, 3, 1e10]);
    }

    [Test]
    public void TrigonometricFunctions()
    {
        Check(Sin, 1e-6, s_values);
        Check(Cos, 1e-6, s_values);
        Check(Tan, 1e-3, s_units);
        Check(Asin, 1e-4, s_units);
        Check(Acos, 1e-4, s_units);
        Check(Atan, 1e-4, s_values);
        Check(Atan2, 1e-4, s_values);
        Check(SinCos, 1e-6, s_values);
    }

    [Test]
    public void HyperbolicFunctions()
    {
        Check(Sinh, 1e-5, s_values);
        Check(Cosh, 1e-5, s_values);
        Check(Tanh, 1e-6, s_values);
    }

    [Test]
    public void Rounding()
    {
        Check(Floor, 0, s_values);
        Check(Ceiling, 0, s_values);

        // For a tie ILGPU's expansion looks whether the whole part is odd among the bits that are stored, and the only one of 1 is not: 1.5 becomes 1.
        Check(Round, 0, s_values.Where(static v => Math.Abs(v) != 1.5f).ToArray());
        Check(Truncate, 0, s_values);
        Check(RoundAway, 0, s_values);
        Check(RoundDouble, 0, (double[])[-2.5, -1.49, -0.5, 0.5, 1.51, 2.5, 2.51, 1e10]);
    }

    [Test]
    public void SignsAndLimits()
    {
        Check(MinMax, 0, s_values);
        Check(Clamp, 0, s_values);

        Check(Remainder, 1e-5, s_values);
    }

    /// <summary>The instruction takes the sign of its first operand and the value of its second; ILGPU gives them in the order of C#.</summary>
    [Test]
    public void CopySign_IsThatOfTheInstruction()
    {
        float[] x = [.. s_values];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(CopySign), new LaunchGrid(1), x.Length, x);
        Assert.That(x, Is.EqualTo(s_values.Select(static v => MathF.CopySign(v, -3f))));
    }

    [Test]
    public void DoublesByCordic()
    {
        double[] x = [-3.7, -1, -0.5, 0, 0.25, 0.5, 1, 2, 3];
        double[] positive = [0.01, 0.5, 1, 2, 10, 1000];
        Check(ExpDouble, 1e-7, x);
        Check(LogDouble, 1e-7, positive);
        Check(SinDouble, 1e-7, x);
        Check(TanhDouble, 1e-7, x);
        Check(Atan2Double, 1e-7, x);
        Check(PowDouble, 1e-6, positive[..^1]);
    }

    [Test]
    public void InlineAssembly_IsTaken()
    {
        float[] x = [1, 2, 0.1f];
        using IlgpuMachine machine = new();
        machine.Run(IlgpuPtx.Compile(Fma), new LaunchGrid(1), x.Length, x);
        Assert.That(x, Is.EqualTo(new[] { MathF.FusedMultiplyAdd(1, 2, 3), MathF.FusedMultiplyAdd(2, 2, 3), MathF.FusedMultiplyAdd(0.1f, 2, 3) }));
    }

    private static void Exp(Index1D i, ArrayView<float> x) => x[i] = MathF.Exp(x[i]);

    private static void Exp2(Index1D i, ArrayView<float> x) => x[i] = XMath.Exp2(x[i]);

    private static void Log(Index1D i, ArrayView<float> x) => x[i] = MathF.Log(x[i]);

    private static void Log10(Index1D i, ArrayView<float> x) => x[i] = MathF.Log10(x[i]);

    private static void BinaryLog(Index1D i, ArrayView<float> x) => x[i] = XMath.Log2(x[i]);

    private static void Pow(Index1D i, ArrayView<float> x) => x[i] = MathF.Pow(x[i], 1.5f);

    private static void Sqrt(Index1D i, ArrayView<float> x) => x[i] = MathF.Sqrt(x[i]);

    private static void Rsqrt(Index1D i, ArrayView<float> x) => x[i] = XMath.Rsqrt(x[i]);

    private static void Rcp(Index1D i, ArrayView<float> x) => x[i] = XMath.Rcp(x[i]);

    private static void SqrtDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Sqrt(x[i]);

    private static void RsqrtDouble(Index1D i, ArrayView<double> x) => x[i] = XMath.Rsqrt(x[i]);

    private static void Sin(Index1D i, ArrayView<float> x) => x[i] = MathF.Sin(x[i]);

    private static void Cos(Index1D i, ArrayView<float> x) => x[i] = MathF.Cos(x[i]);

    private static void Tan(Index1D i, ArrayView<float> x) => x[i] = MathF.Tan(x[i]);

    private static void Asin(Index1D i, ArrayView<float> x) => x[i] = MathF.Asin(x[i]);

    private static void Acos(Index1D i, ArrayView<float> x) => x[i] = MathF.Acos(x[i]);

    private static void Atan(Index1D i, ArrayView<float> x) => x[i] = MathF.Atan(x[i]);

    private static void Atan2(Index1D i, ArrayView<float> x) => x[i] = MathF.Atan2(x[i], 2f);

    private static void SinCos(Index1D i, ArrayView<float> x)
    {
        XMath.SinCos(x[i], out float sine, out float cosine);
        x[i] = sine + (2 * cosine);
    }

    private static void Sinh(Index1D i, ArrayView<float> x) => x[i] = MathF.Sinh(x[i]);

    private static void Cosh(Index1D i, ArrayView<float> x) => x[i] = MathF.Cosh(x[i]);

    private static void Tanh(Index1D i, ArrayView<float> x) => x[i] = MathF.Tanh(x[i]);

    private static void Floor(Index1D i, ArrayView<float> x) => x[i] = MathF.Floor(x[i]);

    private static void Ceiling(Index1D i, ArrayView<float> x) => x[i] = MathF.Ceiling(x[i]);

    private static void Round(Index1D i, ArrayView<float> x) => x[i] = MathF.Round(x[i]);

    private static void Truncate(Index1D i, ArrayView<float> x) => x[i] = MathF.Truncate(x[i]);

    private static void RoundAway(Index1D i, ArrayView<float> x) => x[i] = XMath.RoundAwayFromZero(x[i]);

    private static void RoundDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Round(x[i]) + (Math.Floor(x[i]) * 10) + (Math.Ceiling(x[i]) * 100) + (Math.Truncate(x[i]) * 1000);

    private static void MinMax(Index1D i, ArrayView<float> x) => x[i] = MathF.Min(MathF.Max(x[i], -1f), 2f);

    private static void Clamp(Index1D i, ArrayView<float> x) => x[i] = XMath.Clamp(x[i], -1f, 2f);

    private static void CopySign(Index1D i, ArrayView<float> x) => x[i] = MathF.CopySign(-3f, x[i]);

    private static void Remainder(Index1D i, ArrayView<float> x) => x[i] = x[i] % 1.75f;

    private static void ExpDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Exp(x[i]);

    private static void LogDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Log(x[i]);

    private static void SinDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Sin(x[i]);

    private static void TanhDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Tanh(x[i]);

    private static void Atan2Double(Index1D i, ArrayView<double> x) => x[i] = Math.Atan2(x[i], 2.0);

    private static void PowDouble(Index1D i, ArrayView<double> x) => x[i] = Math.Pow(x[i], 1.5);

    private static void Fma(Index1D i, ArrayView<float> x)
    {
        CudaAsm.Emit("fma.rn.f32 %0, %1, %2, %3;", out float result, x[i], 2f, 3f);
        x[i] = result;
    }
}

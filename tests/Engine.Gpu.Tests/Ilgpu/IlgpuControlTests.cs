using System.Runtime.CompilerServices;
using ILGPU;
using NUnit.Framework;
using static Engine.Gpu.Tests.IlgpuCase;
using Half = ILGPU.Half;

namespace Engine.Gpu.Tests;

/// <summary>Loops, switches, calls of functions that are not inlined, local memory and generic addresses, compiled by ILGPU, against C#.</summary>
[TestFixture]
internal sealed class IlgpuControlTests
{
    private static int[] Numbers => [.. Enumerable.Range(-3, 100)];

    [Test]
    public void Switches()
    {
        Check(SwitchKernel, 0, Numbers);
        Check(SwitchExpressionKernel, 0, Numbers, Enumerable.Range(0, 100).Select(static i => (float)i).ToArray());
    }

    [Test]
    public void Loops()
    {
        Check(NestedLoopsKernel, 0, Numbers);
        Check(BackwardLoopKernel, 0, Numbers, 20);
        Check(DoWhileKernel, 0, Numbers.Select(static i => (long)i).ToArray());
    }

    [Test]
    public void Calls_OfFunctionsThatStayFunctions()
    {
        Check(CallKernel, 0, Numbers);
        Check(CallWithViewKernel, 0, Numbers);
        Check(CallWithStructureKernel, 0, Numbers.Select(static i => new Pair { X = i, Y = 2 * i }).ToArray());
        Check(CallWithSmallValuesKernel, 0, Numbers, Numbers.Select(static i => (byte)i).ToArray(), Numbers.Select(static i => (Half)(i / 10f)).ToArray());
        Assert.That(IlgpuPtx.Compile(CallKernel).Text, Does.Contain("call.uni"));
    }

    [Test]
    public void References_ToLocalAndGlobalMemory_AreGenericAddresses()
    {
        float[] x = [.. Enumerable.Range(0, 70).Select(static i => (i * 0.3f) - 5)];
        Check(ReferencesKernel, 0, x, Enumerable.Range(0, 70).Select(static i => (float)i).ToArray());
        Assert.That(IlgpuPtx.Compile(ReferencesKernel).Text, Does.Contain("cvta.local.u64").And.Contain("ld.f32"));
    }

    [Test]
    public void LocalArrays()
    {
        Check(LocalArrayKernel, 0, Numbers);
        Check(LocalMemoryKernel, 0, Numbers);
        Assert.That(IlgpuPtx.Compile(LocalMemoryKernel).Text, Does.Contain("ld.local.b32"));
    }

    [Test]
    public void GenericMethods() => Check(FoldKernel, 0, Enumerable.Range(0, 9).Select(static i => i + 0.5f).ToArray(), new float[9]);

    [Test]
    public void ShortCircuits_ReadNothingBehindTheEnd() => Check(ShortCircuitKernel, 0, Numbers, Numbers);

    [Test]
    public void OtherCards_ComputeTheSame()
    {
        foreach (int capability in new[] { 70, 75, 86, 90 })
        {
            int[] x = Numbers, wanted = Numbers;
            using IlgpuMachine machine = new(capability);
            machine.Run(IlgpuPtx.Compile(CallKernel, new ILGPU.Runtime.Cuda.CudaArchitecture(capability / 10, capability % 10)), new LaunchGrid(2), x.Length, x);
            machine.Run(IlgpuPtx.Compile(CallKernel, ILGPU.Runtime.Cuda.CudaArchitecture.SM_70), new LaunchGrid(2), wanted.Length, wanted);
            Assert.That(x, Is.EqualTo(wanted), $"{capability}");
        }
    }

    private static void SwitchKernel(Index1D i, ArrayView<int> x)
    {
        int result;
        switch (x[i])
        {
            case 0:
                result = 10;
                break;
            case 1:
                result = 21;
                break;
            case 2:
                result = 33;
                break;
            case 3:
                result = x[i] * 7;
                break;
            case 4:
                result = 5;
                break;
            case 5:
                result = 66;
                break;
            default:
                result = -1;
                break;
        }

        x[i] = result;
    }

    private static void SwitchExpressionKernel(Index1D i, ArrayView<int> x, ArrayView<float> y) => y[i] = x[i] switch
    {
        0 => 1f,
        1 => y[i] * 2,
        2 => MathF.Sqrt(y[i]),
        3 => -y[i],
        7 => 9f,
        _ => 0f,
    };

    private static void ShortCircuitKernel(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        if ((i + 1 < x.IntLength && x[i + 1] > 30) || y[i] < 5)
        {
            y[i] = 100;
        }

        int v = i;
        while (v < x.IntLength && x[v] > 50)
        {
            v++;
        }

        y[i] += v;
    }

    private static void NestedLoopsKernel(Index1D i, ArrayView<int> x)
    {
        int sum = 0;
        for (int a = 0; a < x[i] && sum < 500; a++)
        {
            for (int b = a; b < 10; b++)
            {
                if ((a * b & 1) == 1)
                {
                    continue;
                }

                sum += a ^ b;
                if (sum == 77)
                {
                    break;
                }
            }
        }

        x[i] = sum;
    }

    private static void BackwardLoopKernel(Index1D i, ArrayView<int> x, int n)
    {
        int sum = 0;
        for (int k = n; k > 0; k--)
        {
            sum += k == x[i] ? 1000 : k;
        }

        x[i] = sum;
    }

    private static void DoWhileKernel(Index1D i, ArrayView<long> x)
    {
        long v = x[i];
        do
        {
            v = v * 5 % 1009;
        }
        while (v > 50);
        x[i] = v;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Collatz(int n)
    {
        int steps = 0;
        while (n > 1 && steps < 100)
        {
            n = (n & 1) == 0 ? n / 2 : (3 * n) + 1;
            steps++;
        }

        return steps;
    }

    private static void CallKernel(Index1D i, ArrayView<int> x) => x[i] = Collatz(x[i]) + Collatz(i + 1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Bump(ArrayView<int> x, int i, int by) => x[i] += by;

    private static void CallWithViewKernel(Index1D i, ArrayView<int> x)
    {
        Bump(x, i, 5);
        Bump(x, i, i);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Pair Swap(Pair pair, double factor) => new() { X = pair.Y * (float)factor, Y = pair.X };

    private static void CallWithStructureKernel(Index1D i, ArrayView<Pair> x) => x[i] = Swap(x[i], 2.0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsOdd(byte number, Half limit, bool flips) => ((number & 1) == 1) ^ flips ^ ((float)limit > 2);

    private static void CallWithSmallValuesKernel(Index1D i, ArrayView<int> x, ArrayView<byte> y, ArrayView<Half> z) => x[i] = IsOdd(y[i], z[i], x[i] > 2) ? 1 : 2;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Split(float value, out float whole, ref float rest)
    {
        whole = MathF.Floor(value);
        rest += value - whole;
        if (value > 5)
        {
            Add100(ref rest);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Add100(ref float value) => value += 100;

    private static void ReferencesKernel(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        float rest = y[i];
        Split(x[i], out float whole, ref rest);
        x[i] = whole;
        y[i] = rest;
        Split(x[i], out _, ref y[i]);
    }

    private static void LocalArrayKernel(Index1D i, ArrayView<int> x)
    {
        int[] table = new int[4];
        table[x[i] & 3] = 7;
        x[i] = table[0] + (10 * table[1]) + (100 * table[2]) + (1000 * table[3]);
    }

    private static void LocalMemoryKernel(Index1D i, ArrayView<int> x)
    {
        int[] values = new int[8];
        for (int k = 0; k < 8; k++)
        {
            values[k] = x[i] + k;
        }

        int sum = 0;
        for (int k = 0; k < 8; k++)
        {
            sum += values[((k * 3) + i) & 7] * k;
        }

        x[i] = sum;
    }

    private static void FoldKernel(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = Fold(x, 0, default(Plus)) + Fold(x.SubView(0, 3), 1, default(Times));

    private static float Fold<T>(ArrayView<float> x, float start, T operation)
        where T : struct, IOperation
    {
        for (int k = 0; k < x.IntLength; k++)
        {
            start = operation.Apply(start, x[k]);
        }

        return start;
    }

    private interface IOperation
    {
        float Apply(float a, float b);
    }

    private readonly struct Plus : IOperation
    {
        public float Apply(float a, float b) => a + b;
    }

    private readonly struct Times : IOperation
    {
        public float Apply(float a, float b) => a * b;
    }

    private struct Pair
    {
        public float X;
        public float Y;
    }
}

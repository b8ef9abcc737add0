using System.Reflection;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>
/// Runs a kernel over an index on the same arrays, compiled by ILGPU at each of its levels in the interpreter and as the plain method of C#, and
/// compares all arrays.
/// </summary>
internal static class IlgpuCase
{
    private static readonly Lazy<CPUAccelerator> s_host = new(static () =>
        Context.Create(static builder => builder.CPU().EnableAlgorithms()).CreateCPUAccelerator(0));

    /// <summary>Equal in every bit, where the tolerance is 0.</summary>
    /// <param name="kernel">The method; its index counts the elements of the first array.</param>
    /// <param name="tolerance">Of floating-point results: the error relative to the larger of 1 and the value.</param>
    /// <param name="arguments">Arrays and scalars behind the index.</param>
    public static void Check(Delegate kernel, double tolerance, params object[] arguments)
    {
        int count = ((Array)arguments[0]).Length;
        object[] expected = [.. arguments.Select(static argument => argument is Array values ? values.Clone() : argument)];
        RunPlain(kernel.Method, count, expected);
        foreach (OptimizationLevel level in IlgpuPtx.Levels)
        {
            object[] actual = [.. arguments.Select(static argument => argument is Array values ? values.Clone() : argument)];
            using (IlgpuMachine machine = new())
            {
                machine.Run(IlgpuPtx.Compile(kernel, level: level), new LaunchGrid((count + 63) / 64), [count, .. actual]);
            }

            using (Assert.EnterMultipleScope())
            {
                for (int i = 0; i < arguments.Length; i++)
                {
                    if (expected[i] is Array wanted)
                    {
                        Compare($"{kernel.Method.Name} at {level}, argument {i}", (Array)actual[i], wanted, tolerance);
                    }
                }
            }
        }
    }

    private static void Compare(string what, Array actual, Array wanted, double tolerance)
    {
        for (int j = 0; j < wanted.Length; j++)
        {
            object x = actual.GetValue(j)!, y = wanted.GetValue(j)!;
            if (!(x.Equals(y) || (tolerance > 0 && Math.Abs(ToDouble(x) - ToDouble(y)) <= tolerance * Math.Max(1, Math.Abs(ToDouble(y))))))
            {
                Assert.Fail($"{what}: element {j} is {x}, not {y}");
            }
        }
    }

    private static double ToDouble(object value) => value switch
    {
        float x => x,
        ILGPU.Half x => (float)x,
        _ => (double)value,
    };

    private static void RunPlain(MethodInfo method, int count, object[] arguments)
    {
        List<(Array Values, MemoryBuffer Buffer)> buffers = [];
        object[] views = [.. arguments.Select(argument => argument is Array values ? View(values, buffers) : argument)];
        for (int i = 0; i < count; i++)
        {
            method.Invoke(null, [new Index1D(i), .. views]);
        }

        foreach ((Array values, MemoryBuffer buffer) in buffers)
        {
            s_copyBack.MakeGenericMethod(values.GetType().GetElementType()!).Invoke(null, [values, buffer]);
            buffer.Dispose();
        }
    }

    private static readonly MethodInfo s_view = typeof(IlgpuCase).GetMethod(nameof(ViewOf), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo s_copyBack = typeof(IlgpuCase).GetMethod(nameof(CopyBack), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static object View(Array values, List<(Array Values, MemoryBuffer Buffer)> buffers) =>
        s_view.MakeGenericMethod(values.GetType().GetElementType()!).Invoke(null, [values, buffers])!;

    private static object ViewOf<T>(T[] values, List<(Array Values, MemoryBuffer Buffer)> buffers)
        where T : unmanaged
    {
        MemoryBuffer1D<T, Stride1D.Dense> buffer = s_host.Value.Allocate1D(values);
        buffers.Add((values, buffer));
        return (ArrayView<T>)buffer.View;
    }

    private static void CopyBack<T>(T[] values, MemoryBuffer buffer)
        where T : unmanaged => ((MemoryBuffer1D<T, Stride1D.Dense>)buffer).GetAsArray1D().CopyTo(values, 0);
}

using System.Collections.Concurrent;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.OpCases;

/// <summary>
/// Every row over generated layouts and over sizes around the widths of vectors and tiles, forward and backward, against the reference
/// device on row-major operands.
/// </summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.WithKernelSets))]
internal sealed class LayoutTests(string deviceName) : DeviceFixture(deviceName)
{
    /// <summary>Above this size only some layouts are tried; the widths of vectors are all below.</summary>
    private const int AllLayoutsUpTo = 33;

    private static readonly LayoutKind[] s_large = [LayoutKind.Contiguous, LayoutKind.Offset, LayoutKind.Transposed];

    private static readonly ConcurrentDictionary<(string Row, int Size, DType DType, string Values), OpResult> s_expected = new();

    protected override bool SharesCases => false;

    [TestCaseSource(typeof(OpTable), nameof(OpTable.Rows))]
    public void Row_EveryLayoutAndSize_MatchesReference(OpCase row)
    {
        TestDevices.SkipWhatIsTheSame(Device, OpTable.HasIlgpuKernels(row));
        if (row.Name == "ToFloat64")
        {
            RequireFloat64();
        }
        if (TestDevices.CompilesSlowly(Device))
        {
            if (row.IsComposed)
            {
                Assert.Ignore("made of operations that have rows of their own; ENGINE_TEST_DEVICES=opencl runs it all the same");
            }
            Check(row, DType.Float32, row.Sizes.Where(size => size <= AllLayoutsUpTo).Max(), "Mixed", i => s_large[(i + 1) % s_large.Length]);
            return;
        }

        foreach (DType dtype in FullTypes)
        {
            foreach (int size in row.Sizes)
            {
                IReadOnlyList<LayoutKind> layouts = size <= AllLayoutsUpTo ? Layouts.All : s_large;
                if (row.NeedsSpread)
                {
                    layouts = [.. layouts.Where(layout => !Layouts.IsStretched(layout))];
                }
                foreach (LayoutKind layout in layouts)
                {
                    Check(row, dtype, size, layout.ToString(), _ => layout);
                }
                if (row.Inputs(size).Length > 1)
                {
                    Check(row, dtype, size, "Mixed", i => layouts[(i + size + 1) % layouts.Count]);
                }
            }
        }
    }

    private void Check(OpCase row, DType dtype, int size, string name, Func<int, LayoutKind> layout)
    {
        using TensorScope scope = TensorScope.Begin();
        string what = $"{row.Name}, {dtype.ShortName()}, n = {size}, {name}";
        Tensor[] inputs = OpArguments.Make(row, size, layout, dtype, Device);
        Tensor[] plain = OpArguments.CopyTo(inputs, ReferenceDevice.Shared);
        Tensor? dy = null;
        OpResult actual = OpResult.Of(
            row, inputs, y => dy = Layouts.Make(OpArguments.Gradient(row, size, y.Shape), y.Shape, layout(0), y.DType, Device));
        // Layouts that keep all values share one expectation; the others share theirs only where every operand is stretched alike.
        LayoutKind[] kinds = [layout(0), .. inputs.Select((_, i) => layout(i))];
        string values = kinds.Any(Layouts.IsStretched) ? string.Join(", ", kinds) : "all";
        OpResult expected = s_expected.GetOrAdd(
            (row.Name, size, dtype, values), _ => OpResult.Of(row, plain, _ => OpArguments.CopyTo([dy!], ReferenceDevice.Shared)[0]));
        OpResult.AssertEqual(what, row, dtype, expected, actual);
    }
}

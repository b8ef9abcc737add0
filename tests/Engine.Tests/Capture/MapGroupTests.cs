using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Capture;

/// <summary>One program over many items in one call: <see cref="Backend.MapGroup"/>.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class MapGroupTests(string deviceName) : DeviceFixture(deviceName)
{
    // Reads its own output, a tensor of the item, and a value that all items share.
    private static readonly MapProgram s_update = MapProgram.Compile(
        3, Expr.Input(0) - (Expr.Parameter(0) * Expr.Input(1) * Expr.Input(2)), Expr.Input(1) + Expr.Index + Expr.Parameter(1));

    private static readonly Shape[] s_shapes = [[1], [3], [2, 5], [64, 3, 3, 3], [1025], [], [4096]];

    [Test]
    public void Run_ManyItems_EqualsOneByOne()
    {
        Tensor factor = Tensor.Scalar(0.5, device: Device);
        (Tensor[] w, Tensor[] g) = (Tensors(1), Tensors(2));
        (Tensor[] expectedW, Tensor[] expectedG) = (Tensors(1), Tensors(2));
        PointwiseGroup group = new(s_update);
        for (int i = 0; i < w.Length; i++)
        {
            Assert.That(group.TryAdd([w[i], g[i]], [w[i], g[i], factor]), Is.True);
            Pointwise.Into([expectedW[i], expectedG[i]], s_update, [expectedW[i], expectedG[i], factor], [0.1, 3]);
        }

        group.Run([0.1, 3]);
        AssertEqual(w, expectedW);
        AssertEqual(g, expectedG);
        Assert.That(group.Count, Is.Zero);
    }

    [Test]
    public void Run_ParametersInMemory_EqualsByValue()
    {
        Tensor factor = Tensor.Scalar(0.5, device: Device);
        (Tensor[] w, Tensor[] g) = (Tensors(1), Tensors(2));
        (Tensor[] expectedW, Tensor[] expectedG) = (Tensors(1), Tensors(2));
        PointwiseGroup byValue = new(s_update), inMemory = new(s_update);
        for (int i = 0; i < w.Length; i++)
        {
            inMemory.TryAdd([w[i], g[i]], [w[i], g[i], factor]);
            byValue.TryAdd([expectedW[i], expectedG[i]], [expectedW[i], expectedG[i], factor]);
        }

        byValue.Run([0.1, 3]);
        inMemory.Run(Tensor.From<float>([0.1f, 3], Device));
        AssertEqual(w, expectedW);
        AssertEqual(g, expectedG);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void MapGroup_ParametersOfEachItem_AreUsed(bool inMemory)
    {
        Tensor[] x = Tensors(3), y = [.. x.Select(static t => t.EmptyLike())];
        double[] p = [.. Enumerable.Range(0, 2 * x.Length).Select(static i => i * 0.25)];
        MapProgram program = MapProgram.Compile(1, (Expr.Input(0) * Expr.Parameter(0)) + Expr.Parameter(1));
        Tensor memory = Tensor.From<float>([.. p.Select(static v => (float)v)], Device);
        Device.Backend.MapGroup(new MapGroupArgs
        {
            Program = program,
            ComputeType = DType.Float32,
            Count = x.Length,
            Inputs = [.. x.Select(static t => t.Operand)],
            Outputs = [.. y.Select(static t => t.Operand)],
            Parameters = inMemory ? [] : p,
            ParameterMemory = inMemory ? memory.Operand : null,
            ParameterStride = 2,
        });
        for (int i = 0; i < x.Length; i++)
        {
            Assert.That(y[i].ToArray<float>(), Is.EqualTo(((x[i] * p[2 * i]) + p[(2 * i) + 1]).ToArray<float>()).Within(1e-6), $"item {i}");
        }
    }

    [Test]
    public void TryAdd_WhatDoesNotGoTogether_IsRefused()
    {
        PointwiseGroup group = new(Programs.Mul);
        Tensor x = Tensor.Ones([4, 3], device: Device), factor = Tensor.Ones([1, 1], device: Device);
        Assert.Multiple(() =>
        {
            Assert.That(group.TryAdd([x], [x, factor]), Is.True);
            Assert.That(group.TryAdd([x.T], [x.T, factor]), Is.False, "not contiguous");
            Assert.That(group.TryAdd([x], [x, x[0]]), Is.False, "broadcast along one axis");
            Assert.That(group.TryAdd([x], [x, factor.To(DType.Int32)]), Is.False, "another type");
            Assert.That(group.TryAdd([Tensor.Ones([2])], [Tensor.Ones([2]), Tensor.Ones([2])]), Is.False, "another device");
            Assert.That(group.TryAdd([Tensor.Ones([0], device: Device)], [Tensor.Ones([0], device: Device), factor]), Is.False, "empty");
            Assert.That(group.Count, Is.EqualTo(1));
        });
    }

    private Tensor[] Tensors(int seed) => [.. s_shapes.Select((s, i) => Tensor.Rand(s, -1, 1, new Generator((seed * 100) + i), device: Device))];

    private static void AssertEqual(Tensor[] actual, Tensor[] expected)
    {
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.That(actual[i].ToArray<float>(), Is.EqualTo(expected[i].ToArray<float>()), $"item {i}, {actual[i].Shape}");
        }
    }
}

using System.Numerics;
using Engine.Cpu;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Cpu;

/// <summary>Convolutions of tensors that are not contiguous or not of a type that the kernels compute in, against the reference device.</summary>
internal sealed class ConvolutionOperandTests
{
    private static readonly ConvGeometry s_geometry = ConvolutionCases.Make(2, 4, 6, 5, 6, 3, 3, stride: (2, 1), pad: (1, 1), groups: 2);

    private readonly CpuDevice _device = new("conv-test", threads: 2);

    [OneTimeTearDown]
    public void EndThreads() => _device.Dispose();

    [Test]
    public void Float32_Views_MatchReference() => AllDirections<float>(1e-5);

    [Test]
    public void Float64_Views_MatchReference() => AllDirections<double>(1e-13);

    [Test]
    public void Float16_Views_MatchReference() => AllDirections<Half>(Math.Pow(2, -10));

    [Test]
    public void BFloat16_Views_MatchReference()
    {
        foreach (Direction direction in Enum.GetValues<Direction>())
        {
            float[] Values(Device device) => [.. Run(direction, device, v => (BFloat16)(float)v).ToArray<BFloat16>().Select(v => (float)v)];
            // Values below 4 in 8 bits: a rounding that falls the other way is 2^-7 at most.
            Assert.That(Values(_device), Is.EqualTo(Values(ReferenceDevice.Shared)).Within(Math.Pow(2, -6)), direction.ToString());
        }
    }

    private enum Direction
    {
        Forward,
        BackwardData,
        BackwardWeight,
    }

    private void AllDirections<T>(double tolerance) where T : unmanaged, INumber<T>
    {
        foreach (Direction direction in Enum.GetValues<Direction>())
        {
            double[] actual = [.. Run(direction, _device, T.CreateChecked).ToArray<T>().Select(double.CreateChecked)];
            double[] expected = [.. Run(direction, ReferenceDevice.Shared, T.CreateChecked).ToArray<T>().Select(double.CreateChecked)];
            Assert.That(expected.Max(Math.Abs), Is.GreaterThan(0.5), "The expected values are all tiny.");
            for (int i = 0; i < expected.Length; i++)
            {
                Assert.That(actual[i], Is.EqualTo(expected[i]).Within(tolerance * Math.Max(1, Math.Abs(expected[i]))), $"{direction}, element {i}");
            }
        }
    }

    /// <summary>One direction with every operand a permuted view: pixels outermost, images innermost.</summary>
    private static Tensor Run<T>(Direction direction, Device device, Func<double, T> convert) where T : unmanaged
    {
        ConvGeometry g = s_geometry;
        Tensor x = View([g.Batch, g.InChannels, g.InHeight, g.InWidth], 1), w = View([g.OutChannels, g.InChannels / g.Groups, g.KernelHeight, g.KernelWidth], 2);
        Tensor y = View([g.Batch, g.OutChannels, g.OutHeight, g.OutWidth], 3), bias = View([g.OutChannels], 4);
        switch (direction)
        {
            case Direction.Forward:
                device.Backend.ConvForward(new ConvForwardArgs { Geometry = g, X = x.Operand, W = w.Operand, Y = y.Operand, Bias = bias.Operand, Activation = Programs.Relu });
                return y.Reversed();
            case Direction.BackwardData:
                device.Backend.ConvBackwardData(new ConvBackwardDataArgs { Geometry = g, GradY = y.Operand, W = w.Operand, GradX = x.Operand });
                return x.Reversed();
            default:
                device.Backend.ConvBackwardWeight(new ConvBackwardWeightArgs { Geometry = g, X = x.Operand, GradY = y.Operand, GradW = w.Operand });
                return w.Reversed();
        }

        Tensor View(int[] sizes, int seed)
        {
            Random random = new(seed);
            T[] values = [.. Enumerable.Range(0, sizes.Aggregate(1, (a, b) => a * b)).Select(_ => convert(2 * random.NextDouble() - 1))];
            return Tensor.From<T>(values, new Shape([.. sizes.Reverse()]), device).Reversed();
        }
    }
}

internal static class ReversedAxes
{
    /// <summary>The view with its axes in reverse order; twice gives the layout that the values were written in.</summary>
    public static Tensor Reversed(this Tensor tensor) => tensor.Permute([.. Enumerable.Range(0, tensor.Rank).Reverse()]);
}

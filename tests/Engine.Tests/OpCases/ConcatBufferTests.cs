using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.OpCases;

/// <summary>Appending to a buffer gives the values and gradients of <see cref="Tensor.Concat"/>, wherever the parts are written.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class ConcatBufferTests(string deviceName) : DeviceFixture(deviceName)
{
    private bool Shares => Device.Backend.ComputesOnParts;

    [TestCase(0, 2, 1, 3)]
    [TestCase(1, 2, 1, 3)]
    [TestCase(-1, 0, 5, 1)]
    [TestCase(1, 1, 0, 0)]
    public void Append_AlongAnyAxis_HasTheValuesOfConcat(int axis, params int[] lengths)
    {
        foreach (Shape rest in new Shape[] { [2, 3, 2, 3], [3, 5], [1, 1, 1, 7], [0, 4, 3] })
        {
            Tensor[] parts = [.. lengths.Select((length, i) => Numbers(i, rest.With(axis, length)))];
            using ConcatBuffer buffer = new(parts[0], lengths.Sum(), axis);
            for (int i = 1; i < parts.Length; i++)
            {
                Tensor before = buffer.Value, y = buffer.Append(parts[i]);
                Assert.That(y, Is.SameAs(buffer.Value));
                AssertSame(Tensor.Concat(parts.AsSpan()[..(i + 1)], axis), y);
                Assert.That(before.Storage == y.Storage, Is.EqualTo(Shares && lengths[0] < lengths.Sum()));
            }
        }
    }

    [Test]
    public void Append_OfViewsAndOfImagesInAnyOrder_HasTheValuesOfConcat()
    {
        Tensor image = Numbers(1, [2, 5, 4, 3]), last = Numbers(2, [2, 3, 4, 3]).Contiguous(MemoryFormat.ChannelsLast);
        Tensor turned = Numbers(3, [2, 4, 3, 4]).Transpose(2, 3), stretched = Numbers(4, [2, 1, 1, 3]).Expand([2, 2, 4, 3]), part = Numbers(5, [2, 9, 4, 3]).Narrow(1, 2, 6);
        foreach (Tensor first in new[] { image, last, image.Flip(1), part })
        {
            using ConcatBuffer buffer = new(first, first.Shape[1] + 15, 1);
            _ = buffer.Append(last);
            _ = buffer.Append(turned);
            _ = buffer.Append(stretched);
            AssertSame(Tensor.Concat([first, last, turned, stretched, part], 1), buffer.Append(part));
        }
    }

    [Test]
    public void Append_OfWhatDoesNotFit_ConcatenatesOrRefuses()
    {
        Tensor x = Numbers(1, [2, 3, 4]), y = Numbers(2, [2, 2, 4]);
        using ConcatBuffer full = new(x, 4, 1);
        AssertSame(Tensor.Concat([x, y], 1), full.Append(y));
        AssertSame(Tensor.Concat([x, y, x], 1), full.Append(x));

        using ConcatBuffer wider = new(x.To(DType.Float16), 9, 1);
        Tensor joined = wider.Append(y);
        Assert.That(joined.DType, Is.EqualTo(DType.Float32));
        AssertSame(Tensor.Concat([x.To(DType.Float16), y], 1), joined);

        using ConcatBuffer same = new(x, 9, 1);
        Tensor half = y.To(DType.Float16), both = Tensor.Concat([x, half], 1);
        AssertSame(both, same.Append(half));
        Assert.That(() => same.Append(Numbers(1, [2, 1, 5])), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => same.Append(Numbers(1, [2, 1])), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => same.Append(2, static value => value.Narrow(1, 0, 1)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => same.Append(2, static _ => null!), Throws.ArgumentException);
        Assert.That(() => new ConcatBuffer(x, 2, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new ConcatBuffer(x, 9, 3), Throws.InstanceOf<ArgumentException>());
        AssertSame(both, same.Value);
        same.Dispose();
        Assert.That(() => same.Append(y), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => same.Append(1, static value => value), Throws.TypeOf<ObjectDisposedException>());
        AssertSame(both, same.Value);
    }

    [Test]
    public void Append_PassesGradients()
    {
        Tensor[] parts = [Numbers(1, [2, 3, 2, 2]).WithGrad(), Numbers(2, [2, 2, 2, 2]).WithGrad(), Numbers(3, [2, 1, 2, 2]).WithGrad()];
        Tensor[] weights = [Numbers(4, [2, 3, 2, 2]), Numbers(5, [2, 5, 2, 2]), Numbers(6, [2, 6, 2, 2])];
        using (ConcatBuffer buffer = new(parts[0], 6, 1))
        {
            Tensor a = buffer.Value, b = buffer.Append(parts[1]), c = buffer.Append(parts[2]);
            ((a.Square() * weights[0]).Sum() + (b.Square() * weights[1]).Sum() + (c.Square() * weights[2]).Sum()).Backward();
        }

        Tensor[] found = [.. parts.Select(static p => p.Grad!.Clone())];
        foreach (Tensor part in parts)
        {
            part.ClearGrad();
        }

        Tensor ab = Tensor.Concat([parts[0], parts[1]], 1), abc = Tensor.Concat([ab, parts[2]], 1);
        ((parts[0].Square() * weights[0]).Sum() + (ab.Square() * weights[1]).Sum() + (abc.Square() * weights[2]).Sum()).Backward();
        for (int i = 0; i < parts.Length; i++)
        {
            AssertClose(parts[i].Grad!, found[i]);
        }
    }

    [TestCase(12, 3, 1)]
    [TestCase(5, 3, 1)]
    [TestCase(16, 1, 0)]
    [TestCase(3, 1, 0)]
    [TestCase(1, 5, 2)]
    public void Append_OfAConvolution_WritesItInPlace(int channels, int kernel, int padding)
    {
        foreach (MathMode mode in Enum.GetValues<MathMode>().Where(mode => mode == MathMode.Strict || Device is not HostDevice))
        {
            MathMode before = Device.MathMode;
            Device.MathMode = mode;
            double tolerance = mode == MathMode.Strict ? 1e-5 : mode is MathMode.Tf32 or MathMode.Tf32Convolutions ? 2e-3 : 2e-2;
            try
            {
                foreach ((int first, int side) in new[] { (9, 6), (24, 17), (8, 1) })
                {
                    Tensor x = Numbers(1, [2, first, side, side]).WithGrad(), weight = Numbers(2, [channels, first, kernel, kernel]).WithGrad(), bias = Numbers(3, [channels]).WithGrad();
                    using ConcatBuffer buffer = new(x, first + channels + 3, 1);
                    Tensor? result = null;
                    Tensor y = buffer.Append(channels, value => result = value.Conv2d(weight, bias, padding: padding, relu: true));
                    Assert.That(result!.Storage == y.Storage, Is.EqualTo(Shares));
                    Tensor expected = Tensor.Concat([x, x.Conv2d(weight, bias, padding: padding, relu: true)], 1);
                    AssertClose(expected, y, tolerance);
                    Tensor last = Numbers(7, [2, 3, side, side]);
                    AssertClose(Tensor.Concat([expected, last], 1), buffer.Append(last), tolerance);
                    Tensor factor = Numbers(8, y.Shape);
                    Tensor?[] found = Autograd.Grad([(y * factor).Sum()], [x, weight, bias]), wanted = Autograd.Grad([(expected * factor).Sum()], [x, weight, bias]);
                    for (int i = 0; i < found.Length; i++)
                    {
                        AssertClose(wanted[i]!, found[i]!, tolerance);
                    }
                }
            }
            finally
            {
                Device.MathMode = before;
            }
        }
    }

    /// <summary>The first convolution takes the place of the result; what it has saved there must stay as it is.</summary>
    [Test]
    public void Append_WhereAStepOnTheWayTookThePlace_LeavesItAlone()
    {
        Tensor x = Numbers(1, [2, 8, 5, 5]).WithGrad(), weight = Numbers(2, [8, 8, 3, 3]).WithGrad();
        using ConcatBuffer buffer = new(x, 24, 1);
        Tensor y = buffer.Append(8, value => value.Conv2d(weight, padding: 1, relu: true).Conv2d(weight, padding: 1));
        Tensor expected = Tensor.Concat([x, x.Conv2d(weight, padding: 1, relu: true).Conv2d(weight, padding: 1)], 1);
        AssertClose(expected, y);
        Tensor[] found = [.. Autograd.Grad([y.Square().Sum()], [x, weight])!], wanted = [.. Autograd.Grad([expected.Square().Sum()], [x, weight])!];
        AssertClose(wanted[0], found[0]);
        AssertClose(wanted[1], found[1]);
        AssertClose(Tensor.Concat([y, x], 1), buffer.Append(x));

        // A function that throws leaves no offer behind.
        using ConcatBuffer other = new(x, 16, 1);
        Assert.That(() => other.Append(8, static _ => throw new InvalidOperationException()), Throws.InvalidOperationException);
        Tensor alone = x.Conv2d(weight, padding: 1);
        Assert.That(alone.Storage, Is.Not.SameAs(other.Value.Storage));
    }

    [Test]
    public void Value_OverwrittenInPlace_IsNoticedByTheGradient()
    {
        Tensor x = Numbers(1, [2, 3, 2, 2]).WithGrad();
        using ConcatBuffer buffer = new(x, 6, 1);
        Tensor y = buffer.Append(3, static value => value.Square());
        using (GradMode.Off())
        {
            y.MulInPlace(2);
        }

        if (Shares)
        {
            Assert.That(() => y.Sum().Backward(), Throws.TypeOf<GradientException>().With.Message.Contains("overwritten in place"));
        }
        else
        {
            Assert.That(() => y.Sum().Backward(), Throws.Nothing);
        }
    }

    /// <summary>With a hook every layer's output is a tensor of its own; without one the block is one memory. Values and gradients are the same.</summary>
    [TestCase(4, 3, 5, 4)]
    [TestCase(12, 9, 7, 6)]
    [TestCase(3, 5, 1, 1)]
    public void DenseBlock_InOneMemory_ComputesAsWithConcatenations(int growth, int channels, int height, int width)
    {
        DenseBlock shared = new(3, channels, growth, new Generator(7)), plain = new(3, channels, growth, new Generator(7));
        shared.To(Device);
        plain.To(Device);
        List<Tensor> seen = [];
        using HookHandle hook = plain[1].RegisterForwardHook((_, _, y) => seen.Add(y));
        foreach (bool training in new[] { true, false })
        {
            shared.Train(training);
            plain.Train(training);
            Tensor x = Numbers(1, [3, channels, height, width]).WithGrad(), same = Numbers(1, [3, channels, height, width]).WithGrad();
            Tensor y = shared.Forward(x), expected = plain.Forward(same);
            AssertClose(expected, y);
            Tensor factor = Numbers(2, y.Shape);
            (y * factor).Sum().Backward();
            (expected * factor).Sum().Backward();
            AssertClose(same.Grad!, x.Grad!);
            foreach ((Tensor mine, Tensor its) in shared.Parameters.Zip(plain.Parameters))
            {
                AssertClose(its.Grad!, mine.Grad!);
                mine.ClearGrad();
                its.ClearGrad();
            }

            AssertClose(plain.Predict(same), shared.Predict(x));
        }

        Assert.That(seen, Has.Count.EqualTo(4));
        Assert.That(seen[0].Storage.References, Is.GreaterThan(0));
    }

    [Test]
    public void DenseBlock_OfAnImageThatDoesNotFit_NamesTheLayer()
    {
        DenseBlock block = new(2, 4, 3);
        block.To(Device);
        Assert.That(() => block.Forward(Numbers(1, [2, 5, 4, 4])), Throws.TypeOf<ShapeMismatchException>().With.Message.StartsWith("Layer \"denselayer1\""));
        Assert.That(() => block.Forward(Numbers(1, [5, 4])), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => block.Forward(null!), Throws.ArgumentNullException);
    }

    /// <summary>The normalisation adds its gradient to that of the other users of its input, which came before it.</summary>
    [TestCase(2, 5, 3, 3)]
    [TestCase(3, 8, 4, 1)]
    [TestCase(7, 3, 1, 1)]
    public void BatchNorm_OfAnInputWithOtherUsers_HasTheSumOfGradients(params int[] sizes)
    {
        foreach (bool relu in new[] { false, true })
        {
            Tensor x = Numbers(1, sizes).WithGrad(), weight = Numbers(2, [sizes[1]]).WithGrad(), bias = Numbers(3, [sizes[1]]).WithGrad();
            Tensor factor = Numbers(4, sizes), other = Numbers(5, sizes), third = Numbers(6, sizes);
            Tensor inner = x * 2, normalized = inner.BatchNorm(weight, bias, relu: relu);
            ((normalized * factor).Sum() + (inner * other).Sum() + (inner.Square() * third).Sum()).Backward();
            Tensor sum = x.Grad!.Clone();
            x.ClearGrad();
            ((x * 2).BatchNorm(weight, bias, relu: relu) * factor).Sum().Backward();
            Tensor alone = x.Grad!.Clone();
            AssertClose(alone + (other * 2) + (x.Detach() * third * 8), sum);
        }
    }

    private Tensor Numbers(int seed, Shape shape)
    {
        Random random = new(seed);
        float[] values = new float[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }

        return Tensor.From<float>(values, shape, Device);
    }

    private static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.That((actual.Shape, actual.DType), Is.EqualTo((expected.Shape, expected.DType)));
        Assert.That(actual.ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));
    }

    private static void AssertClose(Tensor expected, Tensor actual, double relative = 1e-5)
    {
        Assert.That((actual.Shape, actual.DType), Is.EqualTo((expected.Shape, expected.DType)));
        float[] wanted = expected.ToArray<float>(), found = actual.ToArray<float>();
        double scale = relative * Math.Max(1, wanted.Select(Math.Abs).DefaultIfEmpty().Max());
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.That(found[i], Is.EqualTo(wanted[i]).Within(scale), $"element {i} of {expected.Shape}");
        }
    }
}

using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Errors;

/// <summary>Numbers of rows that do not exist, −1 above all, which a failed look-up gives: an error that names the call, the number and the range.</summary>
[TestFixtureSource(typeof(Devices.TestDevices), nameof(Devices.TestDevices.All))]
internal sealed class IndexErrorTests(string deviceName) : Devices.DeviceFixture(deviceName)
{
    private static IEnumerable<TestCaseData> Calls
    {
        get
        {
            foreach (long outside in (long[])[-1, -4, 4, 7, long.MaxValue, long.MinValue])
            {
                foreach (DType type in outside is < int.MinValue or > int.MaxValue ? (DType[])[DType.Int64] : [DType.Int64, DType.Int32])
                {
                    yield return Case("Embedding", static (x, i) => x.Embedding(i));
                    yield return Case("EmbeddingBag", static (x, i) => x.EmbeddingBag(i.Reshape(1, 2)));
                    yield return Case("IndexSelect", static (x, i) => x.IndexSelect(0, i));
                    yield return Case("IndexSelect", static (x, i) => x.T.IndexSelect(-1, i));
                    yield return Case("Embedding", static (x, i) => x.WithGrad().Embedding(i.Reshape(2, 1)));
                    yield return Case("Gather", static (x, i) => x.Gather(0, i.Unsqueeze(1).Expand([2, 3])));
                    yield return Case("ScatterAdd", static (x, i) => x.ScatterAdd(0, i.Unsqueeze(1).Expand([2, 3]), x[..2]));
                    yield return Case("OneHot", static (_, i) => i.OneHot(4));
                    yield return Case("CrossEntropy", static (x, i) => x[..2].Concat4().CrossEntropy(i));
                    yield return Case("NllLoss", static (x, i) => x[..2].Concat4().NllLoss(i));

                    TestCaseData Case(string op, Func<Tensor, Tensor, Tensor> call) => new(op, outside, type, call);
                }
            }
        }
    }

    [TestCaseSource(nameof(Calls))]
    public void Index_OutsideTheAxis_ThrowsNamingCallAndIndex(string op, long outside, DType type, Func<Tensor, Tensor, Tensor> call)
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("the host does not wait for a card to look at its numbers");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor table = Tensor.Ones([4, 3], device: Device), index = Tensor.From<long>([1, outside], [2], Device).To(type);

        // The reference backend has words of its own for what backends find.
        string named = Device is ReferenceDevice && op is ("Gather" or "ScatterAdd") ? string.Empty : $"{op}: ";
        Assert.That(
            () => call(table, index),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains(named).And.Message.Contains($"{outside}"));
    }

    [Test]
    public void Embedding_OutsideTheTableOnACard_GivesNaN()
    {
        if (Device is HostDevice)
        {
            Assert.Ignore("here it is an error");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor rows = Tensor.Ones([4, 3], device: Device).Embedding(Tensor.From<long>([1, -1, 4], [3], Device));
        Assert.That(rows.ToArray<float>(), Is.EqualTo(new[] { 1, 1, 1, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN, float.NaN }));
    }

    [Test]
    public void EmbeddingLayer_UnknownWord_IsAnError()
    {
        if (Device is not HostDevice)
        {
            Assert.Ignore("the host does not wait for a card to look at its numbers");
        }

        using TensorScope scope = TensorScope.Begin();
        Embedding layer = new Embedding(4, 3).To(Device);
        int unknown = Array.IndexOf((string[])["Rome", "Oslo"], "Lima");
        Assert.That(
            () => layer.Forward(Tensor.From<long>([0, unknown], [2], Device)),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Embedding: index -1 lies outside of [0, 4)."));
    }

    [Test]
    public void Indexer_BeforeTheAxis_ThrowsAndWritesNothing()
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Arange(0, 6, device: Device), matrix = x.Reshape(3, 2);
        foreach (int index in (int[])[-7, -12, 6, 7, int.MinValue, int.MaxValue])
        {
            Assert.That(() => x[index], Throws.TypeOf<ArgumentOutOfRangeException>(), $"{index}");
            Assert.That(() => x[index] = Tensor.Scalar(9, device: Device), Throws.TypeOf<ArgumentOutOfRangeException>(), $"{index}");
            Assert.That(() => matrix[0, index], Throws.TypeOf<ArgumentOutOfRangeException>(), $"{index}");
            Assert.That(() => matrix[index], Throws.TypeOf<ArgumentOutOfRangeException>(), $"{index}");
            Assert.That(() => x.Select(0, index), Throws.TypeOf<ArgumentOutOfRangeException>(), $"{index}");
        }

        Assert.That(() => x[^7], Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("Select: axis 0 of [6] has 6 elements."));
        Assert.That(() => x[^0], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => matrix[.., ^3], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => matrix[TensorIndex.Ellipsis, -3], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => matrix[TensorIndex.NewAxis, -4], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => Tensor.Ones([0], device: Device)[-1], Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 0, 1, 2, 3, 4, 5 }));
        Assert.That(x[-6].Item(), Is.Zero);
        Assert.That(x[^6].Item(), Is.Zero);
        Assert.That(x[-1].Item(), Is.EqualTo(5));

        // Ranges are clipped, as in Python.
        Assert.That(x[^9..^4].ToArray<float>(), Is.EqualTo(new float[] { 0, 1 }));
        Assert.That(x[4..99].ToArray<float>(), Is.EqualTo(new float[] { 4, 5 }));
    }
}

internal static class FourClasses
{
    /// <summary>Four columns of three.</summary>
    public static Tensor Concat4(this Tensor x) => Tensor.Concat([x, x[.., ..1]], 1);
}

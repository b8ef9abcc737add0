using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Properties;

/// <summary>What is made from numbers alone has the same bits on every device, with double precision or without; and what is read back.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Others))]
internal sealed class CreationTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly DType[] s_types = [DType.Float32, DType.Float16, DType.BFloat16];

    [TestCase(0, 10, 1)]
    [TestCase(10, -3, -2)]
    [TestCase(16777210, 16777230, 1)]
    [TestCase(-3e9, 3e9, 5e8)]
    [TestCase(0.5, 9, 1)]
    [TestCase(0, 1, 0.1)]
    [TestCase(-1, 2, 1.0 / 3)]
    [TestCase(1e20, 2e20, 1e19)]
    [TestCase(1e-30, 1e-29, 1e-30)]
    public void Arange_EveryStep_HasTheReferenceBits(double start, double stop, double step)
    {
        foreach (DType type in s_types)
        {
            Assert.That(
                Tensor.Arange(start, stop, step, type, Device).ToArray<double>(),
                Is.EqualTo(Tensor.Arange(start, stop, step, type, ReferenceDevice.Shared).ToArray<double>()), type.ShortName());
        }
    }

    [TestCase(0, 1, 11)]
    [TestCase(-1, 1, 3)]
    [TestCase(0, 100, 101)]
    [TestCase(5, 6, 1)]
    [TestCase(0, 1e-3, 1000)]
    public void Linspace_AnyEnds_HasTheReferenceBits(double start, double stop, int count)
    {
        foreach (DType type in s_types)
        {
            Assert.That(
                Tensor.Linspace(start, stop, count, type, Device).ToArray<double>(),
                Is.EqualTo(Tensor.Linspace(start, stop, count, type, ReferenceDevice.Shared).ToArray<double>()), type.ShortName());
        }
    }

    [TestCase(0, 10)]
    [TestCase(-1_000_000, 1_000_000)]
    [TestCase(int.MinValue, int.MaxValue)]
    [TestCase(7, 8)]
    public void RandInt_OneSeed_GivesTheSameNumbers(int low, int high)
    {
        Generator here = new(3), there = new(3);
        for (int draw = 0; draw < 2; draw++)
        {
            long[] actual = Tensor.RandInt([37, 5], low, high, here, Device).ToArray<long>();
            Assert.That(actual, Is.EqualTo(Tensor.RandInt([37, 5], low, high, there, ReferenceDevice.Shared).ToArray<long>()));
            Assert.That(actual, Is.All.InRange(low, high - 1L));
        }

        Assert.That(here.Draws, Is.EqualTo(there.Draws));
    }

    [Test]
    public void Reading_EveryPairOfTypes_GivesTheNumbersOfTheReference()
    {
        foreach (DType type in Enum.GetValues<DType>().Where(type => type != DType.Float64 || Device.HasFloat64))
        {
            Tensor there = Tensor.From<double>([0, 1, 2.5, -3, 200, 1], [2, 3], ReferenceDevice.Shared).To(type), here = there.To(Device).T;
            Assert.That(here.ToArray<double>(), Is.EqualTo(there.T.ToArray<double>()), type.ShortName());
            Assert.That(here.ToArray<float>(), Is.EqualTo(there.T.ToArray<float>()), type.ShortName());
            Assert.That(here.ToArray<int>(), Is.EqualTo(there.T.ToArray<int>()), type.ShortName());
            Assert.That(here.ToArray<byte>(), Is.EqualTo(there.T.ToArray<byte>()), type.ShortName());
            Assert.That(here.ToArray<bool>(), Is.EqualTo(there.T.ToArray<bool>()), type.ShortName());
            Assert.That(here[2, 1].Item(), Is.EqualTo(there[1, 2].Item()), type.ShortName());
        }
    }

    [Test]
    public void CopyFrom_SpanOfAnotherType_IsConverted()
    {
        Tensor x = Tensor.Zeros([2, 3], device: Device);
        x.CopyFrom<double>([1.5, 2, 3, 4, 5, 6]);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new[] { 1.5f, 2, 3, 4, 5, 6 }));
        x.T.CopyFrom<long>([1, 2, 3, 4, 5, 6]);
        Assert.That(x.ToArray<float>(), Is.EqualTo(new float[] { 1, 3, 5, 2, 4, 6 }));
    }
}

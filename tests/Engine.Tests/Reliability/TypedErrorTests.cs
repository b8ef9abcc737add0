using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Reliability;

/// <summary>Arguments that random calls found to end in an error of the runtime, or in memory that nobody asked for.</summary>
internal sealed class TypedErrorTests
{
    private readonly ReferenceDevice _device = new();

    [Test]
    public void RandPerm_MoreThanTheDeviceHolds_IsRefusedBeforeTheHostMakesIt()
    {
        _device.Pool.Limit = 1 << 20;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<OutOfDeviceMemoryException>(() => Tensor.RandPerm(1 << 24, device: _device));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1 << 20));
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.RandPerm(-1, device: _device));
        Assert.That(Tensor.RandPerm(100, device: _device).Sort().Values.ToArray<long>(), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void Batch_Default_IsEmptyAndCanBeDisposed()
    {
        Batch batch = default;
        Assert.That(batch.Count, Is.Zero);
        Assert.DoesNotThrow(batch.Dispose);
    }

    [Test]
    public void Pad_LongerThanAnAxisCanBe_Throws() => Assert.Throws<ArgumentException>(() => Tensor.Ones([3], device: _device).Pad([(int.MaxValue, 1)]));

    [TestCase(-1)]
    [TestCase(int.MaxValue)]
    public void ToString_ImpossiblePrecision_Throws(int precision) => Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Ones([3], device: _device).ToString(precision));

    [Test]
    public void DivInPlace_OfIntegers_SaysWhatToConvert()
    {
        Tensor x = Tensor.Ones([3], DType.Int64, _device);
        Assert.That(() => x.DivInPlace(x), Throws.TypeOf<DTypeMismatchException>().With.Message.Contains("To(DType.Float32)"));
    }

    [Test]
    public void FuseMap_OfAParameter_IsRefusedWhenItIsBuilt()
    {
        Assert.Throws<ArgumentException>(() => Fuse.Map(static x => x * Expr.Parameter(0)));
        Assert.Throws<ArgumentException>(() => Fuse.Map(static x => x * Expr.Random(0)));
        Assert.Throws<ArgumentException>(() => Fuse.Map(static x => x * Expr.Parameter(int.MaxValue - 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fuse.Map(static x => x * Expr.Parameter(int.MaxValue)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Fuse.Map(static x => x * Expr.Random(int.MaxValue - 3)));
    }

    [Test]
    public void GeneratorNext_NoRoom_ThrowsAndDrawsNothing()
    {
        Generator generator = new(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.Next(new double[3]));
        Assert.That(generator.Draws, Is.Zero);
    }
}

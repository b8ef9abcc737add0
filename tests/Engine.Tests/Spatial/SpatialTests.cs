using Engine.Nn;
using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Spatial;

/// <summary>Sizes of 0 and 1, special values, overlaps and statistics that the tables of rows do not reach.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class SpatialTests(string deviceName) : DeviceFixture(deviceName)
{
    private static readonly double[] s_mixed = [1, double.NaN, 3, double.PositiveInfinity, 5, 6];

    [Test]
    public void Pad_SpecialValues_StayWhereTheyAre()
    {
        Tensor x = MostPrecise(s_mixed, [6]);
        Assert.That(x.Pad([(2, 1)], mode: PaddingMode.Reflect).ToArray<double>(), Is.EqualTo(new[] { 3, double.NaN, 1, double.NaN, 3, double.PositiveInfinity, 5, 6, 5 }));
        Assert.That(x.Pad([(-4, 2)], double.NegativeInfinity).ToArray<double>(), Is.EqualTo(new[] { 5, 6, double.NegativeInfinity, double.NegativeInfinity }));
    }

    [Test]
    public void Pad_Integers_KeepsTheirType()
    {
        Tensor x = Tensor.From<long>([1, 2, 3], Device);
        Assert.That(x.Pad([(2, 2)], mode: PaddingMode.Circular).ToArray<long>(), Is.EqualTo(new long[] { 2, 3, 1, 2, 3, 1, 2 }));
        Assert.That(x.Pad([(1, -1)], 7).ToArray<long>(), Is.EqualTo(new long[] { 7, 1, 2 }));
    }

    [Test]
    public void Pad_NothingLeft_HasTheBorderAndNoGradient()
    {
        Tensor x = MostPrecise([1, 2, 3], [3]).WithGrad();
        Tensor y = x.Pad([(-5, 4)], 2);
        Assert.That(y.ToArray<double>(), Is.EqualTo(new double[] { 2, 2 }));
        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Is.All.Zero);
    }

    [Test]
    public void Interpolate_SpecialValues_ReachOnlyTheirNeighbours()
    {
        // Places 0, ½, 1, …: those on a cell are that cell alone.
        double[] y = MostPrecise(s_mixed, [1, 1, 6]).Interpolate(11, InterpolationMode.Linear, alignCorners: true).ToArray<double>();
        Assert.That(y, Is.EqualTo(new[]
        {
            1, double.NaN, double.NaN, double.NaN, 3, double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity, 5, 5.5, 6,
        }));
    }

    [Test]
    public void Interpolate_ToOneCell_IsTheFirstOrTheMiddle()
    {
        Tensor x = MostPrecise([1, 2, 4], [1, 1, 3]);
        Assert.That(x.Interpolate(1, InterpolationMode.Linear, alignCorners: true).Item(), Is.EqualTo(1));
        Assert.That(x.Interpolate(1, InterpolationMode.Linear).Item(), Is.EqualTo(2));
        Assert.That(x.Interpolate(1).Item(), Is.EqualTo(1));
        Assert.That(x.Interpolate(1, InterpolationMode.NearestExact).Item(), Is.EqualTo(2));
    }

    [Test]
    public void Everything_OfNoSamples_HasNoElements()
    {
        Tensor image = Tensor.Zeros([0, 2, 4, 4], device: Device), volume = Tensor.Zeros([0, 2, 3, 4, 4], device: Device).WithGrad();
        Assert.That(image.Interpolate([8, 2], InterpolationMode.Bicubic).Shape, Is.EqualTo(new Shape(0, 2, 8, 2)));
        Assert.That(image.Interpolate(scaleFactor: 2).Shape, Is.EqualTo(new Shape(0, 2, 8, 8)));
        Assert.That(image.Pad([(1, 1)], mode: PaddingMode.Replicate).Shape, Is.EqualTo(new Shape(0, 2, 4, 6)));
        Assert.That(image.Unfold(2).Shape, Is.EqualTo(new Shape(0, 8, 9)));
        Assert.That(image.GridSample(Tensor.Zeros([0, 3, 3, 2], device: Device)).Shape, Is.EqualTo(new Shape(0, 2, 3, 3)));
        Assert.That(image.AdaptiveMaxPool2d(3).Shape, Is.EqualTo(new Shape(0, 2, 3, 3)));
        Tensor w = Tensor.Ones([3, 2, 2, 2, 2], device: Device).WithGrad();
        Tensor y = volume.Conv3d(w, padding: 1);
        Assert.That(y.Shape, Is.EqualTo(new Shape(0, 3, 4, 5, 5)));
        y.Sum().Backward();
        Assert.That(w.Grad!.ToArray<float>(), Is.All.Zero);
        Assert.That(volume.MaxPool3dWithIndices(2).Indices.Shape, Is.EqualTo(new Shape(0, 2, 1, 2, 2)));
    }

    [Test]
    public void MaxUnpool_OverlappingWindows_GiveTheirPlaceTheValueOnce()
    {
        Tensor x = MostPrecise([1, 9, 2, 3], [1, 1, 4]).WithGrad();
        (Tensor values, Tensor indices) = x.MaxPool1dWithIndices(2, 1);
        Assert.That(indices.ToArray<long>(), Is.EqualTo(new long[] { 1, 1, 3 }));
        Tensor y = values.MaxUnpool1d(indices, 2, 1);
        Assert.That(y.ToArray<double>(), Is.EqualTo(new double[] { 0, 9, 0, 3 }));
        y.Sum().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Is.EqualTo(new double[] { 0, 1, 0, 1 }));
    }

    [Test]
    public void MaxPool3d_EqualValuesAndNaN_ChooseTheFirst()
    {
        Tensor x = MostPrecise([5, 5, 5, 5, double.NaN, 1, 1, double.NaN], [1, 1, 2, 2, 2]).WithGrad();
        (Tensor y, Tensor at) = x.MaxPool3dWithIndices((1, 2, 2));
        Assert.That(at.ToArray<long>(), Is.EqualTo(new long[] { 0, 4 }));
        Assert.That(y.ToArray<double>(), Is.EqualTo(new[] { 5, double.NaN }));
        x.MaxPool3d(2).Sum().Backward();
        Assert.That(x.Grad!.ToArray<double>(), Is.EqualTo(new double[] { 0, 0, 0, 0, 1, 0, 0, 0 }));
    }

    [Test]
    public void GridSample_OutsideAndNotANumber_AreZeroOrNaN()
    {
        Tensor x = MostPrecise([1, 2, 3, 4], [1, 1, 2, 2]);
        Tensor grid = MostPrecise([-0.5, -0.5, 7, 0, double.NaN, 0, 1e30, -1e30], [1, 1, 4, 2]);
        Assert.That(x.GridSample(grid).ToArray<double>(), Is.EqualTo(new[] { 1, 0, double.NaN, 0 }));
        Assert.That(x.GridSample(grid, InterpolationMode.Nearest).ToArray<double>(), Is.EqualTo(new double[] { 1, 0, 0, 0 }));
        Assert.That(x.GridSample(grid, InterpolationMode.Nearest, GridPadding.Border).ToArray<double>()[3], Is.EqualTo(2));
    }

    [Test]
    public void GridSample_OfItsOwnGrid_IsTheImage()
    {
        double[] values = [.. Enumerable.Range(0, 24).Select(static i => i * 0.75)];
        Tensor x = MostPrecise(values, [2, 1, 3, 4]), theta = MostPrecise([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0], [2, 2, 3]);
        foreach (bool corners in (bool[])[false, true])
        {
            foreach (InterpolationMode mode in (InterpolationMode[])[InterpolationMode.Nearest, InterpolationMode.Bilinear, InterpolationMode.Bicubic])
            {
                Tensor grid = theta.AffineGrid([2, 1, 3, 4], corners);
                Close.AssertAll($"{mode}, {corners}", values, x.GridSample(grid, mode, GridPadding.Border, corners).ToArray<double>(), 1e-5, 1e-5);
            }
        }
    }

    [Test]
    public void Windows_OfAView_AreViews()
    {
        Tensor x = MostPrecise([.. Enumerable.Range(0, 12).Select(static i => (double)i)], [3, 4]);
        Tensor windows = x.T.Windows(0, 3);
        Assert.That(windows.Shape, Is.EqualTo(new Shape(2, 3, 3)));
        Assert.That(windows[1, 2].ToArray<double>(), Is.EqualTo(new double[] { 9, 10, 11 }));
        x.FillInPlace(1);
        Assert.That(windows.ToArray<double>(), Is.All.EqualTo(1));
    }

    [Test]
    public void InstanceNorm_RunningStatistics_AreMeansOverSamples()
    {
        InstanceNorm1d layer = new(1, momentum: 0.5, trackRunningStats: true);
        layer.To(Device);
        Tensor x = Tensor.From<float>([1, 3, 2, 8], [2, 1, 2], Device);
        layer.Forward(x);
        Assert.That(layer.RunningMean!.Item(), Is.EqualTo(0.5 * 3.5).Within(1e-6));
        Assert.That(layer.RunningVar!.Item(), Is.EqualTo(0.5 + (0.5 * (2 + 18) / 2)).Within(1e-5));
        Assert.That(layer.NumBatchesTracked!.Item<long>(), Is.Zero);
        double deviation = Math.Sqrt(layer.RunningVar.Item() + 1e-5);
        Assert.That(layer.Predict(x).ToArray<float>()[0], Is.EqualTo((1 - 1.75) / deviation).Within(1e-5));
    }

    [Test]
    public void Half_IsRoundedOnce()
    {
        double[] values = [.. Enumerable.Range(0, 2 * 3 * 4 * 5).Select(static i => Math.Sin(i * 1.7) * 3)];
        Tensor wide = Rounded(values, [1, 2, 3, 4, 5], DType.Float32).To(DType.Float16).To(DType.Float32);
        Tensor half = wide.To(DType.Float16);
        Same(wide.AvgPool3d(2, 1), half.AvgPool3d(2, 1));
        Same(wide.Interpolate([2, 5, 3], InterpolationMode.Trilinear), half.Interpolate([2, 5, 3], InterpolationMode.Trilinear));
        Same(wide.AdaptiveAvgPool3d((2, 3, 2)), half.AdaptiveAvgPool3d((2, 3, 2)));

        static void Same(Tensor expected, Tensor actual)
        {
            Assert.That(actual.DType, Is.EqualTo(DType.Float16));
            Assert.That(actual.To(DType.Float32).ToArray<float>(), Is.EqualTo(expected.To(DType.Float16).To(DType.Float32).ToArray<float>()));
        }
    }
}

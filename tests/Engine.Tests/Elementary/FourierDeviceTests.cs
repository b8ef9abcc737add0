using Engine.Tests.Comparison;
using Engine.Tests.Devices;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Elementary;

/// <summary>Each way of the Fourier transform on every device: one matrix, a split, a chirp.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.All))]
internal sealed class FourierDeviceTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Fft_EveryWay_IsTheSum([Values(6, 70, 67)] int n)
    {
        using TensorScope scope = TensorScope.Begin();
        Tensor x = Tensor.Randn([2, n, 2], generator: new Generator(n), dtype: Widest, device: ReferenceDevice.Shared);
        double[] values = x.ToArray<double>(), expected = new double[values.Length];
        for (int i = 0; i < values.Length / 2; i++)
        {
            int row = i / n * n, k = i % n;
            for (int j = 0; j < n; j++)
            {
                (double sin, double cos) = Math.SinCos(-2 * Math.PI * ((long)j * k % n) / n);
                (double re, double im) = (values[2 * (row + j)], values[(2 * (row + j)) + 1]);
                expected[2 * i] += (re * cos) - (im * sin);
                expected[(2 * i) + 1] += (re * sin) + (im * cos);
            }
        }

        Tensor leaf = x.To(Device).WithGrad(), y = leaf.Fft();
        double bound = Widest == DType.Float32 ? 1e-4 : 1e-11;
        Close.AssertAll("y", x.Shape, expected, y, 0, bound);
        y.Square().Sum().Backward();
        // The transform is √n times a rotation, so the gradient of |y|² is 2n·x.
        Close.AssertAll("dx", [.. values.Select(v => 2 * n * v)], leaf.Grad!.ToArray<double>(), 0, bound * n);
    }
}

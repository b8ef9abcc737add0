using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Gpu.Tests;

/// <summary>Random tensors, and results of a device against those of the plain loops.</summary>
internal static class Compare
{
    /// <summary>The reference.</summary>
    public static Device Reference => ReferenceDevice.Shared;

    /// <summary>Values of any type, evenly spread, on the reference.</summary>
    public static Tensor Random(Shape shape, int seed, double low, double high, DType dtype)
    {
        Random random = new(seed);
        double[] values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = low + ((high - low) * random.NextDouble());
        }

        return Tensor.From<double>(values, shape, Reference).To(dtype);
    }

    /// <summary>The whole block of a tensor on another device, seen under the same layout.</summary>
    public static Tensor SameLayout(Tensor x, Device device)
    {
        if (x.DType == DType.Float64)
        {
            KernelDevices.RequireFloat64(device);
        }

        int size = x.DType.SizeInBytes();
        byte[] bytes = new byte[x.Storage.Bytes];
        x.Device.Download(x.Storage, 0, bytes);
        Tensor block = Tensor.Allocate([bytes.Length / size], x.DType, device);
        device.Upload(bytes, block.Storage, 0);
        return block.ViewAs(x.Layout);
    }

    /// <summary>All elements equal within a relative bound (absolute below 1); NaN and infinities exactly.</summary>
    public static void AssertClose(Tensor actual, Tensor expected, double bound, string what)
    {
        double[] a = actual.To(Reference).To(DType.Float64).ToArray<double>(), e = expected.To(Reference).To(DType.Float64).ToArray<double>();
        Assert.That(a, Has.Length.EqualTo(e.Length), what);
        for (int i = 0; i < e.Length; i++)
        {
            bool same = a[i].Equals(e[i]) || a[i] == e[i] || Math.Abs(a[i] - e[i]) <= bound * Math.Max(1, Math.Abs(e[i]));
            if (!same)
            {
                Assert.Fail($"{what}: element {i} of {e.Length} is {a[i]:R} instead of {e[i]:R}");
            }
        }
    }

    /// <summary>Bound for results that were computed and stored in a type.</summary>
    public static double Bound(DType dtype) => dtype switch
    {
        DType.Float64 => 1e-13,
        DType.Float32 => 2e-6,
        DType.Float16 => 2e-3,
        DType.BFloat16 => 1.6e-2,
        _ => 0,
    };
}

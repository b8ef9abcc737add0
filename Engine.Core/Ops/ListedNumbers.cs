namespace Engine;

/// <summary>Tensors of one axis whose elements the host computes, one by one, in double precision.</summary>
internal static class ListedNumbers
{
    public static Tensor Of(int count, Func<int, double> value, DType dtype, Device? device)
    {
        // What the device has no room for is said before the host computes it.
        Tensor.Empty([count], dtype, device).Dispose();
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = value(i);
        }

        return dtype == DType.Float64 ? Tensor.From<double>(values, device) : Tensor.From<float>(Array.ConvertAll(values, static v => (float)v), device).ToOrSelf(dtype);
    }
}

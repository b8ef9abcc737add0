namespace Engine.Nn;

/// <summary>Conversions that give the tensor itself, not another handle to it, where there is nothing to convert.</summary>
internal static class Placement
{
    public static Tensor On(this Tensor x, Device device) => x.Device == device ? x : x.To(device);

    /// <summary>
    /// A parameter or buffer as its device reads it best: filters of convolutions, [out, in, R, S], with channels last where the device prefers that.
    /// Optimizers then find weights, gradients and their own state in one order of memory.
    /// </summary>
    public static Tensor AsParameter(this Tensor x) => x.InOrder(channelsLast: x.Rank == 4 && x.Device.Backend.PrefersChannelsLast);

    /// <summary>Values that are computed with together with a parameter, in its order of memory.</summary>
    public static Tensor InOrderOf(this Tensor x, Tensor parameter) =>
        x.InOrder(channelsLast: !parameter.IsContiguous && parameter.Layout.IsChannelsLast && x.Shape == parameter.Shape);

    public static Tensor As(this Tensor x, DType dtype) => x.DType == dtype ? x : x.To(dtype);

    private static Tensor InOrder(this Tensor x, bool channelsLast) =>
        (channelsLast ? x.Layout.IsChannelsLast : x.IsContiguous) ? x : x.Contiguous(channelsLast ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous);
}

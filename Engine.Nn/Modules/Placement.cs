namespace Engine.Nn;

/// <summary>Conversions that give the tensor itself, not another handle to it, where there is nothing to convert.</summary>
internal static class Placement
{
    public static Tensor On(this Tensor x, Device device) => x.Device == device ? x : x.To(device);

    public static Tensor As(this Tensor x, DType dtype) => x.DType == dtype ? x : x.To(dtype);
}

namespace Engine.Nn.Distributions;

/// <summary>Numbers without parameters, of the type and the device of parameters.</summary>
internal static class Noise
{
    // The least normal numbers: what is rounded to 0 would have no logarithm.
    private const double LeastSingle = 1.17549435e-38, LeastDouble = 2.2250738585072014e-308;

    public static Tensor Normal(Shape shape, Tensor like, Tensor other, Generator? generator) => Tensor.Randn(shape, 0, 1, generator, TypeOf(like, other), like.Device);

    public static Tensor Uniform(Shape shape, Tensor like, Generator? generator) => Tensor.Rand(shape, 0, 1, generator, like.DType, like.Device);

    public static Tensor Exponential(Shape shape, Tensor like, Generator? generator) => Tensor.Exponential(shape, 1, generator, like.DType, like.Device);

    /// <summary>At least the least normal number of the type.</summary>
    public static Tensor Positive(this Tensor x) => x.Clamp(x.DType == DType.Float64 ? LeastDouble : LeastSingle);

    private static DType TypeOf(Tensor a, Tensor b) => a.DType == DType.Float64 || b.DType == DType.Float64 ? DType.Float64
        : a.DType == DType.Float32 || b.DType == DType.Float32 || a.DType != b.DType ? DType.Float32
        : a.DType;
}

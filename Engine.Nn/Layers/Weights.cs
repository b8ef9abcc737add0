namespace Engine.Nn;

/// <summary>How layers make their parameters: PyTorch's start values.</summary>
internal static class Weights
{
    /// <summary>Uniform in ±1/√fan-in, the start of linear and convolution weights.</summary>
    public static Tensor FanIn(Shape shape, Generator? generator) =>
        Init.KaimingUniform(Tensor.Empty(shape), a: Math.Sqrt(5), generator: generator).AsParameter().WithGrad();

    /// <summary>Uniform in ±1/√fan-in of the weight that the bias belongs to.</summary>
    public static Tensor Bias(int size, Tensor weight, Generator? generator)
    {
        long fanIn = Init.Fans(weight).FanIn;
        return Uniform([size], fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0, generator);
    }

    /// <summary>Uniform in ±bound.</summary>
    public static Tensor Uniform(Shape shape, double bound, Generator? generator) =>
        Init.Uniform(Tensor.Empty(shape), -bound, bound, generator).WithGrad();

    /// <summary>All equal.</summary>
    public static Tensor Constant(Shape shape, double value) => Tensor.Full(shape, value).WithGrad();

    /// <summary>A buffer: no scope takes it away.</summary>
    public static Tensor Buffer(Shape shape, double value, DType dtype = DType.Float32) => Tensor.Full(shape, value, dtype).Keep();
}

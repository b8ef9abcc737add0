namespace Engine.Backends;

/// <summary>How tensors become a call of <see cref="Backend.Gemm"/>. Nothing is recorded.</summary>
internal static class Products
{
    /// <summary>c ← alpha·a·b + beta·c (+ bias along the columns, then ReLU).</summary>
    public static void Into(Tensor a, Tensor b, Tensor c, double alpha = 1, double beta = 0, Tensor? bias = null, bool relu = false)
    {
        if (c.ElementCount == 0)
        {
            return;
        }

        Operand? summand = bias?.OperandAs(c.DType);
        c.Device.Backend.Gemm(new GemmArgs
        {
            A = a.OperandAs(c.DType),
            B = b.OperandAs(c.DType),
            C = c.Operand,
            Alpha = alpha,
            Beta = beta,
            Bias = summand is { } given ? given.With(given.Layout.Expand(c.Shape)) : null,
            Activation = relu ? Programs.Relu : null,
        });
    }
}

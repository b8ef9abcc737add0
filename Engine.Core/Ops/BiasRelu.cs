namespace Engine;

/// <summary>The way back through a bias and a ReLU that a product or convolution computed in its own pass.</summary>
internal static class BiasRelu
{
    /// <summary>The gradient of x from the gradient of the result [N, C, …], and the gradient of the bias, in one pass where both are needed.</summary>
    public static (Tensor Gradient, Tensor? Bias) Backward(Tensor dy, Tensor y, bool needsBias)
    {
        if (!needsBias || GradMode.IsEnabled || dy.ElementCount == 0)
        {
            Tensor passed = dy.ReluBackward(y);
            return (passed, !needsBias ? null : dy.Rank == 2 ? passed.Sum([0]) : passed.Sum([0, 2, 3]));
        }

        Tensor dx = Tensor.AllocateLike(dy.Shape, dy.DType, dy.Device, dy, y), gradient = Tensor.Allocate([dy.Shape[1]], dy.DType, dy.Device);
        dy.Device.Backend.BiasReluBackward(Channels(dy), Channels(y), Channels(dx), gradient.Operand);
        return (dx, gradient);

        static Operand Channels(Tensor x) => x.ReshapeOrSelf(x.Shape[0], x.Shape[1], -1).Operand;
    }
}

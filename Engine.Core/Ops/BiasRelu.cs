namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// What a product or convolution with bias and perhaps ReLU passes on of the gradient of its result [N, C, …], and the gradient of its
    /// bias, in one pass where both are needed.
    /// </summary>
    private static (Tensor Gradient, Tensor? Bias) BiasReluBackward(Tensor dy, Tensor? y, bool needsBias)
    {
        if (y is null || !needsBias || GradMode.IsEnabled || dy.ElementCount == 0)
        {
            Tensor passed = y is null ? dy : dy.ReluBackward(y);
            return (passed, !needsBias ? null : dy.Rank == 2 ? passed.Sum([0]) : passed.Sum([0, 2, 3]));
        }

        Tensor dx = Allocate(dy.Shape, dy.DType, dy.Device), gradient = Allocate([dy.Shape[1]], dy.DType, dy.Device);
        dy.Device.Backend.BiasReluBackward(Channels(dy), Channels(y), Channels(dx), gradient.Operand);
        return (dx, gradient);

        static Operand Channels(Tensor x) => x.ReshapeOrSelf(x.Shape[0], x.Shape[1], -1).Operand;
    }
}

using Engine;
using Engine.Gpu;
using ILGPU;

namespace CustomKernelSample;

/// <summary>An activation, y = x·sigmoid(βx), as two C# methods: each computes one element.</summary>
internal static class Swish
{
    private const float Beta = 1.5f;

    private static readonly KernelFunction<float> s_function = KernelFunction.Elementwise<float>(Forward, Backward);

    public static Tensor Of(Tensor x) => s_function.Apply(x, Beta);

    /// <summary>The same by the engine's own operations.</summary>
    public static Tensor Compose(Tensor x) => x * (x * Beta).Sigmoid();

    private static void Forward(Index1D i, ArrayView<float> x, ArrayView<float> y, float beta) =>
        y[i] = x[i] / (1 + MathF.Exp(-beta * x[i]));

    private static void Backward(Index1D i, ArrayView<float> x, ArrayView<float> dy, ArrayView<float> dx, float beta)
    {
        float s = 1 / (1 + MathF.Exp(-beta * x[i]));
        dx[i] = dy[i] * (s + (beta * x[i] * s * (1 - s)));
    }
}

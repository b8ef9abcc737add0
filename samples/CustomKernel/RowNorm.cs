using Engine;
using Engine.Gpu;
using ILGPU;
using ILGPU.Runtime;

namespace CustomKernelSample;

/// <summary>
/// A normalisation, y = x/√(mean x² + ε) in each row, whose kernels work by groups: the work-items of one group add up one row through memory
/// that they share.
/// </summary>
internal sealed class RowNorm : CustomFunction
{
    private const int GroupSize = 32;
    private const float Epsilon = 1e-5f;

    public static Tensor Of(Tensor x) => new RowNorm().Apply(x);

    /// <summary>The same by the engine's own operations.</summary>
    public static Tensor Compose(Tensor x) => x * (x.Square().Mean(axis: 1, keepDims: true) + Epsilon).Rsqrt();

    protected override Tensor Forward(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0], y = x.EmptyLike(), scale = Tensor.Empty([x.Shape[0]], device: x.Device);
        x.Device.Kernel(Normalize).Launch((x.Shape[0], GroupSize), x.AsArrayView2D<float>(), y.AsArrayView2D<float>(), scale.AsArrayView<float>());
        Save(x, scale);
        return y;
    }

    protected override Tensor?[] Backward(Tensor dy)
    {
        if (GradMode.IsEnabled)
        {
            // Autograd does not see into kernels: what asks for a derivative of this gradient would take it for a constant.
            throw new GradientException("RowNorm has no second derivative.");
        }

        Tensor x = Saved(0), scale = Saved(1), dx = x.EmptyLike();
        x.Device.Kernel(NormalizeBackward).Launch(
            (x.Shape[0], GroupSize), x.AsArrayView2D<float>(), scale.AsArrayView<float>(), dy.AsArrayView2D<float>(), dx.AsArrayView2D<float>());
        return [dx];
    }

    private static void Normalize(ArrayView2D<float, Stride2D.General> x, ArrayView2D<float, Stride2D.General> y, ArrayView<float> scale)
    {
        int row = Grid.IdxX, columns = x.IntExtent.Y;
        float squares = 0;
        for (int i = Group.IdxX; i < columns; i += GroupSize)
        {
            squares += x[row, i] * x[row, i];
        }

        float s = 1 / MathF.Sqrt((SumOfGroup(squares) / columns) + Epsilon);
        for (int i = Group.IdxX; i < columns; i += GroupSize)
        {
            y[row, i] = s * x[row, i];
        }

        if (Group.IdxX == 0)
        {
            scale[row] = s;
        }
    }

    /// <summary>dx = s·dy − x·s³·mean(x·dy).</summary>
    private static void NormalizeBackward(
        ArrayView2D<float, Stride2D.General> x, ArrayView<float> scale, ArrayView2D<float, Stride2D.General> dy, ArrayView2D<float, Stride2D.General> dx)
    {
        int row = Grid.IdxX, columns = x.IntExtent.Y;
        float products = 0;
        for (int i = Group.IdxX; i < columns; i += GroupSize)
        {
            products += x[row, i] * dy[row, i];
        }

        float s = scale[row], along = s * s * s * SumOfGroup(products) / columns;
        for (int i = Group.IdxX; i < columns; i += GroupSize)
        {
            dx[row, i] = (s * dy[row, i]) - (along * x[row, i]);
        }
    }

    /// <summary>The sum of what all work-items of the group pass; in each round the lower half adds what the upper half has.</summary>
    private static float SumOfGroup(float value)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(GroupSize);
        shared[Group.IdxX] = value;
        for (int half = GroupSize / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (Group.IdxX < half)
            {
                shared[Group.IdxX] += shared[Group.IdxX + half];
            }
        }

        Group.Barrier();
        return shared[0];
    }
}

namespace Engine.Nn;

/// <summary>
/// Local response normalisation (Krizhevsky et al. 2012): each cell divided by those of the neighbouring channels,
/// <c>y[c] = x[c]/(k + α/size·Σ x[i]²)^β</c>, the sum over the <c>size</c> channels around c.
/// </summary>
/// <remarks>Shapes: x [N, C, …] → the same. Of an even size the channel before c counts one more than those behind it, as in PyTorch.</remarks>
public sealed class LocalResponseNorm : OperationLayer
{
    private readonly int _size;
    private readonly double _alpha;
    private readonly double _beta;
    private readonly double _k;

    /// <summary>A layer.</summary>
    /// <param name="size">Channels that count.</param>
    /// <param name="alpha">How much they count together.</param>
    /// <param name="beta">The power.</param>
    /// <param name="k">What is added to their mean.</param>
    public LocalResponseNorm(int size, double alpha = 1e-4, double beta = 0.75, double k = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        (_size, _alpha, _beta, _k) = (size, alpha, beta, k);
    }

    private protected override Tensor Apply(Tensor x)
    {
        if (x.Rank < 3)
        {
            throw new ShapeMismatchException($"LocalResponseNorm: x is {x.Shape}; it must be [N, C, …] with at least three axes.");
        }

        if (x.ElementCount == 0)
        {
            return x.Clone();
        }

        // Channels as rows of an image with one channel: a window of size rows and one column.
        Tensor squares = x.Square().Reshape(x.Shape[0], 1, x.Shape[1], -1).Pad([(_size / 2, (_size - 1) / 2), (0, 0)]);
        Tensor scale = ((squares.AvgPool2d((_size, 1), 1) * _alpha) + _k).Pow(_beta);
        return x / scale.Reshape(x.Shape);
    }

    /// <inheritdoc/>
    public override string ToString() => $"LocalResponseNorm({_size})";
}

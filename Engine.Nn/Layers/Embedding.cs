namespace Engine.Nn;

/// <summary>A vector for each word: <c>y[i…] = W[x[i…]]</c>.</summary>
/// <remarks>
/// Shapes: x […] of int64 or int32 → y […, size]; <see cref="Weight"/> [count, size] starts normal with mean 0 and standard deviation 1, a
/// padding row at 0.
/// </remarks>
public sealed partial class Embedding : Layer
{
    private readonly int? _paddingIndex;

    /// <summary>A table with random start values.</summary>
    /// <param name="count">The number of words.</param>
    /// <param name="size">The length of each vector.</param>
    /// <param name="paddingIndex">A word whose vector starts at 0 and is never trained; negative numbers count from the end.</param>
    /// <param name="generator">The source of the start values.</param>
    public Embedding(int count, int size, int? paddingIndex = null, Generator? generator = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (paddingIndex is { } index)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(index, -count, nameof(paddingIndex));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count, nameof(paddingIndex));
            _paddingIndex = index < 0 ? index + count : index;
        }

        Weight = Init.Normal(Tensor.Empty([count, size]), generator: generator).WithGrad();
        if (_paddingIndex is { } row)
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            Weight[row].ZeroInPlace();
        }
    }

    /// <summary>W, [count, size].</summary>
    public Tensor Weight { get; }

    /// <inheritdoc/>
    /// <param name="x">Numbers of words.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number lies outside the table (told by the CPU).</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (Intercepts)
        {
            return Call(x);
        }

        Tensor y = Weight.Embedding(x);
        if (_paddingIndex is { } padding && y.RequiresGrad)
        {
            // The value stays, the gradient does not pass.
            y = Tensor.Where(x.EqualTo(padding).Unsqueeze(x.Rank), y.Detach(), y);
        }

        return ForwardTrace.Record(this, x, y);
    }

    /// <inheritdoc/>
    public override string ToString() => $"Embedding({Weight.Shape[0]} × {Weight.Shape[1]})";
}

namespace Engine.Data.Text;

/// <summary>How texts of different lengths become a tensor.</summary>
public sealed record TokenOptions
{
    /// <summary>Longer texts are cut off; none where null.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Whether all batches have <see cref="MaxLength"/>, rather than the length of their longest text: one shape for a captured step.</summary>
    public bool PadToMaxLength { get; init; }

    /// <summary>The length of a batch is a multiple of this.</summary>
    public int PadToMultipleOf { get; init; } = 1;

    /// <summary>Whether the filling stands before the text, as generation wants it, or behind.</summary>
    public bool PadLeft { get; init; }

    internal void Check()
    {
        if (MaxLength is { } max)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max, nameof(MaxLength));
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PadToMultipleOf);
    }
}

namespace Engine.Data.Tables;

/// <summary>How a category becomes numbers.</summary>
public enum CategoryEncoding : byte
{
    /// <summary>One number for each category, 1 for the row's own and 0 for the others; all 0 where it is missing or unknown.</summary>
    OneHot,

    /// <summary>
    /// Its number, for an embedding: 0 where it is missing or unknown, else from 1 on. The ids are a second tensor of inputs, <c>categories</c>
    /// [N, columns], beside <c>numbers</c> [N, …].
    /// </summary>
    Ids,
}

/// <summary>What becomes of a category that the training part did not have.</summary>
public enum UnknownCategory : byte
{
    /// <summary>It is treated as a missing one.</summary>
    AsMissing,

    /// <summary>A <see cref="DataFileException"/> that names it.</summary>
    Throw,
}

/// <summary>How a table becomes tensors.</summary>
public sealed record TableOptions
{
    /// <summary>The columns to learn from; all but the target where null.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>How categories become numbers.</summary>
    public CategoryEncoding Categories { get; init; }

    /// <summary>
    /// The most categories that a column may have in <see cref="CategoryEncoding.OneHot"/>, which makes as many numbers of it. Names, numbers of customers and
    /// columns of numbers with a typing error have more; they are refused rather than learned by heart.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int MaxCategories
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    }
    = 200;

    /// <summary>What becomes of a category that the training part did not have.</summary>
    public UnknownCategory Unknown { get; init; }

    /// <summary>
    /// Whether a target of numbers is brought to mean 0 and standard deviation 1, as networks learn best;
    /// <see cref="TablePreprocessor.TargetValues"/> brings predictions back.
    /// </summary>
    public bool StandardizeTarget { get; init; } = true;
}

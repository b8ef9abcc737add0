namespace Engine.Nn.Distributions;

/// <summary>Draws the next token of a language model from its logits.</summary>
public static class TokenSampler
{
    /// <summary>One class number for each row, of softmax(logits/temperature) cut to its likeliest classes: [V] → [1], [N, V] → [N, 1]; int64.</summary>
    /// <remarks>First the top k are kept, then of these, with their probabilities added up from the likeliest on, those before the sum reaches p, and one more.</remarks>
    /// <param name="logits">[V] or [N, V].</param>
    /// <param name="temperature">Below 1 prefers what is likely, above 1 evens out; 0 takes the likeliest.</param>
    /// <param name="topK">How many classes are kept; 0 for all.</param>
    /// <param name="topP">How much of the probability is kept (nucleus sampling, Holtzman et al. 2020); 1 for all.</param>
    /// <param name="generator">The source; <see cref="Generator.Default"/> if null.</param>
    /// <exception cref="ArgumentOutOfRangeException">The temperature or k is negative, or p is not in (0, 1].</exception>
    /// <exception cref="ShapeMismatchException">There are neither one axis nor two, or no classes.</exception>
    public static Tensor Sample(Tensor logits, double temperature = 1, int topK = 0, double topP = 1, Generator? generator = null)
    {
        const string Op = "TokenSampler.Sample";
        ArgumentNullException.ThrowIfNull(logits);
        Guard.FloatingPoint(Op, logits, nameof(logits));
        Hyper.NotNegative(temperature);
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        if (!(topP > 0 && topP <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(topP), topP, $"{Op}: topP must lie in (0, 1].");
        }

        if (logits.Rank is not (1 or 2) || logits.Shape[-1] == 0)
        {
            throw new ShapeMismatchException($"{Op}: logits is {logits.Shape}; it must be [V] or [N, V], with at least one class.");
        }

        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        if (temperature == 0)
        {
            return scope.Keep(logits.ArgMax(logits.Rank - 1, keepDims: true));
        }

        Tensor scaled = (logits.DType.IsHalf() ? logits.To(DType.Float32) : logits) / temperature;
        int classes = scaled.Shape[-1], kept = topK == 0 ? classes : Math.Min(topK, classes);
        if (kept == classes && topP == 1)
        {
            return scope.Keep(scaled.Softmax(-1).Multinomial(1, generator: generator));
        }

        // The likeliest first; the first is always kept, as nothing stands before it.
        (Tensor values, Tensor numbers) = scaled.TopK(kept, -1);
        Tensor chances = values.Softmax(-1);
        if (topP < 1)
        {
            chances = chances.MaskedFill(chances.CumSum(-1) - chances >= topP, 0);
        }

        return scope.Keep(numbers.Gather(numbers.Rank - 1, chances.Multinomial(1, generator: generator)));
    }
}

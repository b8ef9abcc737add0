namespace Engine.Nn.Distributions;

/// <summary>A probability distribution with tensors for parameters: samples, log-probabilities and their gradients, as <c>torch.distributions</c> has them.</summary>
/// <remarks>
/// <para><see cref="BatchShape"/> counts independent distributions, <see cref="EventShape"/> is the shape of one draw. Samples are […, batch, event];
/// <see cref="LogProb"/> takes values that broadcast with that and gives [… , batch].</para>
/// <para>Values outside of the support have log-probability −∞, as SciPy has it; PyTorch throws. Parameters are checked where they are in host
/// memory; on a card wrong ones give NaN or numbers without a meaning.</para>
/// <para>Samples are drawn with <see cref="Generator.Default"/> unless another is given. One seed gives one sequence on every device, to the
/// rounding of its logarithms and roots.</para>
/// </remarks>
/// <example><code>
/// Normal q = new(mean, std);
/// Tensor z = q.RSample();                                      // gradients reach mean and std
/// Tensor kl = Distribution.Kl(q, new Normal(prior, one)).Mean();
/// </code></example>
public abstract class Distribution
{
    /// <summary>Takes the two shapes.</summary>
    protected Distribution(Shape batchShape, Shape eventShape = default)
    {
        (BatchShape, EventShape) = (batchShape, eventShape);
    }

    /// <summary>The shape of independent distributions, which that of the parameters gives.</summary>
    public Shape BatchShape { get; }

    /// <summary>The shape of one draw from one of them; a scalar unless the numbers of a draw hang together.</summary>
    public Shape EventShape { get; }

    /// <summary>The expectation, [batch, event]; NaN or ∞ where there is none.</summary>
    public Tensor Mean => MeanCore();

    /// <summary>The variance of each number, [batch, event]; NaN or ∞ where there is none.</summary>
    public Tensor Variance => VarianceCore();

    /// <summary>The root of the variance.</summary>
    public Tensor StdDev => VarianceCore().Sqrt();

    /// <summary>Whether <see cref="RSample"/> has a gradient with respect to the parameters.</summary>
    public virtual bool HasRSample => false;

    /// <summary>Draws without a gradient: [shape, batch, event].</summary>
    /// <param name="shape">The shape of draws from each distribution; one if left out.</param>
    /// <param name="generator">The source; <see cref="Generator.Default"/> if null.</param>
    public Tensor Sample(Shape shape = default, Generator? generator = null)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        return scope.Keep(SampleCore(shape, generator));
    }

    /// <summary>Draws as a function of the parameters and of noise that does not depend on them, so that gradients reach the parameters.</summary>
    /// <inheritdoc cref="Sample"/>
    /// <exception cref="OperationNotSupportedException">There is no such function: see <see cref="HasRSample"/>.</exception>
    public Tensor RSample(Shape shape = default, Generator? generator = null) => HasRSample
        ? SampleCore(shape, generator)
        : throw Unsupported(nameof(RSample), $"Use {nameof(Sample)}, and the gradient of {nameof(LogProb)} (the score function).");

    /// <summary>The logarithm of the density, or of the probability of a count or class: values that broadcast with [batch, event] → […, batch].</summary>
    /// <exception cref="ShapeMismatchException">The value does not broadcast with the distribution.</exception>
    public Tensor LogProb(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        CheckValue(nameof(LogProb), value);
        return LogProbCore(value);
    }

    /// <summary>The entropy −E ln p in nats, [batch].</summary>
    /// <exception cref="OperationNotSupportedException">It has no closed form.</exception>
    public Tensor Entropy() => EntropyCore();

    /// <summary>The probability of at most the value.</summary>
    /// <exception cref="OperationNotSupportedException">It has no closed form here.</exception>
    public Tensor Cdf(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        CheckValue(nameof(Cdf), value);
        return CdfCore(value);
    }

    /// <summary>The quantile: the inverse of <see cref="Cdf"/>, of probabilities from 0 to 1.</summary>
    /// <exception cref="OperationNotSupportedException">It has no closed form here.</exception>
    public Tensor Icdf(Tensor probability)
    {
        ArgumentNullException.ThrowIfNull(probability);
        CheckValue(nameof(Icdf), probability);
        return IcdfCore(probability);
    }

    /// <summary>The Kullback-Leibler divergence E_p(ln p − ln q) in closed form, [batch].</summary>
    /// <remarks>Of two distributions of one family; of independent ones if those inside are.</remarks>
    /// <exception cref="OperationNotSupportedException">There is no closed form for the pair here.</exception>
    public static Tensor Kl(Distribution p, Distribution q)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(q);
        return Divergences.Of(p, q);
    }

    /// <summary>The kind and its shapes.</summary>
    public override string ToString() => $"{GetType().Name}(batch {BatchShape}, event {EventShape})";

    /// <summary>The expectation.</summary>
    protected abstract Tensor MeanCore();

    /// <summary>The variance.</summary>
    protected abstract Tensor VarianceCore();

    /// <summary>Draws; the gradient is recorded where it is wanted.</summary>
    protected abstract Tensor SampleCore(Shape shape, Generator? generator);

    /// <summary>The logarithm of the density of values that fit.</summary>
    protected abstract Tensor LogProbCore(Tensor value);

    /// <summary>The entropy.</summary>
    protected virtual Tensor EntropyCore() => throw Unsupported(nameof(Entropy), "-LogProb(Sample([n])).Mean(0) estimates it.");

    /// <summary>The distribution function.</summary>
    protected virtual Tensor CdfCore(Tensor value) => throw Unsupported(nameof(Cdf), "(Sample([n]) <= value) counted estimates it.");

    /// <summary>The quantile function.</summary>
    protected virtual Tensor IcdfCore(Tensor probability) => throw Unsupported(nameof(Icdf), "Sample([n]) sorted estimates it.");

    /// <summary>[shape, batch, event].</summary>
    protected Shape SampleShape(Shape shape) => [.. shape, .. BatchShape, .. EventShape];

    private protected OperationNotSupportedException Unsupported(string op, string wayOut) => new($"{op}: {GetType().Name} has no closed form for it. {wayOut}");

    private void CheckValue(string op, Tensor value)
    {
        Shape own = SampleShape(default);
        if (!Shape.TryBroadcast(value.Shape, own, out Shape both) || both.Rank < EventShape.Rank || !both.AsSpan()[(both.Rank - EventShape.Rank)..].SequenceEqual(EventShape.AsSpan()))
        {
            throw new ShapeMismatchException($"{op}: the value is {value.Shape}; it does not broadcast with {this}, whose draws are {own}.");
        }
    }
}

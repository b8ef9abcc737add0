namespace Engine.Nn.Distributions;

/// <summary>The χ² distribution with df degrees of freedom, of the sum of that many squared normal numbers: <see cref="Gamma"/> with concentration df/2 and rate ½.</summary>
public sealed class Chi2 : Gamma
{
    /// <summary>Takes the degrees of freedom.</summary>
    /// <param name="df">Positive, not necessarily whole.</param>
    /// <exception cref="ArgumentOutOfRangeException">In host memory: df is not positive.</exception>
    public Chi2(Tensor df)
        : base(Half(df), Tensor.Scalar(0.5, df.DType, df.Device))
    {
        Df = df;
    }

    /// <summary>The degrees of freedom.</summary>
    public Tensor Df { get; }

    private static Tensor Half(Tensor df)
    {
        Parameters.Broadcast(nameof(Chi2), Parameters.Positive(nameof(Chi2), df));
        return df * 0.5;
    }
}

namespace Engine.Gpu;

/// <summary>How a bias varies over a matrix of results.</summary>
internal enum BiasKind : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>One number a row.</summary>
    PerRow,

    /// <summary>One number a column.</summary>
    PerColumn,

    /// <summary>One number an element.</summary>
    Full,
}

/// <summary>The operations between a sum and its store: activation(alpha · sum + beta · before + bias).</summary>
/// <param name="HasAlpha">Whether alpha is not 1.</param>
/// <param name="HasBeta">Whether beta is not 0.</param>
/// <param name="Bias">How the bias varies.</param>
/// <param name="BiasType">Its element type.</param>
/// <param name="Activation">A program with one input and one output, or null.</param>
internal readonly record struct Epilogue(bool HasAlpha, bool HasBeta, BiasKind Bias, DType BiasType, MapProgram? Activation)
{
    /// <summary>Nothing: sums are stored as they are.</summary>
    public static Epilogue None => default;

    /// <summary>Adds the values of alpha and beta to a launch, in the order in which <see cref="EpilogueParameters"/> declares them.</summary>
    public void Bind(ref ArgumentList arguments, RegisterType compute, double alpha, double beta)
    {
        if (HasAlpha)
        {
            arguments.AddNumber(compute, alpha);
        }

        if (HasBeta)
        {
            arguments.AddNumber(compute, beta);
        }
    }
}

/// <summary>The parameters of an <see cref="Epilogue"/>, and its code.</summary>
internal sealed class EpilogueParameters
{
    private readonly KernelBuilder _k;
    private readonly Epilogue _epilogue;
    private readonly RegisterType _compute;
    private readonly Value? _alpha, _beta;

    /// <summary>Adds alpha and beta, where they count, to a kernel.</summary>
    public EpilogueParameters(KernelBuilder k, Epilogue epilogue, RegisterType compute)
    {
        (_k, _epilogue, _compute) = (k, epilogue, compute);
        _alpha = epilogue.HasAlpha ? k.Scalar("alpha", compute) : null;
        _beta = epilogue.HasBeta ? k.Scalar("beta", compute) : null;
    }

    /// <summary>Whether the former content is needed.</summary>
    public bool HasBeta => _epilogue.HasBeta;

    /// <summary>The result for one sum.</summary>
    /// <param name="sum">In the compute type.</param>
    /// <param name="before">The old value of the result, given where beta counts.</param>
    /// <param name="bias">Given where there is one.</param>
    /// <param name="result">The type of the result in memory.</param>
    public Value Apply(Value sum, Value? before, Value? bias, DType result)
    {
        Value value = _alpha is null ? sum : sum * _alpha;
        if (_beta is not null)
        {
            value = _k.Fma(_beta, before!.To(_compute), value);
        }

        if (bias is not null)
        {
            value += bias.To(_compute);
        }

        if (_epilogue.Activation is { } activation)
        {
            value = ExprEmitter.Emit(_k, activation, _compute, [value])[0];
        }

        return result == DType.Bool ? value.To(RegisterType.Bool).To(RegisterType.Int32) : value.To(result.InRegister());
    }
}

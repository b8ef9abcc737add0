namespace Engine.Gpu;

/// <summary>The parameters of a kernel of attention.</summary>
internal sealed class AttentionParameters
{
    private readonly Memory? _mask;
    private readonly StridesParameter? _maskStrides;
    private readonly KernelBuilder _k;
    private readonly Value _sample, _head, _matrix;

    /// <summary>Adds the parameters; the Bind of each pass adds the arguments in the same order.</summary>
    public AttentionParameters(KernelBuilder k, AttentionKernel kernel)
    {
        _k = k;
        AttentionOperand Operand(string name, int columns, bool readOnly = true) => new(k, name, kernel.Element, columns, kernel.IsAligned, kernel.Is64Bit, readOnly);
        bool isForward = kernel.Pass == AttentionPass.Forward;
        Query = Operand("q", kernel.Depth);
        Key = Operand("k", kernel.Depth);
        Value = Operand("v", kernel.Width);
        GradOutput = isForward ? null : Operand("dy", kernel.Width);
        Results = kernel.Pass switch
        {
            AttentionPass.Forward => [Operand("y", kernel.Width, readOnly: false)],
            AttentionPass.GradQuery => [Operand("dq", kernel.Depth, readOnly: false)],
            _ => [Operand("dk", kernel.Depth, readOnly: false), Operand("dv", kernel.Width, readOnly: false)],
        };
        LogSumExp = k.Buffer("lse", DType.Float32, readOnly: !isForward);
        Delta = isForward ? null : k.Buffer("delta", DType.Float32, readOnly: true);
        if (kernel.Mask is { } type)
        {
            _mask = k.Buffer("mask", type, readOnly: true);
            _maskStrides = new StridesParameter(k, "mask", 4, kernel.Is64Bit);
        }

        (Queries, Keys) = (k.Size("queries"), k.Size("keys"));
        (Scale, LogScale) = (k.Scalar("scale", RegisterType.Float32), k.Scalar("log_scale", RegisterType.Float32));
        DivisorParameter heads = new(k, "heads"), tiles = new(k, "tiles");
        (_matrix, Value tile) = tiles.Divide(k.GroupX);
        (_sample, _head) = heads.Divide(_matrix);

        // The longest rows of causal attention first: queries from the end, keys from the beginning.
        Tile = kernel.Causal && kernel.Pass != AttentionPass.GradKeyValue ? tiles.Size - 1 - tile : tile;
        foreach (AttentionOperand? operand in (ReadOnlySpan<AttentionOperand?>)[Query, Key, Value, GradOutput, .. Results])
        {
            operand?.MoveTo(_sample, _head);
        }
    }

    /// <summary>Q, K, V and dO.</summary>
    public AttentionOperand Query { get; }

    /// <inheritdoc cref="Query"/>
    public AttentionOperand Key { get; }

    /// <inheritdoc cref="Query"/>
    public AttentionOperand Value { get; }

    /// <inheritdoc cref="Query"/>
    public AttentionOperand? GradOutput { get; }

    /// <summary>What is written.</summary>
    public AttentionOperand[] Results { get; }

    /// <summary>log Σ eˢ of each query.</summary>
    public Memory LogSumExp { get; }

    /// <summary>Σ O·dO of each query.</summary>
    public Memory? Delta { get; }

    /// <summary>L and S.</summary>
    public Value Queries { get; }

    /// <inheritdoc cref="Queries"/>
    public Value Keys { get; }

    /// <summary>The factor of the scores.</summary>
    public Value Scale { get; }

    /// <summary>The same times log₂ e.</summary>
    public Value LogScale { get; }

    /// <summary>The number of the group's tile.</summary>
    public Value Tile { get; }

    /// <summary>Where a number of a query lies in <see cref="LogSumExp"/> and <see cref="Delta"/>.</summary>
    public Value OfQuery(Value query) => (_matrix * Queries) + query;

    /// <summary>A score in units of log 2 as the mask leaves it.</summary>
    public Value Masked(Value score, Value query, Value key)
    {
        if (_mask is null)
        {
            return score;
        }

        Value at = _maskStrides!.Along(0, _sample) + _maskStrides.Along(1, _head) + _maskStrides.Along(2, query) + _maskStrides.Along(3, key);
        Value mask = _k.Load(_mask, at, (query < Queries) & (key < Keys));
        return _mask.Element == DType.Bool
            ? _k.Select(mask.IsNot(0), score, score.Like(double.NegativeInfinity))
            : score + (mask.To(RegisterType.Float32) * AttentionKernel.Log2E);
    }

    /// <summary>Adds the arguments.</summary>
    public static void Bind(
        ref ArgumentList arguments, AttentionKernel kernel, ReadOnlySpan<Operand> operands, in Operand lse, in Operand? delta, in Operand? mask, double scale, int rows)
    {
        foreach (ref readonly Operand operand in operands)
        {
            AttentionOperand.Bind(ref arguments, operand, kernel.Is64Bit);
        }

        arguments.Add(lse);
        arguments.AddOptional(delta);
        if (mask is { } given)
        {
            AttentionOperand.Bind(ref arguments, given, kernel.Is64Bit);
        }

        Shape query = operands[0].Shape;
        arguments.Add(query[2]);
        arguments.Add(operands[1].Shape[2]);
        arguments.Add((float)scale);
        arguments.Add((float)(scale * AttentionKernel.Log2E));
        arguments.Add(query[1], new Divisor(query[1]));
        arguments.Add(kernel.Tiles(rows), new Divisor(kernel.Tiles(rows)));
    }
}

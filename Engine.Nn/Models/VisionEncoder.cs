namespace Engine.Nn;

/// <summary>Learned positions, dropout, blocks, layer normalisation: torchvision's <c>Encoder</c>.</summary>
internal sealed partial class VisionEncoder : Layer
{
    private const double PositionDeviation = 0.02;

    public VisionEncoder(int tokens, int layers, int heads, int hidden, int mlp, double dropout, double attentionDropout, Generator? generator)
    {
        PosEmbedding = Init.Normal(Tensor.Empty([1, tokens, hidden]), std: PositionDeviation, generator: generator).WithGrad();
        Dropout = new Dropout(dropout);
        Layers = [];
        for (int i = 0; i < layers; i++)
        {
            Layers.Add($"encoder_layer_{ModulePath.Index(i)}", new VisionEncoderBlock(heads, hidden, mlp, dropout, attentionDropout, generator));
        }

        Ln = new LayerNorm(hidden, VisionEncoderBlock.Eps);
    }

    /// <summary>What is added to each token for its position, [1, tokens, hidden].</summary>
    public Tensor PosEmbedding { get; }

    /// <summary>After the positions.</summary>
    public Dropout Dropout { get; }

    /// <summary>The blocks.</summary>
    public Sequential Layers { get; }

    /// <summary>The last normalisation.</summary>
    public LayerNorm Ln { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? Call(x) : ForwardTrace.Record(this, x, Ln.Forward(Layers.Forward(Dropout.Forward(x + PosEmbedding.To(x.DType)))));
    }
}

/// <summary>
/// <c>z = x + dropout(attention(ln_1(x)))</c>, <c>y = z + mlp(ln_2(z))</c>: torchvision's <c>EncoderBlock</c>.
/// </summary>
internal sealed partial class VisionEncoderBlock : OperationLayer
{
    public const double Eps = 1e-6;

    public VisionEncoderBlock(int heads, int hidden, int mlp, double dropout, double attentionDropout, Generator? generator)
    {
        Ln1 = new LayerNorm(hidden, Eps);
        SelfAttention = new MultiheadAttention(hidden, heads, attentionDropout, batchFirst: true, generator: generator);
        Dropout = new Dropout(dropout);
        Ln2 = new LayerNorm(hidden, Eps);
        Mlp =
        [
            Started(new Linear(hidden, mlp, generator: generator), generator), new Gelu(), new Dropout(dropout),
            Started(new Linear(mlp, hidden, generator: generator), generator), new Dropout(dropout),
        ];
    }

    /// <summary>Before the attention.</summary>
    [Name("ln_1")]
    public LayerNorm Ln1 { get; }

    /// <summary>Every token looks at all.</summary>
    public MultiheadAttention SelfAttention { get; }

    /// <summary>After the attention.</summary>
    public Dropout Dropout { get; }

    /// <summary>Before the linear layers.</summary>
    [Name("ln_2")]
    public LayerNorm Ln2 { get; }

    /// <summary>The linear layers.</summary>
    public Sequential Mlp { get; }

    private protected override Tensor Apply(Tensor x)
    {
        Tensor z = x + Dropout.Forward(SelfAttention.Forward(Ln1.Forward(x)));
        return z + Mlp.Forward(Ln2.Forward(z));
    }

    private static Linear Started(Linear layer, Generator? generator)
    {
        Init.XavierUniform(layer.Weight, generator: generator);
        Init.Normal(layer.Bias!, std: 1e-6, generator: generator);
        return layer;
    }
}

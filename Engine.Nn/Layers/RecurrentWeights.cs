namespace Engine.Nn;

/// <summary>The weights of one layer and direction of a recurrent network, under PyTorch's names.</summary>
/// <remarks>All start uniform in ±1/√hidden. Gates lie one after another along the first axis.</remarks>
internal sealed class RecurrentWeights
{
    private readonly string _suffix;

    public RecurrentWeights(int layer, bool reverse, int inputSize, int hiddenSize, int projSize, int gates, bool bias, Generator? generator)
    {
        double bound = 1 / Math.Sqrt(hiddenSize);
        _suffix = $"_l{ModulePath.Index(layer)}{(reverse ? "_reverse" : string.Empty)}";
        Reverse = reverse;
        Input = Weights.Uniform([gates * hiddenSize, inputSize], bound, generator);
        Hidden = Weights.Uniform([gates * hiddenSize, projSize > 0 ? projSize : hiddenSize], bound, generator);
        if (bias)
        {
            InputBias = Weights.Uniform([gates * hiddenSize], bound, generator);
            HiddenBias = Weights.Uniform([gates * hiddenSize], bound, generator);
        }

        Projection = projSize > 0 ? Weights.Uniform([projSize, hiddenSize], bound, generator) : null;
    }

    public bool Reverse { get; }

    public Tensor Input { get; }

    public Tensor Hidden { get; }

    public Tensor? InputBias { get; }

    public Tensor? HiddenBias { get; }

    public Tensor? Projection { get; }

    public void Visit(MemberVisitor visitor)
    {
        visitor.Parameter("weight_ih" + _suffix, Input);
        visitor.Parameter("weight_hh" + _suffix, Hidden);
        visitor.Parameter("bias_ih" + _suffix, InputBias);
        visitor.Parameter("bias_hh" + _suffix, HiddenBias);
        visitor.Parameter("weight_hr" + _suffix, Projection);
    }
}

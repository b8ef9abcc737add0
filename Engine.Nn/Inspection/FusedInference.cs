namespace Engine.Nn;

/// <summary>
/// A model for prediction whose batch normalisations are part of the layers before them: with s = γ/√(variance + eps) the weights become
/// <c>w·s</c> and the bias <c>(b − mean)·s + β</c>, so that nothing is left to normalise. The numbers are those of the model to rounding.
/// </summary>
/// <remarks>
/// <para>Fused are convolutions and linear layers whose output goes into a batch normalisation and nowhere else: neighbours in a
/// <see cref="Sequential"/>, and those within the engine's own blocks and networks. A ReLU after such a pair is computed in the same pass. Pairs
/// within the Forward of a class of one's own are not known; put them into a Sequential.</para>
/// <para>The fused weights are those of the moment when this was made; make it anew after the model has learned or moved. The model stays as
/// it is and may be used meanwhile; any number of threads may predict.</para>
/// <code>using FusedInference fast = model.FuseBatchNorm();   Tensor y = fast.Predict(x);</code>
/// </remarks>
public sealed class FusedInference : IDisposable
{
    private readonly Layer _model;
    private readonly Dictionary<Layer, Substitute> _substitutes = new(ReferenceEqualityComparer.Instance);
    private readonly List<Tensor> _weights = [];
    private int _isDisposed;

    internal FusedInference(Layer model)
    {
        _model = model;
        ModuleTree tree = new(model);
        Dictionary<Module, int> uses = new(ReferenceEqualityComparer.Instance);
        foreach ((_, _, MemberVisitor members) in tree.Nodes)
        {
            foreach ((_, Module part) in members.ModuleList)
            {
                uses[part] = uses.GetValueOrDefault(part) + 1;
            }
        }

        Dictionary<Module, string> names = new(ReferenceEqualityComparer.Instance);
        tree.Nodes.ForEach(node => names.TryAdd(node.Module, node.Path));
        List<(string, string)> fused = [];
        foreach ((_, Module module, _) in tree.Nodes)
        {
            foreach (BatchNormPair pair in module is IHasBatchNormPairs holder ? holder.BatchNormPairs : [])
            {
                // A part that several others share may compute elsewhere without its neighbour.
                bool isSole = uses.GetValueOrDefault(pair.Before) == 1 && uses.GetValueOrDefault(pair.Norm) == 1 && (pair.Relu is null || uses.GetValueOrDefault(pair.Relu) == 1);
                if (isSole && pair.Before is IAbsorbsNorm before && pair.Norm is { RunningMean: not null, RunningVar: not null } && before.Weight.Shape[0] == pair.Norm.Features && !_substitutes.ContainsKey(pair.Before))
                {
                    Fuse(before, pair);
                    fused.Add((names[pair.Before], names[pair.Norm]));
                }
            }
        }

        Fused = fused.Count > 0 ? fused : throw new ArgumentException(
            $"FuseBatchNorm: {model.GetType().Name} has no convolution or linear layer with a batch normalisation right behind it. Pairs are found as neighbours in a Sequential and in the engine's own blocks; predict with the model as it is.",
            nameof(model));
    }

    /// <summary>The names of the layers that took a batch normalisation in, each with the name of that.</summary>
    public IReadOnlyList<(string Layer, string BatchNorm)> Fused { get; }

    /// <summary>As <see cref="Layer.Predict"/> of the model, to rounding.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public Tensor Predict(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        Dictionary<Layer, Substitute>? before = LayerCall.BeginSubstitution(_substitutes);
        try
        {
            return _model.Predict(x);
        }
        finally
        {
            LayerCall.EndSubstitution(before);
        }
    }

    /// <summary>Releases the fused weights.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _weights.ForEach(static weight => weight.Dispose());
        }
    }

    private void Fuse(IAbsorbsNorm before, BatchNormPair pair)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        BatchNorm norm = pair.Norm;
        Tensor scale = (norm.RunningVar! + norm.Eps).Rsqrt();
        scale = norm.Weight is { } gamma ? scale * gamma : scale;
        int[] perOutput = [.. Enumerable.Range(0, before.Weight.Rank).Select(axis => axis == 0 ? norm.Features : 1)];
        Tensor centred = before.Bias is { } given ? given - norm.RunningMean! : -norm.RunningMean!;
        Tensor bias = norm.Bias is { } beta ? (centred * scale) + beta : centred * scale;
        bias = bias.To(before.Weight.DType).Keep();
        Tensor weight = (before.Weight * scale.Reshape(perOutput)).To(before.Weight.DType).Keep();
        _weights.AddRange([weight, bias]);
        bool relu = pair.ThenRelu;
        _substitutes[pair.Before] = new Substitute(x => before.Compute(x, weight, bias, relu), IncludesRelu: false);
        _substitutes[norm] = new Substitute(static x => x.Alias(), IncludesRelu: relu);
        if (pair.Relu is not null)
        {
            _substitutes[pair.Relu] = new Substitute(static x => x.Alias(), IncludesRelu: true);
        }
    }

    /// <summary>The substitute of a layer.</summary>
    /// <param name="Forward">The computation.</param>
    /// <param name="IncludesRelu">Whether a ReLU that would follow is computed already.</param>
    internal sealed record Substitute(Func<Tensor, Tensor> Forward, bool IncludesRelu);
}

using System.Globalization;

namespace Engine.Nn;

/// <summary>Finds the usual troubles of deep networks in observations of a <see cref="LayerMonitor"/>.</summary>
internal static class LayerDiagnosis
{
    /// <summary>How much smaller or larger than a later layer's a gradient has to be.</summary>
    private const double GradientFactor = 1000;

    /// <summary>Some units are 0 for a whole batch in any network: of ten ReLU layers with He's start values up to a fifth in the last ones.</summary>
    private const double DeadShare = 0.25;

    /// <summary>How many observations in a row a unit has to be 0 in, where there are that many.</summary>
    private const int DeadObservations = 3;

    private const double SaturatedShare = 0.5;
    private const double LargeUpdate = 0.1;

    /// <summary>The findings in the last of the observations.</summary>
    /// <param name="observations">The observations, the last one last.</param>
    /// <param name="zeroUnits">Which units of a layer were 0 in an observation.</param>
    public static List<LayerFinding> Of(IReadOnlyList<LayerObservation> observations, Func<int, string, bool[]?> zeroUnits)
    {
        LayerObservation last = observations[^1];
        List<LayerFinding> findings = [];
        foreach (LayerFigures layer in last.Layers)
        {
            if (!layer.Activation.IsFinite || layer.Gradient is { IsFinite: false } || layer.WeightGradient is { IsFinite: false })
            {
                string where = !layer.Activation.IsFinite ? "activations" : layer.Gradient is { IsFinite: false } ? "gradient" : "gradient of the weights";
                Add(LayerProblem.NotFinite, layer, $"the {where} are not finite; Autograd.DetectAnomaly() finds the operation that is to blame. A smaller learning rate or gradient clipping may help");
            }
        }

        AddGradients(last, Add);
        foreach (LayerFigures layer in last.Layers)
        {
            (int dead, int times) = Dead(observations, layer, zeroUnits);
            if (layer.Kind == nameof(Relu) && layer.Units > 0 && dead >= DeadShare * layer.Units)
            {
                string batches = times == 1 ? "the batch" : string.Create(CultureInfo.InvariantCulture, $"the last {times} batches that were looked at");
                Add(LayerProblem.DeadUnits, layer, string.Create(CultureInfo.InvariantCulture, $"{dead} of {layer.Units} units are dead: 0 for every sample of {batches}, so that nothing is learned through them. A smaller learning rate, He initialisation, a bias that is not far below 0, or LeakyRelu may help"));
            }

            if (layer.SaturatedShare > SaturatedShare)
            {
                Add(LayerProblem.Saturated, layer, string.Create(CultureInfo.InvariantCulture, $"{layer.SaturatedShare:P0} of the values are saturated, where the slope is nearly 0, so that hardly any gradient passes. Smaller weights (Xavier initialisation), batch normalisation before it, or a ReLU in its place may help; at the output of a network that is sure of itself it is no harm"));
            }

            if (layer.UpdateRatio > LargeUpdate)
            {
                Add(LayerProblem.LargeUpdate, layer, string.Create(CultureInfo.InvariantCulture, $"a step changed the weights by {layer.UpdateRatio:0.##} of their size; a thousandth is usual. A smaller learning rate or a warm-up may help"));
            }
        }

        return findings;

        void Add(LayerProblem problem, LayerFigures layer, string words) =>
            findings.Add(new LayerFinding(problem, layer.Name, last.Step, $"Layer '{layer.Name}' ({layer.Kind}): {words}."));
    }

    /// <summary>
    /// Norms are compared, not values: a gradient that is spread over more values has smaller ones without being weaker. Of all layers with the same
    /// trouble the one nearest to the input speaks, at the end of the gradient's way.
    /// </summary>
    private static void AddGradients(LayerObservation last, Action<LayerProblem, LayerFigures, string> add)
    {
        List<LayerFigures> layers = [.. last.Layers.Where(static layer => layer.Gradient is { IsFinite: true })];
        (LayerFigures Layer, LayerFigures Later)? vanishing = null, exploding = null;
        LayerFigures? largest = null, smallest = null;
        for (int i = layers.Count - 1; i >= 0; i--)
        {
            LayerFigures layer = layers[i];
            double norm = layer.Gradient!.Norm;
            if (largest is not null && largest.Gradient!.Norm > 0 && norm <= largest.Gradient.Norm / GradientFactor)
            {
                vanishing = (layer, largest);
            }

            if (smallest is not null && norm >= smallest.Gradient!.Norm * GradientFactor)
            {
                exploding = (layer, smallest);
            }

            largest = largest is null || norm > largest.Gradient!.Norm ? layer : largest;

            // A gradient of 0 means that a layer learns nothing. It is no reference for one that explodes.
            smallest = norm > 0 && (smallest is null || norm < smallest.Gradient!.Norm) ? layer : smallest;
        }

        if (vanishing is { } weak)
        {
            add(LayerProblem.VanishingGradient, weak.Layer, Words(weak.Layer, weak.Later, layers, "vanishes", "Better initialisation (He for ReLU, Xavier for tanh), ReLU in place of sigmoid, batch normalisation or residual connections may help"));
        }

        if (exploding is { } strong)
        {
            add(LayerProblem.ExplodingGradient, strong.Layer, Words(strong.Layer, strong.Later, layers, "explodes", "Smaller initial weights, gradient clipping (ClipGradNorm), batch normalisation or a smaller learning rate may help"));
        }
    }

    private static string Words(LayerFigures layer, LayerFigures later, List<LayerFigures> layers, string verb, string help)
    {
        if (layer.Gradient!.Norm == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"no gradient gets here at all, against a norm of {later.Gradient!.Norm:g3} at layer '{later.Name}' ({later.Kind}). Are there dead units on the way? {help}");
        }

        int steps = layers.IndexOf(later) - layers.IndexOf(layer);
        double ratio = layer.Gradient.Norm / later.Gradient!.Norm;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the gradient {verb} on its way here: its norm is {layer.Gradient.Norm:g3}, against {later.Gradient.Norm:g3} at layer '{later.Name}' ({later.Kind}), a factor of {Math.Pow(ratio, 1.0 / steps):g3} a layer over {steps} layers. {help}");
    }

    /// <summary>How many units were 0 in all of the last observations, and how many these are.</summary>
    private static (int Units, int Times) Dead(IReadOnlyList<LayerObservation> observations, LayerFigures layer, Func<int, string, bool[]?> zeroUnits)
    {
        bool[]? dead = null;
        int times = 0;
        for (int i = observations.Count - 1; i >= 0 && times < DeadObservations; i--)
        {
            if (zeroUnits(i, layer.Name) is not { } zero || (dead is not null && zero.Length != dead.Length))
            {
                break;
            }

            dead = dead is null ? [.. zero] : [.. dead.Zip(zero, static (a, b) => a && b)];
            times++;
        }

        return (dead?.Count(static d => d) ?? 0, times);
    }
}

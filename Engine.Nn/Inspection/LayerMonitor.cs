using System.Globalization;
using System.Text;

namespace Engine.Nn;

/// <summary>
/// Watches the layers of a model while it trains: every some steps the activations, gradients, weights and relative updates of each, and
/// reports problems in words: vanishing and exploding gradients, dead units, saturated sigmoids.
/// </summary>
/// <remarks>
/// <para>Layers without parts of their own are watched, by forward hooks (see <see cref="Layer"/>) that are there only in the observed
/// steps; other steps cost nothing. Statistics are computed on the device, two launches a tensor. They are read when the next observation
/// begins, at the end of an epoch or on request, so that a step does not wait for them. Of a layer that computes several times in a step
/// the last call counts. Observed steps are not replayed from a recording (<see cref="Trainer.Capture"/>).</para>
/// <code>
/// LayerMonitor monitor = new();
/// new Trainer(model, optimizer, Losses.CrossEntropy) { Callbacks = [monitor] }.Fit(train, epochs: 3);
/// foreach (LayerFinding finding in monitor.Findings) Console.WriteLine(finding);
///
/// // In a loop of one's own, around a step:
/// monitor.BeginStep(model);
/// optimizer.ZeroGrad();
/// Losses.CrossEntropy(model.Call(x), y).Backward();
/// optimizer.Step();
/// monitor.EndStep();
/// </code>
/// </remarks>
public sealed class LayerMonitor : Callback, IDisposable
{
    private const int MostObservations = 512;
    private const int RecentObservations = 8;

    private readonly int _everySteps;
    private readonly List<LayerObservation> _observations = [];
    private readonly List<Dictionary<string, bool[]>> _zeroUnits = [];
    private LayerWatch? _watch;
    private LayerWatch? _unread;
    private long _steps;

    /// <summary>A monitor that looks at the first step of a run and then at every <paramref name="everySteps"/>-th.</summary>
    /// <param name="everySteps">Between two looks; a step that is looked at takes about twice the time of another.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="everySteps"/> is not positive.</exception>
    public LayerMonitor(int everySteps = 100) => _everySteps = Hyper.Count(everySteps);

    /// <summary>The observations, in order; waits for the device if the last one is not read yet. In a long run every second observation is dropped from time to time.</summary>
    public IReadOnlyList<LayerObservation> Observations
    {
        get
        {
            ReadPending();
            return _observations;
        }
    }

    /// <summary>The problems in the last observation; empty if there are none, or no observation.</summary>
    public IReadOnlyList<LayerFinding> Findings
    {
        get
        {
            ReadPending();
            return _observations.Count == 0 ? [] : LayerDiagnosis.Of(_observations, (i, name) => _zeroUnits[i].GetValueOrDefault(name));
        }
    }

    /// <summary>Begins to watch a step of a loop of one's own, on the thread that makes it.</summary>
    /// <exception cref="InvalidOperationException">A step is being watched already.</exception>
    public void BeginStep(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (_watch is not null)
        {
            throw new InvalidOperationException("LayerMonitor.BeginStep: a step is being watched already; call EndStep first.");
        }

        ReadPending();
        _watch = new LayerWatch(model);
    }

    /// <summary>Ends the step that <see cref="BeginStep"/> began, after the optimizer's update and before gradients are cleared.</summary>
    /// <exception cref="InvalidOperationException">No step is being watched.</exception>
    public void EndStep() => EndStep(_steps + 1);

    private void EndStep(long step)
    {
        LayerWatch watch = _watch ?? throw new InvalidOperationException("LayerMonitor.EndStep: no step is being watched; call BeginStep before the forward pass.");
        _watch = null;
        _steps = step;
        watch.End(step);
        _unread = watch;
    }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        Cancel();
        Watch(context);
    }

    /// <inheritdoc/>
    public override void OnStepEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_watch is not null)
        {
            EndStep(context.Step);
            context.Trainer.AvoidsCapture = false;
        }

        if ((context.Step + 1) % _everySteps == 0)
        {
            Watch(context);
        }
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ReadPending();
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Trainer.AvoidsCapture = false;
        Cancel();
        ReadPending();
    }

    /// <summary>Removes the hooks from the model and drops statistics that were not read. The observations stay.</summary>
    public void Dispose()
    {
        Cancel();
        _unread?.Dispose();
        _unread = null;
    }

    /// <summary>A table of the last observation, with the problems below it.</summary>
    public override string ToString()
    {
        if (Observations.Count == 0)
        {
            return "LayerMonitor: nothing was seen yet.";
        }

        StringBuilder text = new();
        LayerObservation last = _observations[^1];
        text.Append(CultureInfo.InvariantCulture, $"step {last.Step}\n{"layer",-24} {"kind",-14} {"mean",10} {"deviation",10} {"zeros",6} {"saturated",9} {"gradient",10} {"update",9}\n");
        foreach (LayerFigures layer in last.Layers)
        {
            string gradient = layer.Gradient?.Norm.ToString("g3", CultureInfo.InvariantCulture) ?? string.Empty;
            string update = double.IsNaN(layer.UpdateRatio) ? string.Empty : layer.UpdateRatio.ToString("g3", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"{layer.Name,-24} {layer.Kind,-14} {layer.Activation.Mean,10:g3} {layer.Activation.Deviation,10:g3} {layer.Activation.ZeroShare,6:0%} {layer.SaturatedShare,9:0%} {gradient,10} {update,9}\n");
        }

        foreach (LayerFinding finding in Findings)
        {
            text.Append(finding.Message).Append('\n');
        }

        return text.ToString();
    }

    private void Watch(TrainingContext context)
    {
        context.Trainer.AvoidsCapture = true;
        BeginStep(context.Model);
    }

    private void Cancel()
    {
        _watch?.Dispose();
        _watch = null;
    }

    private void ReadPending()
    {
        if (_unread is { } watch)
        {
            _unread = null;
            using (watch)
            {
                (LayerObservation observation, Dictionary<string, bool[]> zeroUnits) = watch.Read();
                if (_observations.Count > 1)
                {
                    _observations[^1] = _observations[^1].WithoutSamples();
                }

                _observations.Add(observation);
                _zeroUnits.Add(zeroUnits);
                Thin();
            }
        }
    }

    /// <summary>A long run leaves half as many observations of its past, rather than more and more of them.</summary>
    private void Thin()
    {
        if (_observations.Count <= MostObservations)
        {
            return;
        }

        // The first one, and the last ones, by which dead units are known, stay.
        for (int i = _observations.Count - RecentObservations; i > 0; i -= 2)
        {
            _observations.RemoveAt(i);
            _zeroUnits.RemoveAt(i);
        }
    }
}

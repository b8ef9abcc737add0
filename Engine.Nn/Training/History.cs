using System.Text.Json.Nodes;

namespace Engine.Nn;

/// <summary>The figures of every epoch of a run, those before it was resumed included.</summary>
/// <example><code>
/// History history = trainer.Fit(train, validation, epochs: 5);
/// history["val_accuracy"]                         // one number an epoch
/// history.Best("val_loss")                        // (Epoch: 3, Value: 0.28)
/// </code></example>
public sealed class History
{
    private readonly List<IReadOnlyDictionary<string, double>> _epochs = [];
    private readonly List<HistoryPoint> _points = [];

    /// <summary>The history of a run that has not begun.</summary>
    public History()
    {
    }

    /// <summary>The history of a run whose figures were kept elsewhere, to draw it or to compare it with others.</summary>
    /// <param name="epochs">The figures of each epoch by name.</param>
    public History(IEnumerable<IReadOnlyDictionary<string, double>> epochs)
    {
        ArgumentNullException.ThrowIfNull(epochs);
        foreach (IReadOnlyDictionary<string, double> figures in epochs)
        {
            ArgumentNullException.ThrowIfNull(figures, nameof(epochs));
            // A copy: changes to the caller's own dictionary must not change a history.
            _epochs.Add(new OrderedDictionary<string, double>(figures));
        }
    }

    /// <summary>The figures of each epoch by name.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> Epochs => _epochs;

    /// <summary>The figures within epochs: after every <see cref="Trainer.ValidateEvery"/> steps, and where a run's last step was not the last of an epoch.</summary>
    public IReadOnlyList<HistoryPoint> Points => _points;

    /// <summary>Why the last run ended.</summary>
    public TrainingEnd End { get; internal set; }

    /// <summary>The words of the callback that ended it; null if none did.</summary>
    public string? StopReason { get; internal set; }

    /// <summary>One figure of each epoch; NaN where an epoch does not have it.</summary>
    /// <exception cref="KeyNotFoundException">No epoch has it.</exception>
    public IReadOnlyList<double> this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            double[] values = [.. _epochs.Select(epoch => epoch.TryGetValue(name, out double value) ? value : double.NaN)];
            return _epochs.Exists(epoch => epoch.ContainsKey(name))
                ? values
                : throw new KeyNotFoundException($"History of {_epochs.Count} epochs: {FigureNames.Unknown(name, [.. _epochs.SelectMany(static e => e.Keys).Distinct().Select(static n => FileText.Escape(n, 100))])}");
        }
    }

    /// <summary>The best value of a figure and its epoch, the first one at a tie; NaN is never the best.</summary>
    /// <param name="name">The figure.</param>
    /// <param name="mode">Which way is better; by the name where left out (see <see cref="MetricMonitor"/>).</param>
    /// <exception cref="KeyNotFoundException">No epoch has the figure.</exception>
    /// <exception cref="InvalidOperationException">No mode was given and the name does not say which way is better.</exception>
    public (int Epoch, double Value) Best(string name, MonitorMode? mode = null)
    {
        IReadOnlyList<double> values = this[name];
        MetricMonitor monitor = new(name, mode);
        (int epoch, double best) = (-1, monitor.Worst);
        for (int i = 0; i < values.Count; i++)
        {
            if (monitor.IsBetter(values[i], best) || (epoch < 0 && values[i] == best))
            {
                (epoch, best) = (i, values[i]);
            }
        }

        return (epoch, epoch < 0 ? double.NaN : best);
    }

    /// <summary>The figures of the last epoch: "20 epochs; the last: loss 0.0412, val_loss 0.0502".</summary>
    public override string ToString() => _epochs.Count == 0 ? "0 epochs" : $"{_epochs.Count} epoch{(_epochs.Count == 1 ? string.Empty : "s")}; the last: {FigureNames.Text(_epochs[^1])}";

    internal void Add(HistoryPoint point) => _points.Add(point);

    internal void Add(IReadOnlyDictionary<string, double> logs) => _epochs.Add(logs);

    internal void Save(TrainingState state)
    {
        JsonArray epochs = [];
        foreach (IReadOnlyDictionary<string, double> logs in _epochs)
        {
            epochs.Add((JsonNode)Written(logs));
        }

        state.Values["epochs"] = epochs;
        if (_points.Count > 0)
        {
            state.Values["points"] = new JsonArray([.. _points.Select(static p => (JsonNode)new JsonObject { ["step"] = p.Step, ["epoch"] = p.Epoch, ["figures"] = Written(p.Figures) })]);
        }
    }

    private static JsonObject Written(IReadOnlyDictionary<string, double> logs)
    {
        TrainingState figures = new();
        foreach ((string name, double value) in logs)
        {
            figures.Set(name, value);
        }

        return figures.Values;
    }

    private static OrderedDictionary<string, double> Read(JsonNode? node)
    {
        OrderedDictionary<string, double> logs = [];
        TrainingState figures = new([], node as JsonObject ?? throw new ModelFileException("An epoch of the state's history is not an object."));
        foreach ((string name, _) in figures.Values)
        {
            logs[name] = figures.Number(name);
        }

        return logs;
    }

    internal void Load(TrainingState state)
    {
        if (state.Values["epochs"] is not JsonArray epochs)
        {
            throw new ModelFileException("The state has no history.");
        }

        List<IReadOnlyDictionary<string, double>> loaded = [];
        foreach (JsonNode? node in epochs)
        {
            loaded.Add(Read(node));
        }

        List<HistoryPoint> points = [];
        foreach (JsonNode? node in state.Values["points"] as JsonArray ?? [])
        {
            TrainingState point = new([], node as JsonObject ?? throw new ModelFileException("A point of the state's history is not an object."));
            points.Add(new HistoryPoint(point.Count("step"), (int)point.Count("epoch", int.MaxValue), Read(point.Values["figures"])));
        }

        _epochs.Clear();
        _epochs.AddRange(loaded);
        _points.Clear();
        _points.AddRange(points);
    }
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace Engine.Nn;

public sealed partial class Trainer
{
    private const string ScalerSection = "loss_scaler";
    private const string OtherOptimizers = "optimizers";
    private const string ActiveOptimizer = "active_optimizer";
    private const string WaitingOptimizers = "waiting_optimizers";

    /// <summary>
    /// Writes everything that the rest of the run depends on: model, optimizer, position, random numbers, sums of the present epoch, metrics,
    /// callbacks and history. The tensors are referred to, not copied: write the state out before the next step.
    /// </summary>
    /// <remarks>The state is to be taken between two steps; callbacks use <see cref="TrainingContext.RequestSave"/>.</remarks>
    public void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        TrainingState model = state.Section("model");
        foreach ((string name, Tensor tensor) in Model.StateDict())
        {
            model.Add(name, tensor);
        }

        Optimizer.Save(state.Section("optimizer"));
        for (int i = 0; i < _others.Length; i++)
        {
            _others[i].Save(state.Section(OtherOptimizers).Section((i + 1).ToString(CultureInfo.InvariantCulture)));
        }

        SaveWaiting(state);
        LossScaler?.Save(state.Section(ScalerSection));
        SaveOwn(state.Section("trainer"));
    }

    /// <summary>Which optimizer's turn it is, and the states of those whose turn may come; nothing where there is only one.</summary>
    private void SaveWaiting(TrainingState state)
    {
        List<Optimizer> known = KnownOptimizers();
        if (known.Count == 1)
        {
            return;
        }

        state.Set(ActiveOptimizer, known.IndexOf(Optimizer));
        HashSet<Optimizer> wanted = new(Callbacks.OfType<SwitchOptimizer>().SelectMany(static c => c.Optimizers), ReferenceEqualityComparer.Instance);
        for (int i = 0; i < known.Count; i++)
        {
            // The run's first one, once it has been replaced, has no further turn unless a callback has it too.
            if (known[i] != Optimizer && wanted.Contains(known[i]))
            {
                known[i].Save(state.Section(WaitingOptimizers).Section(i.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    /// <summary>The optimizer that a state was made with, by its index among those that this trainer knows.</summary>
    private Optimizer ActiveIn(TrainingState state)
    {
        List<Optimizer> known = KnownOptimizers();
        if (!state.Values.ContainsKey(ActiveOptimizer))
        {
            return _own;
        }

        long active = state.Count(ActiveOptimizer);
        return active < known.Count
            ? known[(int)active]
            : throw new ModelFileException($"The state was made by optimizer {active} of its run, this trainer knows {known.Count}. Give it the same SwitchOptimizer callbacks.");
    }

    /// <summary>Checks the states of the optimizers whose turn it is not; those that the state does not have begin anew.</summary>
    private void PrepareWaiting(TrainingState state, Optimizer active, List<Action> copies)
    {
        if (!state.Values.ContainsKey(WaitingOptimizers))
        {
            return;
        }

        TrainingState waiting = state.Section(WaitingOptimizers);
        List<Optimizer> known = KnownOptimizers();
        for (int i = 0; i < known.Count; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            if (known[i] != active && waiting.Values.ContainsKey(name))
            {
                copies.Add(known[i].PrepareLoad(waiting.Section(name)));
            }
        }
    }

    private void SaveOwn(TrainingState own)
    {
        own.Set("epoch", Epoch);
        own.Set("batch", Batch);
        own.Set("step", Step);
        own.Set("samples", _samples);
        own.Values["generators"] = new JsonArray([.. Generators().Select(static g => (JsonNode)new JsonArray(g.Seed, g.Draws))]);
        _lossSum.Save(own, "loss");
        if (ClipGradNorm is not null)
        {
            _clippedSteps.Save(own, "clipped");
        }

        History.Save(own);
        foreach ((string name, Metric metric) in Numbered(Metrics, static m => m.Name))
        {
            metric.Save(own.Section("metrics").Section(name));
        }

        foreach ((string name, Mean figure) in _figures)
        {
            figure.Save(own.Section("figures").Section(name));
        }

        foreach ((string name, Callback callback) in Numbered(Callbacks, static c => c.Name))
        {
            callback.Save(own.Section("callbacks").Section(name));
        }
    }

    /// <summary>Goes to a state that <see cref="Save"/> wrote; <see cref="Fit"/> with the same data then ends with the same bits.</summary>
    /// <remarks>
    /// All or nothing: where the state is refused, the trainer, its model and its optimizer are as they were before. A metric, callback or loss
    /// scaler that the state does not know begins anew.
    /// </remarks>
    /// <exception cref="ModelFileException">The state does not fit the model or the optimizer, or a part of it is missing or false.</exception>
    public void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);

        // Large parts are checked now and copied at the end. Of the small parts, some numbers, the values before are kept for a failure.
        List<Action> copies = [];
        Refusing(() =>
        {
            copies.Add(StateLoading.Prepare(Model, new Dictionary<string, Tensor>(state.Section("model").Tensors), strict: true).Copy);
            Optimizer active = ActiveIn(state);
            copies.Add(active.PrepareLoad(state.Section("optimizer")));
            for (int i = 0; i < _others.Length; i++)
            {
                copies.Add(_others[i].PrepareLoad(state.Section(OtherOptimizers).Section((i + 1).ToString(CultureInfo.InvariantCulture))));
            }

            PrepareWaiting(state, active, copies);
            copies.Add(() => Use(active));
            if (LossScaler is { } scaler && state.Values.ContainsKey(ScalerSection))
            {
                copies.Add(scaler.PrepareLoad(state.Section(ScalerSection)));
            }
        });
        TrainingState before = Copied(SaveOwn);
        try
        {
            Refusing(() => LoadOwn(state.Section("trainer")));
        }
        catch
        {
            LoadOwn(before);
            throw;
        }

        copies.ForEach(static copy => copy());
        _wasLoaded = true;
    }

    /// <summary>Whatever goes wrong with a state that was read from a file is the file's fault.</summary>
    private static void Refusing(Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException or FormatException or InvalidCastException or KeyNotFoundException or InvalidOperationException and not ObjectDisposedException)
        {
            throw new ModelFileException($"The state cannot be loaded: {FileText.Escape(e.Message, 300)}", e);
        }
    }

    /// <summary>A state with tensors of its own.</summary>
    internal static TrainingState Copied(Action<TrainingState> save)
    {
        TrainingState state = new();
        save(state);
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        return new TrainingState([.. state.Tensors.Select(static t => KeyValuePair.Create(t.Key, t.Value.Clone()))], state.Values);
    }

    private void LoadOwn(TrainingState own)
    {
        (long epoch, long batch, long step, long samples) = (own.Count("epoch", int.MaxValue), own.Count("batch", int.MaxValue), own.Count("step"), own.Count("samples"));
        History.Load(own);
        BeginEpoch((int)epoch);
        (Batch, Step, _samples) = ((int)batch, step, samples);
        RestoreGenerators(own);
        _lossSum.Load(own, "loss");

        // A run that was not clipped before begins to count now.
        if (own.Values.ContainsKey("clipped"))
        {
            _clippedSteps.Load(own, "clipped");
        }

        LoadParts(own, "metrics", Numbered(Metrics, static m => m.Name), static (metric, part) => metric.Load(part));
        if (own.Values.ContainsKey("figures"))
        {
            LoadParts(own, "figures", Figures.Where(own.Section("figures").Values.ContainsKey).Select(name => (name, FigureOf(name))), static (figure, part) => figure.Load(part));
        }

        LoadParts(own, "callbacks", Numbered(Callbacks, static c => c.Name), static (callback, part) => callback.Load(part));
    }

    /// <summary>Every generator that a step may draw from, each once, in an order that depends on the model's structure only.</summary>
    private IEnumerable<Generator> Generators() =>
        Model.NamedModules().Select(static m => m.Module.RandomSource).Prepend(Generator.Default).OfType<Generator>().Distinct();

    private void RestoreGenerators(TrainingState state)
    {
        Generator[] generators = [.. Generators()];
        if (state.Values["generators"] is not JsonArray saved || saved.Count != generators.Length)
        {
            throw new ModelFileException($"The state does not have the positions of the model's {generators.Length} random generators.");
        }

        for (int i = 0; i < generators.Length; i++)
        {
            if (saved[i] is JsonArray { Count: 2 } pair && pair[0] is JsonValue seed && seed.TryGetValue(out long s)
                && pair[1] is JsonValue draws && draws.TryGetValue(out long d) && d is >= 0 and <= TrainingState.MostCount)
            {
                generators[i].Restore(s, d);
            }
            else
            {
                throw new ModelFileException($"The state's random generator {i} is not a seed and a count.");
            }
        }
    }

    private static void LoadParts<T>(TrainingState state, string section, IEnumerable<(string Name, T Part)> parts, Action<T, TrainingState> load)
    {
        TrainingState known = state.Section(section);
        foreach ((string name, T part) in parts)
        {
            if (known.Values.ContainsKey(name))
            {
                load(part, known.Section(name));
            }
        }
    }

    /// <summary>Names that are told apart: <c>accuracy</c>, <c>accuracy#2</c>.</summary>
    private static IEnumerable<(string Name, T Part)> Numbered<T>(IEnumerable<T> parts, Func<T, string> nameOf)
    {
        Dictionary<string, int> seen = [];
        foreach (T part in parts)
        {
            string name = nameOf(part);
            int number = seen[name] = seen.GetValueOrDefault(name) + 1;
            yield return (number == 1 ? name : $"{name}#{number}", part);
        }
    }
}

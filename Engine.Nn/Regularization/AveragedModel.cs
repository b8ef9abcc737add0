namespace Engine.Nn;

/// <summary>
/// A running average of a model's parameters, which often predicts better than the last ones: exponential (EMA, Polyak's averaging) or plain
/// over all updates (SWA, stochastic weight averaging; Izmailov et al. 2018).
/// </summary>
/// <remarks>
/// <para>After the update number n (from 1) with the parameters w: the first takes a ← w; then EMA a ← d·a + (1 − d)·w, SWA a ← a + (w − a)/n.
/// The averages of half-precision parameters are float32. Buffers, such as running statistics, are those of the model at present unless
/// they are averaged too; after SWA see <see cref="RegularizationExtensions.UpdateBatchNorm{T}"/>.</para>
/// <code>
/// AveragedModel average = AveragedModel.Ema(model, decay: 0.999);
/// … optimizer.Step(); average.Update();                                    // or new WeightAveraging(average) among a trainer's callbacks
/// using (average.Apply()) { trainer.Evaluate(validation); }                // the model has the averages in here
/// average.CopyTo(other);                                                    // a model of the same structure
/// </code>
/// <para>Source: torch.optim.swa_utils, whose words these are.</para>
/// </remarks>
public sealed class AveragedModel
{
    // a + p0·(x − a)
    private static readonly MapProgram s_approach = MapProgram.Compile(2, Expr.Lerp(Expr.Input(0), Expr.Input(1), Expr.Parameter(0)));

    private readonly double? _decay;
    private readonly (string Name, Tensor Live)[] _sources;
    private readonly Tensor[] _averages;
    private readonly PointwiseGroup _group = new(s_approach);
    private Tensor[]? _setAside;

    private AveragedModel(Module model, double? decay, bool averageBuffers)
    {
        ArgumentNullException.ThrowIfNull(model);
        (Model, _decay) = (model, decay);
        IEnumerable<(string Name, Tensor Tensor)> buffers = averageBuffers ? model.NamedBuffers().Where(static b => b.Tensor.DType.IsFloatingPoint()) : [];
        _sources = [.. model.NamedParameters(), .. buffers];
        _averages = new Tensor[_sources.Length];
    }

    /// <summary>An exponential average: one remembers about 1/(1 − decay) updates.</summary>
    /// <param name="model">Whose parameters are averaged.</param>
    /// <param name="decay">d, how much of the old average an update keeps, in [0, 1).</param>
    /// <param name="averageBuffers">Whether floating-point buffers (running statistics) are averaged as well.</param>
    /// <exception cref="ArgumentOutOfRangeException">The decay is outside [0, 1).</exception>
    public static AveragedModel Ema(Module model, double decay = 0.999, bool averageBuffers = false) =>
        new(model, Hyper.Decay(decay, owner: nameof(Ema)), averageBuffers);

    /// <summary>The plain average of all updates.</summary>
    /// <param name="model">Whose parameters are averaged.</param>
    /// <param name="averageBuffers">Whether floating-point buffers (running statistics) are averaged as well.</param>
    public static AveragedModel Swa(Module model, bool averageBuffers = false) => new(model, null, averageBuffers);

    /// <summary>The model whose parameters are averaged.</summary>
    public Module Model { get; }

    /// <summary>How many times <see cref="Update"/> was called.</summary>
    public long Updates { get; private set; }

    /// <summary>Whether the model has the averages at present (<see cref="Apply"/>).</summary>
    public bool IsApplied => _setAside is not null;

    /// <summary>Takes the model's present parameters into the average; on the device, nothing waits.</summary>
    /// <exception cref="InvalidOperationException">The model has the averages themselves at present.</exception>
    public void Update()
    {
        if (IsApplied)
        {
            throw new InvalidOperationException("AveragedModel.Update: the model has the averages at present. Dispose what Apply returned first.");
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        double weight = Updates == 0 ? 1 : _decay is { } decay ? 1 - decay : 1.0 / (Updates + 1);
        for (int i = 0; i < _sources.Length; i++)
        {
            Tensor live = _sources[i].Live;
            if (Updates == 0)
            {
                _averages[i] = Copy(live, live.DType.ComputeType());
                continue;
            }

            Tensor average = Following(i);
            if (!_group.TryAdd([average], [average, live]))
            {
                _group.Run([weight]);
                if (!_group.TryAdd([average], [average, live]))
                {
                    Pointwise.Into(average, s_approach, [average, live], [weight]);
                }
            }
        }

        _group.Run([weight]);
        Updates++;
    }

    /// <summary>
    /// Gives the model the averages until the returned object is disposed, for an evaluation or predictions with them. Memory stays in place, so that optimizers
    /// and captured steps go on afterwards.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no average yet, or the model has it already.</exception>
    public Applied Apply()
    {
        CheckAny(nameof(Apply));
        if (IsApplied)
        {
            throw new InvalidOperationException("AveragedModel.Apply: the model has the averages already.");
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        _setAside = Array.ConvertAll(_sources, static s => s.Live.Clone());
        Overwrite(_sources, _averages);
        return new Applied(this);
    }

    /// <summary>The averages with the model's other state, by name: copies, as <see cref="Module.LoadStateDict"/> and files take them.</summary>
    /// <exception cref="InvalidOperationException">There is no average yet.</exception>
    public OrderedDictionary<string, Tensor> StateDict()
    {
        CheckAny(nameof(StateDict));
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        OrderedDictionary<string, Tensor> state = [];
        foreach ((string name, Tensor tensor) in Model.StateDict())
        {
            // A shared parameter has several names there and one here.
            int at = Array.FindIndex(_sources, s => ReferenceEquals(s.Live, tensor));
            state[name] = at < 0 ? tensor.Clone() : Copy(_averages[at], tensor.DType);
        }

        return state;
    }

    /// <summary>Loads the averages, and the model's other state, into a model of the same structure.</summary>
    /// <exception cref="InvalidOperationException">There is no average yet.</exception>
    /// <exception cref="ModelFileException">The other model has other tensors; it is unchanged.</exception>
    public void CopyTo(Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        OrderedDictionary<string, Tensor> state = StateDict();
        model.LoadStateDict(state);
        foreach (Tensor copy in state.Values)
        {
            copy.Dispose();
        }
    }

    /// <summary>Writes the state that a resumed run needs to continue the averages. The tensors are referred to, not copied.</summary>
    public void Save(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("updates", Updates);
        for (int i = 0; i < _sources.Length && Updates > 0; i++)
        {
            state.Add("average/" + _sources[i].Name, _averages[i]);
        }
    }

    /// <summary>Goes to a state that <see cref="Save"/> wrote.</summary>
    /// <exception cref="ModelFileException">The state does not fit the model; nothing was changed.</exception>
    public void Load(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        long updates = state.Count("updates");
        Tensor[] saved = updates == 0 ? [] : Array.ConvertAll(_sources, s => state.Tensor("average/" + s.Name));
        for (int i = 0; i < saved.Length; i++)
        {
            if (saved[i].Shape != _sources[i].Live.Shape)
            {
                throw new ModelFileException($"The state's average of '{_sources[i].Name}' is {saved[i].Shape}, the model's is {_sources[i].Live.Shape}.");
            }
        }

        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        for (int i = 0; i < saved.Length; i++)
        {
            _averages[i] = Copy(saved[i].On(_sources[i].Live.Device), _sources[i].Live.DType.ComputeType());
        }

        Updates = updates;
    }

    private void End()
    {
        if (_setAside is { } before)
        {
            using GradMode.Scope mode = GradMode.Off();
            Overwrite(_sources, before);
            _setAside = null;
            foreach (Tensor tensor in before)
            {
                tensor.Dispose();
            }
        }
    }

    private void CheckAny(string method)
    {
        if (Updates == 0)
        {
            throw new InvalidOperationException($"AveragedModel.{method}: there is no average yet. Call Update after a step of the optimizer.");
        }
    }

    /// <summary>An average, moved after its parameter where that has moved.</summary>
    private Tensor Following(int index) => _averages[index] = _averages[index].On(_sources[index].Live.Device);

    private static void Overwrite((string Name, Tensor Live)[] sources, Tensor[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            sources[i].Live.CopyFrom(values[i]);
        }
    }

    /// <summary>A copy in another type; always memory of its own.</summary>
    private static Tensor Copy(Tensor tensor, DType type) => tensor.DType == type ? tensor.Clone() : tensor.To(type);

    /// <summary>Ends the time in which a model has the averages: it gets its own parameters back.</summary>
    public sealed class Applied : IDisposable
    {
        private AveragedModel? _average;

        internal Applied(AveragedModel average) => _average = average;

        /// <summary>Gives the model its own parameters back, bit by bit.</summary>
        public void Dispose()
        {
            _average?.End();
            _average = null;
        }
    }
}

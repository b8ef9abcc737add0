namespace Engine.Nn;

/// <summary>Named state out of a module and back into it.</summary>
internal static class StateLoading
{
    /// <summary>
    /// The buffer that PyTorch's batch normalisation has since 0.4.1. States from before lack it, and PyTorch loads them with 0 all the same.
    /// </summary>
    private const string BatchCount = "num_batches_tracked";

    public static OrderedDictionary<string, Tensor> Collect(Module module)
    {
        OrderedDictionary<string, Tensor> state = [];
        ModuleTree tree = new(module);

        // PyTorch lists module by module, parameters before buffers; a shared parameter appears under each of its names.
        foreach ((string path, _, MemberVisitor members) in tree.Nodes)
        {
            foreach ((string name, Tensor tensor) in members.ParameterList)
            {
                Add(state, ModulePath.Join(path, name), tensor, module);
            }

            foreach ((string name, Tensor tensor, bool persistent) in members.BufferList)
            {
                if (persistent)
                {
                    Add(state, ModulePath.Join(path, name), tensor, module);
                }
            }
        }

        return state;
    }

    public static LoadReport Load(Module module, IReadOnlyDictionary<string, Tensor> state, bool strict)
    {
        (LoadReport report, Action copy) = Prepare(module, state, strict);
        copy();
        return report;
    }

    /// <summary>Checks a state; the action that it returns copies the values that fit.</summary>
    public static (LoadReport Report, Action Copy) Prepare(Module module, IReadOnlyDictionary<string, Tensor> state, bool strict)
    {
        OrderedDictionary<string, Tensor> own = Collect(module);
        List<string> loaded = [], missing = [], uncounted = [];
        List<ShapeConflict> conflicts = [];
        foreach ((string name, Tensor target) in own)
        {
            if (!state.TryGetValue(name, out Tensor? source) || source is null)
            {
                (IsBatchCount(name, target) && HasStatistics(name, state) ? uncounted : missing).Add(name);
            }
            else if (source.Shape != target.Shape)
            {
                conflicts.Add(new ShapeConflict(name, target.Shape, source.Shape));
            }
            else
            {
                loaded.Add(name);
            }
        }

        LoadReport report = new(loaded, missing, [.. state.Keys.Where(name => !own.ContainsKey(name))], conflicts);
        if (strict && !report.IsComplete)
        {
            throw new ModelFileException($"LoadStateDict: the saved state does not fit {module.GetType().Name}: {report}. Pass strict: false to load what fits.");
        }

        return (report, Copy);

        void Copy()
        {
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            foreach (string name in loaded)
            {
                own[name].CopyFrom(state[name]);
            }

            uncounted.ForEach(name => own[name].ZeroInPlace());
        }
    }

    private static bool IsBatchCount(string name, Tensor target) =>
        target.DType == DType.Int64 && target.Rank == 0 && (name == BatchCount || name.EndsWith("." + BatchCount, StringComparison.Ordinal));

    /// <summary>Whether the state has the running mean that stands beside the number of batches.</summary>
    private static bool HasStatistics(string name, IReadOnlyDictionary<string, Tensor> state) => state.ContainsKey(name[..^BatchCount.Length] + "running_mean");

    private static void Add(OrderedDictionary<string, Tensor> state, string name, Tensor tensor, Module module)
    {
        if (!state.TryAdd(name, tensor) && !ReferenceEquals(state[name], tensor))
        {
            throw new InvalidOperationException($"StateDict: {module.GetType().Name} has two tensors named \"{name}\"; give one member another [Name].");
        }
    }
}

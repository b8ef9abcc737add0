namespace Engine.Nn;

/// <summary>Named state out of a module and back into it.</summary>
internal static class StateLoading
{
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
        List<string> loaded = [], missing = [];
        List<ShapeConflict> conflicts = [];
        foreach ((string name, Tensor target) in own)
        {
            if (!state.TryGetValue(name, out Tensor? source) || source is null)
            {
                missing.Add(name);
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
        }
    }

    private static void Add(OrderedDictionary<string, Tensor> state, string name, Tensor tensor, Module module)
    {
        if (!state.TryAdd(name, tensor) && !ReferenceEquals(state[name], tensor))
        {
            throw new InvalidOperationException($"StateDict: {module.GetType().Name} has two tensors named \"{name}\"; give one member another [Name].");
        }
    }
}

namespace Engine.Nn;

/// <summary>The names and types of a model's modules and tensors, for the groups and leaves of its graph.</summary>
internal sealed class ModuleGroups
{
    private readonly GraphCalls _calls = new();
    private readonly Dictionary<Module, string> _paths = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tensor, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, Module> _modules = [];

    public ModuleGroups(Module model)
    {
        foreach ((string path, Module module) in model.NamedModules())
        {
            _paths.TryAdd(module, path);
            _modules.TryAdd(path, module);
        }

        foreach ((string name, Tensor tensor) in (IEnumerable<(string, Tensor)>)[.. model.NamedParameters(), .. model.NamedBuffers()])
        {
            _names.TryAdd(tensor, name);
        }
    }

    /// <summary>A module has finished. One that is not the model's makes no group.</summary>
    public void Add(Module module, Tensor x, Tensor y) => _calls.Add(_paths.GetValueOrDefault(module, string.Empty), module.GetType().Name, x, y);

    /// <summary>Names the leaves, and puts groups of modules that were called by one that does not report into a group of that one.</summary>
    public void Complete(ComputationGraph graph) =>
        _calls.Complete(graph, _names.GetValueOrDefault, path => _modules.TryGetValue(path, out Module? module) ? module.GetType().Name : null);
}

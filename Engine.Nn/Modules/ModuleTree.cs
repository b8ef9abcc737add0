namespace Engine.Nn;

/// <summary>A module and everything below it, each module once, in PyTorch's order: a module before its children, children as declared.</summary>
/// <remarks>Built afresh for each question, so that replaced members are seen; a model of a hundred layers takes some ten microseconds.</remarks>
internal sealed class ModuleTree
{
    private readonly HashSet<Module> _seen = new(ReferenceEqualityComparer.Instance);

    public ModuleTree(Module root) => Walk(string.Empty, root);

    /// <summary>The modules, the root first under an empty path, with what each reports of itself.</summary>
    public List<(string Path, Module Module, MemberVisitor Members)> Nodes { get; } = [];

    /// <summary>The parameters; one that several modules share comes once, under its first name, if <paramref name="once"/>.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Parameters(bool once = true)
    {
        HashSet<Tensor>? seen = once ? new(ReferenceEqualityComparer.Instance) : null;
        foreach ((string path, _, MemberVisitor members) in Nodes)
        {
            foreach ((string name, Tensor tensor) in members.ParameterList)
            {
                if (seen is null || seen.Add(tensor))
                {
                    yield return (ModulePath.Join(path, name), tensor);
                }
            }
        }
    }

    /// <summary>The buffers, all or only those that are saved.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Buffers(bool persistentOnly = false)
    {
        HashSet<Tensor> seen = new(ReferenceEqualityComparer.Instance);
        foreach ((string path, _, MemberVisitor members) in Nodes)
        {
            foreach ((string name, Tensor tensor, bool persistent) in members.BufferList)
            {
                if ((persistent || !persistentOnly) && seen.Add(tensor))
                {
                    yield return (ModulePath.Join(path, name), tensor);
                }
            }
        }
    }

    private void Walk(string path, Module module)
    {
        if (!_seen.Add(module))
        {
            return;
        }

        MemberVisitor members = new();
        module.Visit(members);
        Nodes.Add((path, module, members));
        foreach ((string name, Module child) in members.ModuleList)
        {
            Walk(ModulePath.Join(path, name), child);
        }
    }
}

using System.Runtime.CompilerServices;

namespace Engine.Nn;

/// <summary>A module and everything below it, each module once, in PyTorch's order: a module before its children, children as declared.</summary>
/// <remarks>Built afresh for each question, so that replaced members are seen; a model of a hundred layers takes some ten microseconds.</remarks>
internal sealed class ModuleTree
{
    private readonly HashSet<Module> _seen = new(ReferenceEqualityComparer.Instance);

    /// <summary>Walks through a module.</summary>
    /// <exception cref="EngineException">A <see cref="Sequential"/> contains itself, directly or through others: it would call itself without end.</exception>
    public ModuleTree(Module root) => Walk(root);

    /// <summary>The modules, the root first under an empty path, with the members that each reports.</summary>
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

    /// <summary>Refuses to go deeper where the thread's stack is nearly used up, which ends the process.</summary>
    /// <exception cref="EngineException">It is nearly used up.</exception>
    public static void CheckStack(Module module)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new EngineException(
                $"{module.GetType().Name}: modules are nested more deeply than the thread's stack allows. Does one contain itself? Otherwise run the model on a thread with a larger stack.");
        }
    }

    // A stack of its own: models may be nested more deeply than a thread's stack allows.
    private void Walk(Module root)
    {
        List<Module> above = [];
        Stack<(string Path, Module Module, bool IsEnd)> open = new([(string.Empty, root, false)]);
        while (open.TryPop(out (string Path, Module Module, bool IsEnd) next))
        {
            if (next.IsEnd)
            {
                above.RemoveAt(above.Count - 1);
                continue;
            }

            if (!_seen.Add(next.Module))
            {
                // Modules may refer to those above them; only where a container of layers is on the way round is it sure that calls go round too.
                int start = above.FindIndex(m => ReferenceEquals(m, next.Module));
                if (start >= 0 && above.FindIndex(start, static m => m is Sequential or Residual) >= 0)
                {
                    throw new EngineException(
                        $"{root.GetType().Name}: the module '{next.Path}' ({next.Module.GetType().Name}) contains itself; its Forward would call itself without end.");
                }

                continue;
            }

            MemberVisitor members = next.Module.Visit();
            Nodes.Add((next.Path, next.Module, members));
            above.Add(next.Module);
            open.Push((next.Path, next.Module, true));
            for (int i = members.ModuleList.Count - 1; i >= 0; i--)
            {
                open.Push((ModulePath.Join(next.Path, members.ModuleList[i].Name), members.ModuleList[i].Module, false));
            }
        }
    }
}

using System.Text;

namespace Engine.Nn;

/// <summary>A module and its parts as indented text, PyTorch's <c>print(model)</c>.</summary>
/// <remarks>
/// Children give their own text, which may lead back here. The modules that this thread is printing are remembered, so that the text of a
/// module inside itself ends.
/// </remarks>
internal static class ModuleText
{
    [ThreadStatic]
    private static HashSet<Module>? t_printing;

    [ThreadStatic]
    private static bool t_oneLine;

    /// <summary>The name of the type, and in brackets a line for each child, those of children indented.</summary>
    public static string Tree(Module module)
    {
        string name = TypeName(module);
        if (t_oneLine)
        {
            return name;
        }

        HashSet<Module> printing = t_printing ??= new(ReferenceEqualityComparer.Instance);
        if (!printing.Add(module))
        {
            return name + "(…)";
        }

        try
        {
            IReadOnlyList<(string Name, Module Module)> children = module.NamedChildren();
            if (children.Count == 0)
            {
                return name;
            }

            StringBuilder text = new();
            text.Append(name).Append("(\n");
            foreach ((string path, Module child) in children)
            {
                text.Append("  (").Append(path).Append("): ").Append(child.ToString()?.Replace("\n", "\n  ", StringComparison.Ordinal)).Append('\n');
            }

            return text.Append(')').ToString();
        }
        catch (UnlistedMembersException)
        {
            // Printing fails nowhere, least of all in a debugger.
            return name;
        }
        finally
        {
            printing.Remove(module);
        }
    }

    /// <summary>"ModuleList" of a <c>ModuleList&lt;T&gt;</c>, whose name is "ModuleList`1" in .NET.</summary>
    private static string TypeName(Module module) => module.GetType().Name.Split('`')[0];

    /// <summary>The module's own text without those that it holds.</summary>
    public static string Line(Module module)
    {
        bool before = t_oneLine;
        t_oneLine = true;
        try
        {
            return module.ToString() ?? TypeName(module);
        }
        finally
        {
            t_oneLine = before;
        }
    }
}

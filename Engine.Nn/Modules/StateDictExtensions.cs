namespace Engine.Nn;

/// <summary>Other names for saved tensors, where a file and a model call them differently: <c>model.LoadStateDict(PyTorchFile.Load(path).WithoutPrefix("module."))</c>.</summary>
public static class StateDictExtensions
{
    /// <summary>The same tensors with a prefix taken off the names that begin with it; other names stay.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="prefix">What is taken off, such as <c>"module."</c> of a model that was trained in <c>DataParallel</c>.</param>
    /// <exception cref="ArgumentException">Two tensors would have one name.</exception>
    public static Dictionary<string, Tensor> WithoutPrefix(this IReadOnlyDictionary<string, Tensor> state, string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        return state.Renamed(name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name);
    }

    /// <summary>The same tensors with a prefix before every name, as those of a part of a model have it.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="prefix">What is put before the names, such as <c>"backbone."</c>.</param>
    public static Dictionary<string, Tensor> WithPrefix(this IReadOnlyDictionary<string, Tensor> state, string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return state.Renamed(name => prefix + name);
    }

    /// <summary>The same tensors under other names.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="rename">Gives the new name; null leaves the tensor out.</param>
    /// <exception cref="ArgumentException">Two tensors would have one name.</exception>
    public static Dictionary<string, Tensor> Renamed(this IReadOnlyDictionary<string, Tensor> state, Func<string, string?> rename)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(rename);
        Dictionary<string, Tensor> renamed = new(StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in state)
        {
            if (rename(name) is { } other && !renamed.TryAdd(other, tensor))
            {
                throw new ArgumentException($"Two tensors would be named {FileText.Quote(other)}; one of them was {FileText.Quote(name)}.", nameof(rename));
            }
        }

        return renamed;
    }
}

namespace Engine.Nn;

/// <content>Changing the list of layers, as PyTorch's <c>append</c>, <c>extend</c>, <c>insert</c>, <c>del</c> and slices do.</content>
public partial class Sequential
{
    /// <summary>Appends a layer under its number.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">The number is taken as a name, or the layer is this one itself.</exception>
    public Sequential Append(Layer layer)
    {
        Add(layer);
        return this;
    }

    /// <summary>Appends layers under their numbers.</summary>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">A number is taken as a name, or a layer is this one itself; the layers before it are appended.</exception>
    public Sequential Extend(IEnumerable<Layer> layers)
    {
        foreach (Layer layer in Guard.NoNulls(layers))
        {
            Add(layer);
        }

        return this;
    }

    /// <summary>Puts a layer before the one at a position. Layers that are named by their numbers get those of their new positions.</summary>
    /// <param name="index">The position, from 0 to <see cref="Count"/>.</param>
    /// <param name="layer">The layer.</param>
    /// <returns>This.</returns>
    /// <exception cref="ArgumentException">A number is taken as a name, or the layer is this one itself.</exception>
    public Sequential Insert(int index, Layer layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, Count);
        Checked(ModulePath.Index(index), layer, nameof(layer));
        List<(string Name, Layer Layer)> changed = [.. _layers[..index], (ModulePath.Index(index), layer)];
        changed.AddRange(_layers[index..].Select((old, i) => (Renumbered(old.Name, index + i, index + i + 1), old.Layer)));
        Replace(changed);
        return this;
    }

    /// <summary>Takes the layer at a position out. Layers that are named by their numbers get those of their new positions.</summary>
    /// <returns>The layer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such position.</exception>
    /// <exception cref="ArgumentException">A number is taken as a name.</exception>
    public Layer RemoveAt(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        Layer removed = _layers[index].Layer;
        Replace([.. _layers[..index], .. _layers[(index + 1)..].Select((old, i) => (Renumbered(old.Name, index + i + 1, index + i), old.Layer))]);
        return removed;
    }

    /// <summary>Some of the layers, the same objects under the same names: <c>net[1..3]</c> has layers 1 and 2, whose weights are named <c>1.weight</c> and <c>2.weight</c>.</summary>
    /// <param name="start">The position of the first.</param>
    /// <param name="length">How many.</param>
    public Sequential Slice(int start, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Count - start);
        Sequential part = [];
        part.Replace(_layers.GetRange(start, length));
        return part;
    }

    private static string Renumbered(string name, int from, int to) => name == ModulePath.Index(from) ? ModulePath.Index(to) : name;

    /// <summary>Takes other layers, all or none.</summary>
    private void Replace(List<(string Name, Layer Layer)> layers)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((string name, _) in layers)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException($"Sequential: two layers would be named \"{name}\"; there are {string.Join(", ", _layers.Select(static l => l.Name))}.");
            }
        }

        _layers.Clear();
        _layers.AddRange(layers);
        _names.Clear();
        _names.UnionWith(names);
    }
}

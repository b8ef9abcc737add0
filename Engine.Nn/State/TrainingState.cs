using System.Globalization;
using System.Text.Json.Nodes;

namespace Engine.Nn;

/// <summary>The state of a run, from which it can go on as if it had never stopped: named tensors and a JSON document.</summary>
/// <remarks>
/// A tensor's name is a path whose first part names its owner (<c>model/</c>, <c>optimizer/</c>, <c>trainer/</c>);
/// <see cref="Section"/> gives each part its own view. Numbers in <see cref="Values"/> survive writing and reading bit by bit.
/// </remarks>
public sealed class TrainingState
{
    /// <summary>No run comes to so many steps or samples; beyond it doubles, and so JSON, skip integers.</summary>
    internal const long MostCount = 1L << 53;

    private readonly string _prefix;
    private readonly SortedDictionary<string, Tensor> _tensors;

    /// <summary>An empty state.</summary>
    public TrainingState()
        : this(string.Empty, new SortedDictionary<string, Tensor>(StringComparer.Ordinal), [])
    {
    }

    /// <summary>A state that was read from a file.</summary>
    public TrainingState(IEnumerable<KeyValuePair<string, Tensor>> tensors, JsonObject values)
        : this(string.Empty, new SortedDictionary<string, Tensor>(StringComparer.Ordinal), values)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(values);
        foreach ((string name, Tensor tensor) in tensors)
        {
            ArgumentNullException.ThrowIfNull(tensor, nameof(tensors));
            if (!_tensors.TryAdd(name, tensor))
            {
                throw new ArgumentException($"TrainingState: tensor {FileText.Quote(name)} is there twice.", nameof(tensors));
            }
        }
    }

    private TrainingState(string prefix, SortedDictionary<string, Tensor> tensors, JsonObject values)
    {
        _prefix = prefix;
        _tensors = tensors;
        Values = values;
    }

    /// <summary>Everything that is not a tensor.</summary>
    public JsonObject Values { get; }

    /// <summary>The tensors of this section by their names within it, in alphabetical order.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors
    {
        get
        {
            foreach ((string name, Tensor tensor) in _tensors)
            {
                if (name.StartsWith(_prefix, StringComparison.Ordinal))
                {
                    yield return new KeyValuePair<string, Tensor>(name[_prefix.Length..], tensor);
                }
            }
        }
    }

    /// <summary>The part of the state under a name; it is made where it is not there yet.</summary>
    public TrainingState Section(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (Values[name] is not JsonObject values)
        {
            values = [];
            Values[name] = values;
        }

        return new TrainingState($"{_prefix}{name}/", _tensors, values);
    }

    /// <summary>Adds a tensor. The state refers to it; it does not copy it.</summary>
    /// <exception cref="ArgumentException">There is one of this name.</exception>
    public void Add(string name, Tensor tensor)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(tensor);
        _tensors.Add(_prefix + name, tensor);
    }

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="ModelFileException">There is none.</exception>
    public Tensor Tensor(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tensors.TryGetValue(_prefix + name, out Tensor? tensor)
        ? tensor
        : throw new ModelFileException($"The state has no tensor '{_prefix}{name}'.");
    }

    /// <summary>Whether there is a tensor of a name.</summary>
    public bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _tensors.ContainsKey(_prefix + name);
    }

    /// <summary>Stores a number; NaN and infinities are stored as their names, which JSON's numbers cannot express.</summary>
    public void Set(string name, double value)
    {
        ArgumentNullException.ThrowIfNull(name);
        Values[name] = double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Stores an integer.</summary>
    public void Set(string name, long value)
    {
        ArgumentNullException.ThrowIfNull(name);
        Values[name] = JsonValue.Create(value);
    }

    /// <summary>The number of a name.</summary>
    /// <exception cref="ModelFileException">There is none.</exception>
    public double Number(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Values[name] is JsonValue node
        && (node.TryGetValue(out double value)
            || (node.TryGetValue(out string? text) && double.TryParse(text, CultureInfo.InvariantCulture, out value)))
        ? value
        : throw new ModelFileException($"The state has no number '{_prefix}{name}'.");
    }

    /// <summary>The integer of a name, which counts something: not negative, and far enough from the end to be counted on.</summary>
    /// <exception cref="ModelFileException">There is none, or it cannot be a count.</exception>
    internal long Count(string name, long most = MostCount)
    {
        long count = Integer(name);
        return count >= 0 && count <= most ? count : throw new ModelFileException($"The state's '{_prefix}{name}' is {count}; it must lie between 0 and {most}.");
    }

    /// <summary>The integer of a name.</summary>
    /// <exception cref="ModelFileException">There is none.</exception>
    public long Integer(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Values[name] is JsonValue node && node.TryGetValue(out long value)
        ? value
        : throw new ModelFileException($"The state has no integer '{_prefix}{name}'.");
    }
}

using System.Collections;

namespace Engine.Nn;

/// <summary>Layers one after another: <c>y = fₙ(… f₁(x))</c>. Their names are 0, 1, … unless others are given.</summary>
/// <remarks>
/// <code>
/// Sequential net = [new Conv2d(1, 8, 3), new Relu(), new Flatten(), new Linear(8 * 26 * 26, 10)];
/// </code>
/// A linear, convolution or batch-normalisation layer followed by <see cref="Relu"/> is computed in one pass, with the same bits as in two.
/// </remarks>
public partial class Sequential : Layer, IReadOnlyList<Layer>, IFusesResidual, IHasBatchNormPairs
{
    /// <summary>The deepest nesting in which a batch normalisation is found.</summary>
    private const int DeepestFusion = 100;

    private readonly List<(string Name, Layer Layer)> _layers = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>No layers yet; add them.</summary>
    public Sequential()
    {
    }

    /// <summary>The given layers in order.</summary>
    public Sequential(params IEnumerable<Layer> layers)
    {
        ArgumentNullException.ThrowIfNull(layers);
        foreach (Layer layer in layers)
        {
            ArgumentNullException.ThrowIfNull(layer, nameof(layers));
            Add(layer);
        }
    }

    /// <summary>The number of layers.</summary>
    public int Count => _layers.Count;

    /// <summary>A layer by its position; another can take its place and its name.</summary>
    /// <exception cref="ArgumentException">The new layer is this one itself.</exception>
    public Layer this[int index]
    {
        get => _layers[index].Layer;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _layers[index] = (_layers[index].Name, Checked(_layers[index].Name, value, nameof(value)));
        }
    }

    /// <summary>A layer by its name; another can take its place.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    /// <exception cref="ArgumentException">The new layer is this one itself.</exception>
    public Layer this[string name]
    {
        get => this[IndexOf(name)];
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            this[IndexOf(name)] = value;
        }
    }

    /// <summary>Appends a layer under its number.</summary>
    public void Add(Layer layer) => Add(ModulePath.Index(_layers.Count), layer);

    /// <summary>Appends a layer under a name of its own.</summary>
    /// <exception cref="ArgumentException">The name is empty, has a dot, or is taken; or the layer is this one itself.</exception>
    public void Add(string name, Layer layer)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Checked(name, layer, nameof(layer));
        if (name.Contains('.') || !_names.Add(name))
        {
            throw new ArgumentException($"Sequential: the name \"{name}\" is taken or contains a dot.", nameof(name));
        }

        _layers.Add((name, layer));
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">A layer refuses its input; the message begins with the layer's name.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Intercepts ? CallOwn(x, ForwardOwn) : ForwardOwn(x);
    }

    // A derived class may have a Forward of its own, which is not to be passed by. A loop, as the JIT may make one of a recursion, and one through layers
    // that hold each other would not end then: it is not fused, and refused where it computes.
    bool IFusesResidual.CanFuse
    {
        get
        {
            Sequential net = this;
            for (int depth = 0; depth < DeepestFusion; depth++)
            {
                if (net.GetType() != typeof(Sequential) || net.IsWatched || net._layers.Count == 0)
                {
                    return false;
                }

                if (net._layers[^1].Layer is not Sequential last)
                {
                    return net._layers[^1].Layer is IFusesResidual { CanFuse: true };
                }

                net = last;
            }

            return false;
        }
    }

    /// <inheritdoc/>
    IEnumerable<BatchNormPair> IHasBatchNormPairs.BatchNormPairs
    {
        get
        {
            for (int i = 1; i < _layers.Count; i++)
            {
                if (_layers[i].Layer is BatchNorm norm)
                {
                    Relu? relu = i + 1 < _layers.Count ? _layers[i + 1].Layer as Relu : null;
                    yield return new BatchNormPair(_layers[i - 1].Layer, norm, relu is not null, relu);
                }
            }
        }
    }

    /// <inheritdoc/>
    Tensor IFusesResidual.Forward(Tensor x, Tensor residual, bool relu) => Forward(x, residual, relu);

    private Layer Checked(string name, Layer layer, string parameter)
    {
        ArgumentNullException.ThrowIfNull(layer, parameter);
        return !ReferenceEquals(layer, this)
            ? layer
            : throw new ArgumentException($"Sequential: layer \"{name}\" is the Sequential itself; it would call itself without end.", parameter);
    }

    private int IndexOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = _layers.FindIndex(l => l.Name == name);
        return index >= 0
            ? index
            : throw new KeyNotFoundException($"Sequential: there is no layer \"{name}\"; there are {string.Join(", ", _layers.Select(static l => l.Name))}.");
    }

    private Tensor ForwardOwn(Tensor x)
    {
        // Not entered by a call if a derived class had a Forward of its own around this one.
        _ = LayerCall.Enters(this);
        return ForwardTrace.Record(this, x, Forward(x, null, relu: false));
    }

    private Tensor Forward(Tensor x, Tensor? residual, bool relu)
    {
        ModuleTree.CheckStack(this);
        Tensor y = x;
        LeanChain chain = new();
        int i = 0;
        try
        {
            for (; i < _layers.Count; i++)
            {
                Layer layer = _layers[i].Layer;
                if (residual is not null && i == _layers.Count - 1)
                {
                    y = ((IFusesResidual)layer).Forward(y, residual, relu);
                }
                else if (layer is IFusesRelu && i + 1 < _layers.Count && _layers[i + 1].Layer is Relu activation && !ForwardTrace.IsActive && !layer.IsWatched && !activation.IsWatched)
                {
                    y = chain.Call(layer, y, static (l, input) => ((IFusesRelu)l).Forward(input, relu: true));
                    i++;
                }
                else
                {
                    y = chain.Call(layer, y, static (l, input) => l.Call(input));
                }
            }
        }
        catch (ShapeMismatchException e)
        {
            throw new ShapeMismatchException($"Layer \"{_layers[i].Name}\": {e.Message}", e);
        }

        // Without layers, or with layers that hand x through, the result is a handle of its own: the caller disposes the result, not the input.
        return ReferenceEquals(y, x) ? x.Alias() : y;
    }

    /// <summary>The layers in order.</summary>
    public IEnumerator<Layer> GetEnumerator() => _layers.Select(static l => l.Layer).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The name of a layer.</summary>
    internal string NameOf(int index) => _layers[index].Name;

    internal override bool KeepsNothing(int depth)
    {
        foreach ((_, Layer layer) in _layers)
        {
            if (!LeanChain.KeepsNothing(layer, depth - 1))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    protected override void VisitMembers(MemberVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        base.VisitMembers(visitor);
        foreach ((string name, Layer layer) in _layers)
        {
            visitor.Module(name, layer);
        }
    }
}

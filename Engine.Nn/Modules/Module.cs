using System.Diagnostics.CodeAnalysis;

namespace Engine.Nn;

/// <summary>
/// A part of a neural network: it holds parameters (tensors that are trained), buffers (tensors that are saved but not trained) and other
/// modules. Derive from it and give it a <c>Forward</c> of any signature; derive from <see cref="Layer"/> where one tensor becomes another.
/// </summary>
/// <remarks>
/// <para>Write the class <c>partial</c> and nothing else: its fields and auto-properties of type <see cref="Tensor"/>, of a module type, or
/// lists, arrays and string-keyed dictionaries of those are found by generated code, private ones too. A tensor is a parameter unless marked
/// <see cref="BufferAttribute"/>; the saved name is the member's in snake case (<c>RunningMean</c> → <c>running_mean</c>), so that PyTorch's
/// weights load by name.</para>
/// <para>A member whose type does not name its content (an interface, <c>object</c>, <c>dynamic</c>, a type parameter, a collection of these) is searched
/// each time: modules and tensors are found under the names that they would have otherwise, other values are ignored. A member that is marked
/// <see cref="UntrackedAttribute"/> is not searched. A class or struct that is no module cannot be a part of one: if one holds tensors or
/// modules, the compiler reports it (ENN006).</para>
/// <code>
/// public sealed partial class Gate(int size) : Layer
/// {
///     public Linear Proj { get; } = new(size, size);                       // proj.weight, proj.bias
///     public Tensor Scale { get; } = Tensor.Ones([size]).WithGrad();       // scale
///     public override Tensor Forward(Tensor x) =&gt; x + Scale * Proj.Forward(x).Sigmoid();
/// }
/// </code>
/// <para>Predicting with one module on many threads is safe (<see cref="Layer.Predict"/>, <see cref="InferenceScope"/>); training,
/// loading and moving it are for one thread at a time.</para>
/// </remarks>
[DynamicallyAccessedMembers(UnlistedMembers.Looked)]
public abstract class Module
{
    private bool _isTraining = true;

    /// <summary>A module in training mode.</summary>
    /// <exception cref="UnlistedMembersException">
    /// The class has tensors or modules but was compiled without the source generator, and does not override <see cref="VisitMembers"/>.
    /// </exception>
    protected Module() => UnlistedMembers.ThrowIfAny(GetType());

    /// <summary>
    /// Whether the module behaves as in training (dropout drops, batch normalisation uses the batch): true at first, changed by
    /// <see cref="ModuleExtensions.Train"/> and <see cref="ModuleExtensions.Eval"/>, false on a thread inside an <see cref="InferenceScope"/>.
    /// </summary>
    public bool IsTraining => _isTraining && !InferenceScope.IsActive;

    /// <summary>The module's own mode, whatever scope this thread is in.</summary>
    internal bool IsInTrainingMode => _isTraining;

    /// <summary>The parameters, in order, each once.</summary>
    public IReadOnlyList<Tensor> Parameters => [.. new ModuleTree(this).Parameters().Select(static p => p.Tensor)];

    /// <summary>The number of values in all parameters, frozen ones included.</summary>
    public long ParameterCount => new ModuleTree(this).Parameters().Sum(static p => p.Tensor.ElementCount);

    /// <summary>The parameters with their names, in PyTorch's order; one that several modules share comes once.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> NamedParameters() => [.. new ModuleTree(this).Parameters()];

    /// <summary>The buffers with their names, those that are not saved included.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> NamedBuffers() => [.. new ModuleTree(this).Buffers()];

    /// <summary>This module under an empty name and every module below it, each once.</summary>
    public IReadOnlyList<(string Name, Module Module)> NamedModules() => [.. new ModuleTree(this).Nodes.Select(static n => (n.Path, n.Module))];

    /// <summary>The modules that this one holds directly.</summary>
    public IReadOnlyList<(string Name, Module Module)> NamedChildren()
    {
        return Visit().ModuleList;
    }

    /// <summary>Everything that is saved, by name and in PyTorch's order: the tensors themselves, not copies.</summary>
    /// <exception cref="InvalidOperationException">Two different tensors have one name.</exception>
    public OrderedDictionary<string, Tensor> StateDict() => StateLoading.Collect(this);

    /// <summary>Copies saved values into the parameters and buffers of the same names, converting type and device where they differ.</summary>
    /// <param name="state">Tensors by name; PyTorch's names fit.</param>
    /// <param name="strict">Whether every name and shape must fit; otherwise whatever fits is loaded.</param>
    /// <returns>The names that were loaded, were missing, were left over or have another shape.</returns>
    /// <exception cref="ModelFileException">Strict, and something does not fit; nothing was changed.</exception>
    public LoadReport LoadStateDict(IReadOnlyDictionary<string, Tensor> state, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(state);
        return StateLoading.Load(this, state, strict);
    }

    /// <summary>Drops the gradients of all parameters.</summary>
    public void ZeroGrad()
    {
        foreach (Tensor parameter in Parameters)
        {
            parameter.ClearGrad();
        }
    }

    /// <summary>The name of the type and, below it, the modules that it holds with their names, as PyTorch prints a model; layers add their sizes.</summary>
    public override string ToString() => ModuleText.Tree(this);

    /// <summary>
    /// Reports the members to <paramref name="visitor"/>. Generated for every partial class; override it by hand only without the generator
    /// (in F# and Visual Basic, which have none) or for names that it cannot express, and call the base method first.
    /// </summary>
    protected virtual void VisitMembers(MemberVisitor visitor)
    {
    }

    /// <summary>
    /// Multiply-add operations of one forward pass, for a summary of the model; 0 unless overridden. Parts that are modules count themselves.
    /// </summary>
    protected internal virtual long MultiplyAdds(Shape input, Shape output) => 0;

    /// <summary>
    /// The generator that the module itself draws from in its <c>Forward</c>, so that its position is saved with a run; null if it draws from
    /// <see cref="Generator.Default"/> or not at all.
    /// </summary>
    protected internal virtual Generator? RandomSource => null;

    /// <summary>The present members of the module, as it reports them.</summary>
    /// <exception cref="UnlistedMembersException">A member holds tensors or modules that have no names, or that nothing reports.</exception>
    internal MemberVisitor Visit()
    {
        UnlistedMembers.ThrowIfAnyHeld(this);
        MemberVisitor members = new() { Owner = this };
        VisitMembers(members);
        return members;
    }

    internal void SetTraining(bool training)
    {
        foreach ((_, Module module, _) in new ModuleTree(this).Nodes)
        {
            module._isTraining = training;
        }
    }

    /// <summary>Replaces the memory of every tensor by that of <paramref name="convert"/>'s result. All handles to the tensors see the new values.</summary>
    internal void Transform(Func<Tensor, Tensor> convert)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        ModuleTree tree = new(this);
        foreach ((_, Tensor tensor) in tree.Parameters().Concat(tree.Buffers()))
        {
            Tensor? gradient = tensor.Grad;
            Tensor converted = convert(tensor);

            // The leaf of the graph remembers its element type, so that it is made anew where the type changes.
            bool renew = tensor.RequiresGrad && converted.DType != tensor.DType;
            tensor.RequiresGrad &= !renew;
            tensor.SetData(converted);
            tensor.RequiresGrad |= renew;
            if (gradient is not null)
            {
                tensor.SetGrad(convert(gradient));
            }
        }
    }
}

namespace Engine.Nn;

/// <summary>Marks a tensor of a module, or the tensors in a collection, as state that is saved but not trained, such as running statistics.</summary>
/// <remarks>Create it with <see cref="Tensor.Keep"/>, so that no <see cref="TensorScope"/> takes it away.</remarks>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class BufferAttribute : Attribute;

/// <summary>Marks a buffer that moves with the module but is not saved: something that follows from the configuration.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotPersistentAttribute : Attribute;

/// <summary>
/// Marks a member that is no part of its module: a cache, a reference to a parent, a trainer. Of any type and value, it is neither trained, nor moved, nor
/// saved, and it may be of a type whose tensors and modules could not be found.
/// </summary>
/// <remarks>On a parameter of a primary constructor it applies to the uses of the parameter after construction.</remarks>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class UntrackedAttribute : Attribute;

/// <summary>
/// The name under which a member is saved, instead of its own in snake case. An empty name puts a module's members directly under its holder.
/// </summary>
/// <param name="name">The name; dots separate the parts of a path.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));
}

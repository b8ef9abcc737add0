namespace Engine.Nn;

/// <summary>Marks a tensor of a module as state that is saved but not trained, such as running statistics.</summary>
/// <remarks>Create it with <see cref="Tensor.Keep"/>, so that no <see cref="TensorScope"/> takes it away.</remarks>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class BufferAttribute : Attribute;

/// <summary>Marks a buffer that moves with the module but is not saved: something that follows from the configuration.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class NotPersistentAttribute : Attribute;

/// <summary>Marks a tensor or module that does not belong to the module holding it: a cache, or a reference to a parent.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
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

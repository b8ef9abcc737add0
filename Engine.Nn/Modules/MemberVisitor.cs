namespace Engine.Nn;

/// <summary>Is told the members of one module by <see cref="Module.VisitMembers"/>; absent (null) members may be reported and are skipped.</summary>
/// <remarks>
/// A collection that is a module itself, such as a <see cref="Sequential"/> that is declared as a list of layers, is reported as the module that it is.
/// </remarks>
public sealed class MemberVisitor
{
    /// <summary>The module that is visited, where it is known.</summary>
    internal Module? Owner { get; init; }

    internal List<(string Name, Tensor Tensor)> ParameterList { get; } = [];

    internal List<(string Name, Tensor Tensor, bool Persistent)> BufferList { get; } = [];

    internal List<(string Name, Module Module)> ModuleList { get; } = [];

    /// <summary>Reports a tensor that is trained.</summary>
    public void Parameter(string name, Tensor? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (value is not null)
        {
            ParameterList.Add((name, value));
        }
    }

    /// <summary>Reports a tensor that is state but not trained; <paramref name="persistent"/> says whether it is saved.</summary>
    public void Buffer(string name, Tensor? value, bool persistent = true)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (value is not null)
        {
            BufferList.Add((name, value, persistent));
        }
    }

    /// <summary>Reports a part with members of its own. An empty name puts them directly under the holder.</summary>
    public void Module(string name, Module? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (value is not null)
        {
            ModuleList.Add((name, value));
        }
    }

    /// <summary>Reports parameters named <c>name.0</c>, <c>name.1</c>, …</summary>
    public void Parameters(string name, IEnumerable<Tensor?>? values) => Each(name, values, Parameter);

    /// <summary>Reports parameters named <c>name.key</c>.</summary>
    public void Parameters(string name, IEnumerable<KeyValuePair<string, Tensor>>? values) => Each<Tensor, Tensor>(name, values, Parameter);

    /// <summary>Reports buffers named <c>name.0</c>, <c>name.1</c>, …</summary>
    public void Buffers(string name, IEnumerable<Tensor?>? values, bool persistent = true) => Each(name, values, (n, t) => Buffer(n, t, persistent));

    /// <summary>Reports buffers named <c>name.key</c>.</summary>
    public void Buffers(string name, IEnumerable<KeyValuePair<string, Tensor>>? values, bool persistent = true) => Each<Tensor, Tensor>(name, values, (n, t) => Buffer(n, t, persistent));

    /// <summary>Reports modules named <c>name.0</c>, <c>name.1</c>, …</summary>
    public void Modules(string name, IEnumerable<Module?>? values) => Each(name, values, Module);

    /// <summary>Reports modules named <c>name.key</c>.</summary>
    public void Modules<T>(string name, IEnumerable<KeyValuePair<string, T>>? values)
        where T : Module? => Each<T, Module?>(name, values, Module);

    /// <summary>
    /// Reports the present value of a member whose declared type does not name it: a module, a tensor that is trained, or a collection with some of these
    /// among its elements, named as in <see cref="Modules(string, IEnumerable{Module})"/>: by their keys, or by their positions among all elements.
    /// Anything else is skipped.
    /// </summary>
    /// <exception cref="UnlistedMembersException">Tensors or modules are inside that have no name: in a list of lists, a tuple, a dictionary without string keys.</exception>
    public void Held(string name, object? value) => new HeldMember(this, name).Report(value);

    /// <summary>Reports the modules and trained tensors among the values under <c>name.key</c>; others are skipped.</summary>
    /// <exception cref="UnlistedMembersException">A value is neither, but has tensors or modules inside.</exception>
    public void Held<T>(string name, IEnumerable<KeyValuePair<string, T>>? values) => new HeldMember(this, name).Report(values);

    /// <summary>As <see cref="Held(string, object)"/>; tensors are state but not trained.</summary>
    /// <exception cref="UnlistedMembersException">Tensors or modules are inside that have no name: in a list of lists, a tuple, a dictionary without string keys.</exception>
    public void HeldBuffers(string name, object? value, bool persistent = true) => new HeldMember(this, name, persistent).Report(value);

    /// <summary>As <see cref="Held{T}(string, IEnumerable{KeyValuePair{string, T}})"/>; tensors are state but not trained.</summary>
    /// <exception cref="UnlistedMembersException">A value is neither a module nor a tensor, but has some inside.</exception>
    public void HeldBuffers<T>(string name, IEnumerable<KeyValuePair<string, T>>? values, bool persistent = true) => new HeldMember(this, name, persistent).Report(values);

    /// <summary>Reports a collection that is a module; a module that reports its own elements means these.</summary>
    internal bool IsWhole(string name, object? values)
    {
        if (values is not Module module || ReferenceEquals(module, Owner))
        {
            return false;
        }

        Module(name, module);
        return true;
    }

    /// <summary>The name of an entry; an empty entry has no key.</summary>
    internal static string EntryName(string name, string? key) =>
        ModulePath.Join(name, key ?? throw new ArgumentException($"'{name}' has an entry without a key.", "values"));

    private void Each<T>(string name, IEnumerable<T?>? values, Action<string, T?> report)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (IsWhole(name, values))
        {
            return;
        }

        int index = 0;
        foreach (T? value in values ?? [])
        {
            report(ModulePath.Join(name, ModulePath.Index(index++)), value);
        }
    }

    private void Each<TValue, TReported>(string name, IEnumerable<KeyValuePair<string, TValue>>? values, Action<string, TReported?> report)
        where TValue : TReported
    {
        ArgumentNullException.ThrowIfNull(name);
        if (IsWhole(name, values))
        {
            return;
        }

        foreach ((string key, TValue value) in values ?? [])
        {
            report(EntryName(name, key), value);
        }
    }
}

namespace Engine.Nn;

/// <summary>Is told the members of one module by <see cref="Module.VisitMembers"/>; absent (null) members may be reported and are skipped.</summary>
public sealed class MemberVisitor
{
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
        where T : Module => Each<T, Module>(name, values, Module);

    private static void Each<T>(string name, IEnumerable<T?>? values, Action<string, T?> report)
    {
        ArgumentNullException.ThrowIfNull(name);
        int index = 0;
        foreach (T? value in values ?? [])
        {
            report(ModulePath.Join(name, ModulePath.Index(index++)), value);
        }
    }

    private static void Each<TValue, TReported>(string name, IEnumerable<KeyValuePair<string, TValue>>? values, Action<string, TReported?> report)
        where TValue : TReported
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach ((string key, TValue value) in values ?? [])
        {
            // An entry that nobody has filled in has no key.
            report(ModulePath.Join(name, key ?? throw new ArgumentException($"'{name}' has an entry without a key.", nameof(values))), value);
        }
    }
}

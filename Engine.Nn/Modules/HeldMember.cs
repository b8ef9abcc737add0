namespace Engine.Nn;

/// <summary>Reports the present content of a member whose declared type does not name it.</summary>
internal readonly struct HeldMember
{
    private readonly MemberVisitor _visitor;
    private readonly string _name;
    private readonly bool _areBuffers;
    private readonly bool _persistent;

    /// <summary>A member whose tensors are trained.</summary>
    public HeldMember(MemberVisitor visitor, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        (_visitor, _name) = (visitor, name);
    }

    /// <summary>A member whose tensors are buffers.</summary>
    public HeldMember(MemberVisitor visitor, string name, bool persistent)
        : this(visitor, name) => (_areBuffers, _persistent) = (true, persistent);

    /// <summary>Reports a module, a tensor, or the entries of a collection.</summary>
    public void Report(object? value)
    {
        if (value is null || One(_name, value))
        {
            return;
        }

        if (value is not string && HeldItems.List(value) is { } entries)
        {
            foreach ((string? key, object? item) in entries)
            {
                Entry(key, item);
            }
        }
        else
        {
            ThrowIfLost(value);
        }
    }

    /// <summary>Reports the values of a dictionary.</summary>
    public void Report<T>(IEnumerable<KeyValuePair<string, T>>? values)
    {
        if (_visitor.IsWhole(_name, values))
        {
            return;
        }

        foreach ((string key, T value) in values ?? [])
        {
            Entry(key, value);
        }
    }

    private void Entry(string? key, object? item)
    {
        string name = MemberVisitor.EntryName(_name, key);
        if (item is not null && !One(name, item))
        {
            ThrowIfLost(item);
        }
    }

    private bool One(string name, object value)
    {
        if (value is Module module)
        {
            _visitor.Module(name, module);
            return true;
        }

        if (value is not Tensor tensor)
        {
            return false;
        }

        if (name.Length == 0)
        {
            throw new UnlistedMembersException($"{Owner}: a member with an empty [Name] holds a tensor, which cannot be saved without a name; only a module's may be empty.");
        }

        if (_areBuffers)
        {
            _visitor.Buffer(name, tensor, _persistent);
        }
        else
        {
            _visitor.Parameter(name, tensor);
        }

        return true;
    }

    private void ThrowIfLost(object value)
    {
        if (HeldItems.Hold(value))
        {
            throw new UnlistedMembersException(
                $"{Owner}: the member named '{_name}' holds a {UnlistedMembers.TypeName(value.GetType())} with tensors or modules that cannot be found there: they would be neither trained nor saved. "
                + "Let it hold a module, a tensor, or a list, an array or a dictionary with string keys of these, or mark it [Untracked].");
        }
    }

    private string Owner => _visitor.Owner?.GetType().Name ?? nameof(MemberVisitor);
}

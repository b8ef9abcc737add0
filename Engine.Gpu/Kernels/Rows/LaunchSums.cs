namespace Engine.Gpu;

/// <summary>Sums over all work-items of a launch whose groups lie along the first direction: each group leaves its own, and the last one adds them, always in one order.</summary>
internal sealed class LaunchSums
{
    private readonly KernelBuilder _k;
    private readonly GroupReduction _reduction;
    private readonly Memory _sums, _counters;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public LaunchSums(KernelBuilder k, params ReadOnlySpan<RegisterType> types)
    {
        _k = k;
        _sums = k.Buffer("group_sums", types[0].InMemory());
        _counters = k.Buffer("arrivals", DType.Int32);
        _reduction = new GroupReduction(k, types, name: "launch");
    }

    /// <summary>Adds the arguments: room for a number of each group and sum, and a counter.</summary>
    public static void Bind(ref ArgumentList arguments, in Operand sums, KernelArgument counter)
    {
        arguments.Add(sums);
        arguments.Add(counter);
    }

    /// <summary>Adds the items' values; one work-item of the launch carries out <paramref name="store"/> with the sums. All of a group take part, as at a barrier.</summary>
    /// <remarks>
    /// The sums are stored in one place, whether there is one group or several: with a store at the end of either branch, PoCL's compiler joins the two and
    /// loses the one behind the barriers.
    /// </remarks>
    public void Sum(Value[] values, Action<Value[]> store)
    {
        Value groups = _k.GroupCountX, isFirst = _k.LocalId.Is(0);
        Value[] own = _reduction.Sums(values);
        Variable[] sums = Array.ConvertAll(own, value => _k.Variable(value));
        Variable isLast = _k.Variable(_k.Int32(1));
        _k.If(groups > 1, () =>
        {
            for (int i = 0; i < own.Length; i++)
            {
                _k.Store(_sums, (groups * i) + _k.GroupX, own[i], isFirst);
            }

            Value comesLast = _k.IsLastGroup(_counters, _k.Int32(0), groups);
            isLast.Value = _k.Select(comesLast, _k.Int32(1), _k.Int32(0));
            _k.If(comesLast, () => SumGroups(sums, groups), uniform: true);
        }, uniform: true);
        _k.If(isLast.Value.Is(1) & isFirst, () => store(Array.ConvertAll(sums, static sum => sum.Value)));
    }

    private void SumGroups(Variable[] sums, Value groups)
    {
        foreach (Variable sum in sums)
        {
            sum.Value = sum.Value.Like(0);
        }

        _k.For(_k.LocalId, groups, _k.Int32(_k.GroupSize), group =>
        {
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i].Value += _k.Load(_sums, (groups * i) + group);
            }
        });
        Value[] all = _reduction.Sums(Array.ConvertAll(sums, static sum => sum.Value));
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i].Value = all[i];
        }
    }
}

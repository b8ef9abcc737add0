namespace Engine.Gpu;

/// <summary>A phase of one direction as a kernel sees it.</summary>
/// <param name="Rest">What the index of its results leaves when divided by the stride.</param>
/// <param name="FirstTap">The first tap that reaches it.</param>
/// <param name="Taps">How many do.</param>
/// <param name="Origin">Index in the image of the first tap of the first result.</param>
internal readonly record struct Phase(Value Rest, Value FirstTap, Value Taps, Value Origin);

/// <summary><see cref="WindowPhases"/> as parameters of a kernel.</summary>
internal sealed class PhaseParameters
{
    private readonly KernelBuilder _k;
    private readonly Value _start, _direction, _taps, _pad, _dilation, _common, _every, _inverse;
    private readonly DivisorParameter _most, _fewest, _mostTaps, _fewestTaps;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public PhaseParameters(KernelBuilder k, string name)
    {
        _k = k;
        Stride = new DivisorParameter(k, name + "_phases");
        Size = k.Size(name + "_size");
        (_start, _direction) = (k.Scalar(name + "_start", RegisterType.Int32), k.Scalar(name + "_direction", RegisterType.Int32));
        (_taps, _pad, _dilation) = (k.Size(name + "_taps"), k.Size(name + "_pad"), k.Size(name + "_dilation"));
        (_common, _every, _inverse) = (k.Size(name + "_common"), k.Size(name + "_every"), k.Size(name + "_inverse"));
        (_most, _fewest) = (new DivisorParameter(k, name + "_most"), new DivisorParameter(k, name + "_fewest"));
        (_mostTaps, _fewestTaps) = (new DivisorParameter(k, name + "_most_taps"), new DivisorParameter(k, name + "_fewest_taps"));
    }

    /// <summary>The number of phases.</summary>
    public DivisorParameter Stride { get; }

    /// <summary>Results of all phases.</summary>
    public Value Size { get; }

    /// <summary>Adds the arguments of a launch.</summary>
    public static void Bind(ref ArgumentList arguments, in WindowPhases phases)
    {
        arguments.Add(phases.Count, new Divisor(phases.Count));
        arguments.Add(phases.Size);
        arguments.Add(phases.StartsAtEnd ? phases.Count - 1 : 0);
        arguments.Add(phases.StartsAtEnd ? -1 : 1);
        arguments.Add(phases.Taps);
        arguments.Add(phases.Pad);
        arguments.Add(phases.Dilation);
        arguments.Add(phases.Common);
        arguments.Add(phases.Every);
        arguments.Add(phases.Inverse);
        AddBoth(ref arguments, phases.Size, phases.Count);
        AddBoth(ref arguments, phases.Taps, phases.Every);
    }

    /// <summary>The rest of a phase by its place in the grid.</summary>
    public Value RestAt(Value number) => _start + (number * _direction);

    /// <summary>The phase of a rest.</summary>
    public Phase At(Value rest)
    {
        // Tap r reaches a result where stride · row = rest + pad − r · dilation: a congruence for r.
        Value distance = rest + _pad, common = distance / _common;
        Value first = common * _inverse % _every;
        Value exists = (common * _common).Is(distance);
        Value used = _k.Select(exists & (first < _taps), ((_taps - 1 - first) / _every) + 1, _k.Int32(0));
        first = _k.Select(used.Is(0), _k.Int32(0), first);
        // The dilation is added so that nothing negative is divided, and taken off again in strides.
        Value origin = Stride.Divide(distance - (first * _dilation) + (_dilation * Stride.Size)).Quotient - _dilation;
        return new Phase(rest, first, used, origin);
    }

    /// <summary>Results of a phase.</summary>
    public DivisorParameter Results(Phase phase) =>
        DivisorParameter.Select(_k, phase.Rest < Size - (_most.Size * Stride.Size) + Stride.Size, _most, _fewest);

    /// <summary>Taps of a phase, at least 1 so that numbers can be divided by them.</summary>
    public DivisorParameter Taps(Phase phase) => DivisorParameter.Select(_k, phase.Taps.Is(_mostTaps.Size), _mostTaps, _fewestTaps);

    // Parts of a whole that is dealt out differ by one at most. A divisor may not be 0.
    private static void AddBoth(ref ArgumentList arguments, int whole, int parts)
    {
        int most = (whole + parts - 1) / parts, fewest = Math.Max(1, most - 1);
        arguments.Add(most, new Divisor(most));
        arguments.Add(fewest, new Divisor(fewest));
    }
}

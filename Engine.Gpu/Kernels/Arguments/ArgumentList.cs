using System.Diagnostics;

namespace Engine.Gpu;

/// <summary>The arguments of a launch, collected in memory of the caller's stack where that suffices.</summary>
internal ref struct ArgumentList(Span<KernelArgument> initial)
{
    private Span<KernelArgument> _arguments = initial;
    private int _count;

    /// <summary>The arguments so far.</summary>
    public readonly ReadOnlySpan<KernelArgument> Span => _arguments[.._count];

    /// <summary>Begins anew.</summary>
    public void Clear() => _count = 0;

    /// <summary>Appends one argument.</summary>
    public void Add(KernelArgument argument)
    {
        if (_count == _arguments.Length)
        {
            var larger = new KernelArgument[Math.Max(16, 2 * _count)];
            Span.CopyTo(larger);
            _arguments = larger;
        }

        _arguments[_count++] = argument;
    }

    /// <summary>Appends an operand, if there is one.</summary>
    public void AddOptional(in Operand? operand)
    {
        if (operand is { } given)
        {
            Add(given);
        }
    }

    /// <summary>Appends the strides that a <see cref="StridesParameter"/> declares, if there is an operand.</summary>
    public void AddStrides(in Operand? operand, bool is64Bit)
    {
        if (operand is { } given)
        {
            foreach (long stride in given.Layout.Strides)
            {
                Add(is64Bit ? (KernelArgument)stride : (int)stride);
            }
        }
    }

    /// <summary>Appends a stride or distance in the kernel's type of indices.</summary>
    public void AddIndex(long value, bool is64Bit) => Add(is64Bit ? (KernelArgument)value : (int)value);

    /// <summary>Appends the three numbers that a <see cref="DivisorParameter"/> declares.</summary>
    public void Add(int size, in Divisor divisor)
    {
        Add(size);
        Add(divisor.Multiplier);
        Add(divisor.Shift);
    }

    /// <summary>Appends a number as a register of the given type; integers saturate.</summary>
    public void AddNumber(RegisterType type, double number) => Add(type switch
    {
        RegisterType.Float32 => (KernelArgument)(float)number,
        RegisterType.Float64 => number,
        RegisterType.Int32 => (int)number,
        RegisterType.Int64 => (long)number,
        RegisterType.UInt32 => (uint)number,
        RegisterType.Bool or _ => throw new UnreachableException(),
    });
}

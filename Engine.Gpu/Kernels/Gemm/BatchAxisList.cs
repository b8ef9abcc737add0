using System.Runtime.CompilerServices;

namespace Engine.Gpu;

/// <summary>One axis of a batch: its size and each operand's stride, in the order A, B, C, bias.</summary>
internal readonly record struct BatchAxis(int Size, long A, long B, long C, long Bias)
{
    /// <summary>The stride of an operand.</summary>
    public long Stride(int operand) => operand switch { 0 => A, 1 => B, 2 => C, _ => Bias };

    /// <summary>Whether this axis and the next one inside it step through memory like one.</summary>
    public bool Continues(in BatchAxis inner) =>
        A == inner.A * inner.Size && B == inner.B * inner.Size && C == inner.C * inner.Size && Bias == inner.Bias * inner.Size;
}

/// <summary>The axes of a batch from the outermost on; axes that step like one are one.</summary>
internal struct BatchAxisList
{
    private Buffer _axes;

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>The size of all together.</summary>
    public readonly int Total
    {
        get
        {
            int total = 1;
            for (int i = 0; i < Count; i++)
            {
                total = checked(total * _axes[i].Size);
            }

            return total;
        }
    }

    /// <summary>An axis.</summary>
    public readonly BatchAxis this[int i] => _axes[i];

    /// <summary>Appends an axis inside the others.</summary>
    public void Add(in BatchAxis axis)
    {
        if (axis.Size == 1)
        {
            return;
        }

        if (Count > 0 && _axes[Count - 1].Continues(axis))
        {
            _axes[Count - 1] = axis with { Size = checked(axis.Size * _axes[Count - 1].Size) };
            return;
        }

        _axes[Count++] = axis;
    }

    /// <summary>Whether offsets of some operand along these axes need 64 bits.</summary>
    public readonly bool Is64Bit
    {
        get
        {
            for (int operand = 0; operand < GemmProblem.Operands; operand++)
            {
                if (Span(operand) > int.MaxValue / 2)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>How far an operand reaches along these axes.</summary>
    public readonly long Span(int operand)
    {
        long span = 0;
        for (int i = 0; i < Count; i++)
        {
            span += (_axes[i].Size - 1) * Math.Abs(_axes[i].Stride(operand));
        }

        return span;
    }

    /// <summary>The axes without the operands A and B, so that more of them step like one.</summary>
    public readonly BatchAxisList ForResult()
    {
        BatchAxisList result = default;
        for (int i = 0; i < Count; i++)
        {
            result.Add(_axes[i] with { A = 0, B = 0 });
        }

        return result;
    }

    [InlineArray(Shape.MaxRank)]
    private struct Buffer
    {
        private BatchAxis _first;
    }
}

using System.Numerics;

namespace Engine.Cpu;

/// <summary>
/// An operand as contiguous values of the type that a convolution computes in: the operand's own memory where it is that already, else a
/// temporary copy.
/// </summary>
internal readonly unsafe ref struct PlaneBuffer<T> : IDisposable
    where T : unmanaged, INumberBase<T>
{
    private readonly Operand _operand;
    private readonly ScratchLease _copy;
    private readonly bool _copied;

    /// <summary>Takes an operand that is read, or one that is <paramref name="written"/> only; null gives a null pointer.</summary>
    public PlaneBuffer(in Operand? operand, bool written = false)
    {
        if (operand is not { } value) return;
        _operand = value;
        bool sameType = value.DType.SizeInBytes() == sizeof(T);
        if (sameType && value.Layout.IsContiguous)
        {
            Pointer = (T*)value.Address;
            return;
        }

        _copied = true;
        _copy = Scratch.Rent<T>((nint)value.Shape.ElementCount);
        Pointer = _copy.As<T>();
        if (!written) Transfer(toOperand: false);
    }

    /// <summary>The first value.</summary>
    public T* Pointer { get; }

    /// <summary>Puts what was written where the operand lies.</summary>
    public void WriteBack()
    {
        if (_copied) Transfer(toOperand: true);
    }

    public void Dispose()
    {
        if (_copied) _copy.Dispose();
    }

    private void Transfer(bool toOperand)
    {
        switch (_operand.DType)
        {
            case DType.Float16: Transfer<Half>(toOperand, static v => T.CreateTruncating(v), static v => Half.CreateTruncating(v)); break;
            case DType.BFloat16: Transfer<BFloat16>(toOperand, static v => T.CreateTruncating((float)v), static v => (BFloat16)float.CreateTruncating(v)); break;
            default: Transfer<T>(toOperand, static v => v, static v => v); break;
        }
    }

    private void Transfer<TElement>(bool toOperand, Func<TElement, T> load, Func<T, TElement> store) where TElement : unmanaged
    {
        Layout layout = _operand.Layout;
        Span<int> sizes = stackalloc int[4];
        Span<nint> steps = stackalloc nint[4];
        sizes.Fill(1);
        for (int axis = 0; axis < layout.Rank; axis++)
        {
            sizes[4 - layout.Rank + axis] = layout.Shape[axis];
            steps[4 - layout.Rank + axis] = (nint)layout.Strides[axis];
        }

        T* value = Pointer;
        var start = (TElement*)_operand.Address;
        for (int n = 0; n < sizes[0]; n++)
        {
            for (int c = 0; c < sizes[1]; c++)
            {
                for (int h = 0; h < sizes[2]; h++)
                {
                    TElement* element = start + n * steps[0] + c * steps[1] + h * steps[2];
                    for (int w = 0; w < sizes[3]; w++, value++, element += steps[3])
                    {
                        if (toOperand) *element = store(*value);
                        else *value = load(*element);
                    }
                }
            }
        }
    }
}

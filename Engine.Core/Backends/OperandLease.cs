using System.Buffers;
using System.Runtime.CompilerServices;

namespace Engine.Backends;

/// <summary>
/// References to the memory of all operands of one call of a backend, held until the call returns: neither a collection that finds the
/// tensors unreachable nor a thread that disposes them can take memory away that a kernel is working on.
/// </summary>
/// <remarks>
/// Taking and giving back a reference is one interlocked instruction each and no allocation for up to <see cref="Capacity"/> operands. Work
/// after the call, in the stream of a card, needs no reference: only later work uses memory that goes back to the pool.
/// </remarks>
public ref struct OperandLease : IDisposable
{
    private const int Capacity = 16;

    private Slots _slots;
    private Storage?[]? _more;
    private Device? _device;
    private int _count;

    /// <summary>Holds the memory of some operands.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    /// <exception cref="DeviceMismatchException">The operands are on several devices.</exception>
    public static OperandLease Of(params ReadOnlySpan<Operand> operands)
    {
        OperandLease lease = default;
        lease.Add(operands);
        return lease;
    }

    internal static OperandLease Of(in MapArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Outputs);
        lease.Add(args.Inputs);
        lease.Add(args.ParameterMemory);
        lease.Add(args.DrawOffset);
        return lease;
    }

    internal static OperandLease Of(in MapGroupArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Outputs);
        lease.Add(args.Inputs);
        lease.Add(args.ParameterMemory);
        return lease;
    }

    internal static OperandLease Of(in ReduceArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Outputs);
        lease.Add(args.Inputs);
        return lease;
    }

    internal static OperandLease Of(in GemmArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.C.Storage);
        lease.Add(args.A.Storage);
        lease.Add(args.B.Storage);
        lease.Add(args.Bias);
        return lease;
    }

    internal static OperandLease Of(in ConvForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.W.Storage);
        lease.Add(args.Y.Storage);
        lease.Add(args.Bias);
        return lease;
    }

    internal static OperandLease Of(in PoolForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.Y.Storage);
        lease.Add(args.Indices);
        return lease;
    }

    internal static OperandLease Of(in PoolBackwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.GradX.Storage);
        lease.Add(args.GradY.Storage);
        lease.Add(args.Indices);
        return lease;
    }

    internal static OperandLease Of(in BatchNormForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.Y.Storage);
        lease.Add(args.Mean.Storage);
        lease.Add(args.InverseStd.Storage);
        lease.Add(args.Residual);
        lease.Add(args.Scale);
        lease.Add(args.Shift);
        lease.Add(args.RunningMean);
        lease.Add(args.RunningVariance);
        lease.Add(args.BatchCount);
        return lease;
    }

    internal static OperandLease Of(in BatchNormBackwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.GradY.Storage);
        lease.Add(args.Mean.Storage);
        lease.Add(args.InverseStd.Storage);
        lease.Add(args.GradScale.Storage);
        lease.Add(args.GradShift.Storage);
        lease.Add(args.GradYMore);
        lease.Add(args.Y);
        lease.Add(args.Scale);
        lease.Add(args.GradX);
        lease.Add(args.GradResidual);
        return lease;
    }

    internal static OperandLease Of(in LayerNormForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.Y.Storage);
        lease.Add(args.Mean.Storage);
        lease.Add(args.InverseStd.Storage);
        lease.Add(args.Scale);
        lease.Add(args.Shift);
        return lease;
    }

    internal static OperandLease Of(in LayerNormBackwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.X.Storage);
        lease.Add(args.GradY.Storage);
        lease.Add(args.Mean.Storage);
        lease.Add(args.InverseStd.Storage);
        lease.Add(args.Scale);
        lease.Add(args.GradX);
        lease.Add(args.GradScale);
        lease.Add(args.GradShift);
        return lease;
    }

    internal static OperandLease Of(in CrossEntropyForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Logits.Storage);
        lease.Add(args.Targets.Storage);
        lease.Add(args.LogSumExp.Storage);
        lease.Add(args.Losses.Storage);
        lease.Add(args.ClassWeights);
        lease.Add(args.Mean);
        lease.Add(args.Share);
        return lease;
    }

    internal static OperandLease Of(in CrossEntropyBackwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Logits.Storage);
        lease.Add(args.Targets.Storage);
        lease.Add(args.LogSumExp.Storage);
        lease.Add(args.GradLosses.Storage);
        lease.Add(args.GradLogits.Storage);
        lease.Add(args.ClassWeights);
        return lease;
    }

    internal static OperandLease Of(in AttentionForwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Query.Storage);
        lease.Add(args.Key.Storage);
        lease.Add(args.Value.Storage);
        lease.Add(args.Output.Storage);
        lease.Add(args.LogSumExp.Storage);
        lease.Add(args.Mask);
        return lease;
    }

    internal static OperandLease Of(in AttentionBackwardArgs args)
    {
        OperandLease lease = default;
        lease.Add(args.Query.Storage);
        lease.Add(args.Key.Storage);
        lease.Add(args.Value.Storage);
        lease.Add(args.Output.Storage);
        lease.Add(args.LogSumExp.Storage);
        lease.Add(args.GradOutput.Storage);
        lease.Add(args.Mask);
        lease.Add(args.GradQuery);
        lease.Add(args.GradKey);
        lease.Add(args.GradValue);
        return lease;
    }

    internal static OperandLease Of(ReadOnlySpan<Operand> operands, in Operand last)
    {
        OperandLease lease = default;
        lease.Add(last.Storage);
        lease.Add(operands);
        return lease;
    }

    internal static OperandLease Of(in Operand a, in Operand b)
    {
        OperandLease lease = default;
        lease.Add(a.Storage);
        lease.Add(b.Storage);
        return lease;
    }

    internal static OperandLease Of(in Operand a, in Operand b, in Operand c)
    {
        OperandLease lease = default;
        lease.Add(a.Storage);
        lease.Add(b.Storage);
        lease.Add(c.Storage);
        return lease;
    }

    internal static OperandLease Of(in Operand a, in Operand b, in Operand c, in Operand d)
    {
        OperandLease lease = default;
        lease.Add(a.Storage);
        lease.Add(b.Storage);
        lease.Add(c.Storage);
        lease.Add(d.Storage);
        return lease;
    }

    /// <summary>Gives all references back.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            (i < Capacity ? _slots[i] : _more![i - Capacity])!.Release();
        }

        _count = 0;
        if (_more is { } more)
        {
            _more = null;
            ArrayPool<Storage?>.Shared.Return(more, clearArray: true);
        }
    }

    private void Add(scoped in Operand? operand)
    {
        if (operand.HasValue)
        {
            Add(Nullable.GetValueRefOrDefaultRef(in operand).Storage);
        }
    }

    private void Add(scoped ReadOnlySpan<Operand> operands)
    {
        foreach (ref readonly Operand operand in operands)
        {
            Add(operand.Storage);
        }
    }

    /// <summary>Takes a reference to memory until the end.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    /// <exception cref="DeviceMismatchException">It is on another device than the first operand.</exception>
    public void Add(Storage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _device ??= storage.Device;
        if (storage.Device != _device || !storage.TryAddReference())
        {
            Refuse(storage);
        }

        if (_count < Capacity)
        {
            _slots[_count++] = storage;
        }
        else
        {
            AddMore(storage);
        }
    }

    private void AddMore(Storage storage)
    {
        int index = _count - Capacity;
        if (_more is null)
        {
            _more = ArrayPool<Storage?>.Shared.Rent(4 * Capacity);
        }
        else if (index == _more.Length)
        {
            Storage?[] longer = ArrayPool<Storage?>.Shared.Rent(2 * index);
            _more.CopyTo(longer, 0);
            ArrayPool<Storage?>.Shared.Return(_more, clearArray: true);
            _more = longer;
        }

        _more[index] = storage;
        _count++;
    }

    private void Refuse(Storage storage)
    {
        Device device = _device!;
        Dispose();
        ObjectDisposedException.ThrowIf(storage.Device == device, typeof(Tensor));
        throw new DeviceMismatchException(
            $"The operands of one kernel are on {device} and on {storage.Device}. Move them with To(device); a module that another thread moves can be used when that is done.");
    }

    [InlineArray(Capacity)]
    private struct Slots
    {
        private Storage? _first;
    }
}

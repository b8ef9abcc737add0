using System.Runtime.InteropServices;

namespace Engine.Backends;

/// <summary>
/// The device memory of all values that the host computes anew for each replay of one step: hyper-parameters, draw numbers. One block,
/// one upload a replay.
/// </summary>
internal sealed class ReplayMemory(Device device) : IDisposable
{
    /// <summary>Bytes; enough for every element type and for vector loads.</summary>
    private const int Alignment = 16;

    private readonly List<Entry> _entries = [];
    private long _reserved;
    private Tensor? _memory;
    private byte[] _values = [];
    private byte[] _sent = [];

    /// <summary>Bytes that the present pass has asked for so far; a warm-up's total becomes the size of the block.</summary>
    public void BeginPass() => _reserved = 0;

    /// <summary>Counts room for values in a pass that does not record.</summary>
    public void Reserve(int count, DType dtype) => _reserved = Next(count, dtype);

    /// <summary>Makes the block that the last pass has asked for. Not within a pass: its requests are compared.</summary>
    public void Allocate()
    {
        using TensorScope outside = TensorScope.Suspend();
        _values = new byte[_reserved];
        _memory = _reserved > 0 ? Tensor.Empty([checked((int)_reserved)], DType.UInt8, device) : null;
    }

    /// <summary>Room for values while recording, filled before each replay.</summary>
    public Tensor Take(int count, DType dtype, Action<Span<double>> fill, Action? check)
    {
        long offset = _reserved;
        _reserved = Next(count, dtype);
        if (_memory is null || _reserved > _values.Length)
        {
            throw new CaptureException($"{device}: the step asks for more values of the host while it is recorded than in its warm-ups. Make each pass the same.");
        }

        Storage storage = _memory.Storage;
        storage.AddReference();
        // No scope of the step's owns it: it is used throughout the pass.
        Tensor values = new(storage, dtype, Layout.Contiguous([count], offset / dtype.SizeInBytes()), inScope: false);
        _entries.Add(new Entry((int)offset, values, fill, check, new double[count]));
        return values;
    }

    /// <summary>Computes all values, in the order in which they were asked for, and sends them if they have changed.</summary>
    public void Refresh()
    {
        // All checks first: a refused replay must not have changed any state.
        foreach (Entry entry in _entries)
        {
            entry.Check?.Invoke();
        }

        foreach (Entry entry in _entries)
        {
            entry.Fill(entry.Scratch);
            Convert(entry.Scratch, entry.Values.DType, _values.AsSpan(entry.Offset));
        }

        if (_memory is not null && !_values.AsSpan().SequenceEqual(_sent))
        {
            device.Upload(_values, _memory.Storage, 0);
            _sent = [.. _values];
        }
    }

    public void Dispose()
    {
        foreach (Entry entry in _entries)
        {
            entry.Values.Dispose();
        }

        _entries.Clear();
        _memory?.Dispose();
    }

    private long Next(int count, DType dtype) => (_reserved + ((long)count * dtype.SizeInBytes()) + Alignment - 1) & -Alignment;

    private static void Convert(ReadOnlySpan<double> values, DType dtype, Span<byte> destination)
    {
        for (int i = 0; i < values.Length; i++)
        {
            switch (dtype)
            {
                case DType.Float32: MemoryMarshal.Cast<byte, float>(destination)[i] = (float)values[i]; break;
                case DType.Float64: MemoryMarshal.Cast<byte, double>(destination)[i] = values[i]; break;
                case DType.Int32: MemoryMarshal.Cast<byte, int>(destination)[i] = (int)values[i]; break;
                default: MemoryMarshal.Cast<byte, long>(destination)[i] = (long)values[i]; break;
            }
        }
    }

    private sealed record Entry(int Offset, Tensor Values, Action<Span<double>> Fill, Action? Check, double[] Scratch);
}

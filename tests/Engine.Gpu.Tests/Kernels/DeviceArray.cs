using System.Runtime.InteropServices;

namespace Engine.Gpu.Tests;

/// <summary>How a test's operand lies in memory.</summary>
internal enum Placement
{
    /// <summary>Row-major.</summary>
    Dense,

    /// <summary>The first axis has neighbours side by side, the last the largest stride.</summary>
    Reversed,

    /// <summary>The second of three or four axes is the innermost.</summary>
    ChannelsLast,

    /// <summary>Row-major behind an offset, with gaps between the rows.</summary>
    Spaced,

    /// <summary>The last axis runs backwards.</summary>
    Flipped,
}

/// <summary>Numbers on a device in a chosen placement, written and read by the host alone, so that no kernel but the tested one runs.</summary>
internal sealed class DeviceArray
{
    private const int Margin = 5;
    private readonly Device _device;
    private readonly Tensor _memory;

    public DeviceArray(Device device, DType dtype, Shape shape, double[] values, Placement placement)
    {
        (_device, DType) = (device, dtype);
        int[] order = [.. Enumerable.Range(0, shape.Rank)];
        switch (placement)
        {
            case Placement.Reversed:
                System.Array.Reverse(order);
                break;
            case Placement.ChannelsLast when shape.Rank is 3 or 4:
                order = [0, .. order[2..], 1];
                break;
        }

        long[] strides = new long[shape.Rank];
        long stride = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            strides[order[i]] = stride;
            stride *= shape[order[i]];
            stride += placement == Placement.Spaced && i == shape.Rank - 1 ? 3 : 0;
        }

        long offset = placement == Placement.Spaced ? Margin : 0;
        if (placement == Placement.Flipped && shape.Rank > 0)
        {
            offset = (shape[shape.Rank - 1] - 1) * strides[^1];
            strides[^1] = -strides[^1];
        }

        Layout = new Layout(shape, strides, offset);
        _memory = Tensor.Allocate([(int)stride + (2 * Margin)], dtype, device);
        byte[] bytes = new byte[_memory.ElementCount * dtype.SizeInBytes()];
        bytes.AsSpan().Fill(0x55);
        Values = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> element = bytes.AsSpan((int)Place(i) * dtype.SizeInBytes(), dtype.SizeInBytes());
            Put(element, values[i]);
            Values[i] = Get(element);
        }

        device.Upload(bytes, _memory.Storage, _memory.Layout.Offset * dtype.SizeInBytes());
    }

    public DType DType { get; }

    public Layout Layout { get; }

    /// <summary>The numbers as the element type holds them, in row-major order.</summary>
    public double[] Values { get; }

    public Operand Operand
    {
        get
        {
            long offset = Layout.Offset + _memory.Layout.Offset;
            return new Operand(_memory.Storage, DType, new Layout(Layout.Shape, Layout.Strides, offset));
        }
    }

    public static implicit operator Operand(DeviceArray array) => array.Operand;

    /// <summary>What the device holds now, in row-major order.</summary>
    public double[] Read()
    {
        byte[] bytes = new byte[_memory.ElementCount * DType.SizeInBytes()];
        _device.Download(_memory.Storage, _memory.Layout.Offset * DType.SizeInBytes(), bytes);
        double[] values = new double[Layout.Shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Get(bytes.AsSpan((int)Place(i) * DType.SizeInBytes()));
        }

        return values;
    }

    private long Place(int index)
    {
        long place = Layout.Offset;
        for (int axis = Layout.Rank - 1; axis >= 0; axis--)
        {
            (index, int at) = Math.DivRem(index, Layout.Shape[axis]);
            place += at * Layout.Strides[axis];
        }

        return place;
    }

    private void Put(Span<byte> element, double value)
    {
        switch (DType)
        {
            case DType.Float32: MemoryMarshal.Write(element, (float)value); break;
            case DType.Float64: MemoryMarshal.Write(element, value); break;
            case DType.Float16: MemoryMarshal.Write(element, (Half)value); break;
            case DType.BFloat16: MemoryMarshal.Write(element, (BFloat16)(float)value); break;
            case DType.Int32: MemoryMarshal.Write(element, (int)value); break;
            case DType.Int64: MemoryMarshal.Write(element, (long)value); break;
            case DType.UInt8: element[0] = (byte)value; break;
            default: throw new NotSupportedException($"{DType}");
        }
    }

    private double Get(ReadOnlySpan<byte> element) => DType switch
    {
        DType.Float32 => MemoryMarshal.Read<float>(element),
        DType.Float64 => MemoryMarshal.Read<double>(element),
        DType.Float16 => (double)MemoryMarshal.Read<Half>(element),
        DType.BFloat16 => (float)MemoryMarshal.Read<BFloat16>(element),
        DType.Int32 => MemoryMarshal.Read<int>(element),
        DType.Int64 => MemoryMarshal.Read<long>(element),
        DType.UInt8 => element[0],
        _ => throw new NotSupportedException($"{DType}"),
    };
}

using System.Buffers;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>The values as another element type: floats are cut off towards zero to become integers; for bool, everything but 0 is true.</summary>
    /// <remarks>A view if the tensor has the type already. The gradient is converted back.</remarks>
    public Tensor To(DType dtype) => this.Own(ToOrSelf(dtype));

    /// <summary>As <see cref="To(DType)"/>, but this tensor itself where it has the type.</summary>
    internal Tensor ToOrSelf(DType dtype)
    {
        if (dtype == DType)
        {
            return this;
        }

        Tensor y = AllocateLike(Shape, dtype, Device, this);
        // The wider side decides, so that nothing is lost on the way.
        DType compute = TypePromotion.Promote(DType, dtype == DType.Bool ? DType : dtype).ComputeType();
        Pointwise.Run(Programs.Copy, DType.IsFloatingPoint() ? DType.ComputeType() : compute, Shape, [this], [y], []);
        return dtype.IsFloatingPoint() && ShouldTrack(this) ? y.Record(new CastNode(this)) : y;
    }

    /// <summary>The values on another device; a view if the tensor is there already.</summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return this.Own(ToOrSelf(device));
    }

    /// <summary>As <see cref="To(Device)"/>, but this tensor itself where it is on the device.</summary>
    internal Tensor ToOrSelf(Device device)
    {
        if (device == Device)
        {
            return this;
        }

        Device.Refuse("To(device)", HostAccess.Read);
        device.Refuse("To(device)", HostAccess.Upload);
        bool channelsLast = device.Backend.PrefersChannelsLast && Layout.IsChannelsLast && !IsContiguous;
        Tensor y = AllocateImages(Shape, DType, device, channelsLast);
        using (TensorScope scope = TensorScope.Begin())
        {
            Operand source = (channelsLast ? this : ContiguousOrSelf()).Operand;
            int size = source.DType.SizeInBytes();
            long start = source.Layout.Offset * size, bytes = ElementCount * size;
            // Shared: a model moves parameter after parameter.
            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(bytes, CastOps.TransferBytes));
            try
            {
                for (long done = 0; done < bytes; done += buffer.Length)
                {
                    Span<byte> chunk = buffer.AsSpan(0, (int)Math.Min(bytes - done, buffer.Length));
                    source.Storage.Device.Download(source.Storage, start + done, chunk);
                    device.Upload(chunk, y.Storage, done);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        return ShouldTrack(this) ? y.Record(new DeviceCopyNode(this)) : y;
    }

    /// <summary>Whether this is the parameter converted, by a step of the graph.</summary>
    internal bool IsCastOf(Tensor parameter) => _node is CastNode cast && cast.InputSpan[0] == parameter.History;

    /// <summary>Connects values that were converted before to their parameter's gradient.</summary>
    internal void RecordCastOf(Tensor parameter) => Record(new CastNode(parameter));
}

/// <summary>Conversion and transfer.</summary>
file static class CastOps
{
    /// <summary>The largest piece that goes through host memory between devices: large against the cost of a call.</summary>
    public const int TransferBytes = 16 << 20;
}

file sealed class CastNode(Tensor x) : GradNode(x)
{
    private readonly DType _from = x.DType;

    public override string Name => "Cast";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.ToOrSelf(_from));
}

file sealed class DeviceCopyNode(Tensor x) : GradNode(x)
{
    private readonly Device _from = x.Device;

    public override string Name => "DeviceCopy";

    internal override void Backward(Tensor dy, GradSink sink) => sink.Add(0, dy.ToOrSelf(_from));
}

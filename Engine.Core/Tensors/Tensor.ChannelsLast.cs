namespace Engine;

/// <summary>
/// Images whose channels are neighbours in memory. Shapes are [N, C, H, W] all the same; only strides differ. A device that computes faster so
/// (<see cref="Backend.PrefersChannelsLast"/>) writes its convolutions in this order, and what follows keeps it.
/// </summary>
public sealed partial class Tensor
{
    /// <summary>The same elements without gaps in an order of memory: a view if they lie so, otherwise a copy. The gradient passes.</summary>
    /// <exception cref="ArgumentException">Channels last are asked of a tensor with fewer than three axes.</exception>
    /// <remarks>PyTorch's <c>x.contiguous(memory_format)</c>. Shapes and indices are the same in both orders.</remarks>
    public Tensor Contiguous(MemoryFormat format)
    {
        if (format == MemoryFormat.Contiguous)
        {
            return Contiguous();
        }

        if (format != MemoryFormat.ChannelsLast)
        {
            throw new ArgumentOutOfRangeException(nameof(format), format, "There are MemoryFormat.Contiguous and MemoryFormat.ChannelsLast.");
        }

        return Layout.IsChannelsLast ? Alias() : CopyAs(Backends.Layout.ChannelsLast(Shape));
    }

    /// <summary>
    /// Memory for the result of an operation whose images lie as those of its operands do: channels last if one of the operands does and the
    /// device prefers that, else row-major.
    /// </summary>
    internal static Tensor AllocateLike(Shape shape, DType dtype, Device device, params ReadOnlySpan<Tensor> operands) =>
        AllocateImages(shape, dtype, device, device.Backend.PrefersChannelsLast && HaveChannelsLast(operands, shape));

    /// <summary>A copy without gaps that lies as this tensor does. The gradient passes.</summary>
    internal Tensor DenseCopy() => CopyAs(WantsChannelsLast ? Backends.Layout.ChannelsLast(Shape) : Backends.Layout.Contiguous(Shape));

    /// <summary>Whether results that lie as this tensor does have channels last.</summary>
    internal bool WantsChannelsLast => Layout.HasInnermostChannels && Device.Backend.PrefersChannelsLast;

    /// <summary>Memory for images, channels last or row-major.</summary>
    internal static Tensor AllocateImages(Shape shape, DType dtype, Device device, bool channelsLast) =>
        channelsLast && shape.Rank > 2 ? Allocate(dtype, device, Backends.Layout.ChannelsLast(shape)) : Allocate(shape, dtype, device);

    /// <summary>
    /// This tensor where its channels are innermost, or so few that it does not matter; else a copy with channels last. The copy has the history of the
    /// tensor, not a step of its own: it is a matter of the device alone.
    /// </summary>
    internal Tensor ChannelsLastOrSelf()
    {
        Layout layout = Layout;
        if (layout.HasInnermostChannels || layout.IsChannelsLast)
        {
            return this;
        }

        Tensor y = UnrecordedCopyAs(Backends.Layout.ChannelsLast(layout.Shape));
        y.AdoptHistory(this);
        return y;
    }

    private static bool HaveChannelsLast(ReadOnlySpan<Tensor> operands, Shape shape)
    {
        foreach (Tensor x in operands)
        {
            if (x.Rank == shape.Rank && x.Layout.HasInnermostChannels)
            {
                return true;
            }
        }

        return false;
    }
}

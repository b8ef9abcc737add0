namespace Engine.Gpu;

/// <summary>Where windows lie over an image, as parameters of a kernel.</summary>
internal sealed class ImageParameters
{
    private readonly Value _rowStep, _columnStep, _tapRow, _tapColumn;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public ImageParameters(KernelBuilder k)
    {
        Bounds = new ImageBounds(
            k.Scalar("first_row", RegisterType.Int32), k.Scalar("first_column", RegisterType.Int32), k.Size("image_rows"), k.Size("image_columns"));
        (_rowStep, _columnStep) = (k.Scalar("row_step", RegisterType.Int32), k.Scalar("column_step", RegisterType.Int32));
        (_tapRow, _tapColumn) = (k.Scalar("tap_row", RegisterType.Int32), k.Scalar("tap_column", RegisterType.Int32));
    }

    /// <summary>The image and where its first window begins.</summary>
    public ImageBounds Bounds { get; }

    /// <summary>Steps of pixels: image, row, column.</summary>
    public ImageSteps PixelSteps => new(RowIsFirst: false, _rowStep, _columnStep);

    /// <summary>Steps of taps: channel, row, column, or row, column, channel.</summary>
    public ImageSteps TapSteps(TapOrder order) => new(order == TapOrder.ChannelLast, _tapRow, _tapColumn);

    /// <summary>Adds the arguments of a launch.</summary>
    public static void Bind(ref ArgumentList arguments, in WindowAxis rows, in WindowAxis columns)
    {
        arguments.Add(rows.Origin);
        arguments.Add(columns.Origin);
        arguments.Add(rows.Size);
        arguments.Add(columns.Size);
        arguments.Add(rows.Step);
        arguments.Add(columns.Step);
        arguments.Add(rows.TapStep);
        arguments.Add(columns.TapStep);
    }
}

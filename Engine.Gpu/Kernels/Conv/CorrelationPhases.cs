namespace Engine.Gpu;

/// <summary>The phases of a <see cref="Correlation"/> as parameters of a kernel whose groups each compute results of one phase.</summary>
internal sealed class CorrelationPhases
{
    private readonly PhaseParameters _rows, _columns;
    private readonly Value _images, _inChannels, _groups, _filterRow, _filterColumn, _resultRow, _resultColumn;
    private readonly DivisorParameter _channels;

    /// <summary>Adds the parameters; <see cref="Bind"/> adds the arguments in the same order.</summary>
    public CorrelationPhases(KernelBuilder k, RegisterType index)
    {
        (_rows, _columns) = (new PhaseParameters(k, "rows"), new PhaseParameters(k, "columns"));
        _images = k.Size("images");
        _channels = new DivisorParameter(k, "in_channels");
        _inChannels = _channels.Size;
        _groups = k.Size("groups");
        (_filterRow, _filterColumn) = (k.Scalar("filter_row", index), k.Scalar("filter_column", index));
        (_resultRow, _resultColumn) = (k.Scalar("result_row", index), k.Scalar("result_column", index));
    }

    /// <summary>Adds the arguments of a launch.</summary>
    public static void Bind(ref ArgumentList arguments, in Correlation c, bool is64Bit)
    {
        (WindowPhases rows, WindowPhases columns) = c.Phases!.Value;
        PhaseParameters.Bind(ref arguments, rows);
        PhaseParameters.Bind(ref arguments, columns);
        arguments.Add(c.Batch);
        arguments.Add(c.InChannels, new Divisor(c.InChannels));
        arguments.Add(c.Groups);
        ReadOnlySpan<long> filters = c.Weight.Layout.Strides, results = c.Out.Layout.Strides;
        arguments.AddIndex(filters[2], is64Bit);
        arguments.AddIndex(filters[3], is64Bit);
        arguments.AddIndex(results[2], is64Bit);
        arguments.AddIndex(results[3], is64Bit);
    }

    /// <summary>The group of channels and the phase by a number of the grid: all groups of a phase follow one another.</summary>
    public (Value Group, CorrelationPhase Phase) At(Value number, TapOrder order)
    {
        Value place = number / _groups;
        (Value row, Value column) = _columns.Stride.Divide(place);
        Phase rows = _rows.At(_rows.RestAt(row)), columns = _columns.At(_columns.RestAt(column));
        DivisorParameter rowResults = _rows.Results(rows), columnResults = _columns.Results(columns), rowTaps = _rows.Taps(rows), columnTaps = _columns.Taps(columns);
        RegisterType type = _filterRow.Type;
        return (number - (place * _groups), new CorrelationPhase
        {
            Rows = rows,
            Columns = columns,
            Pixels = _images * rowResults.Size * columnResults.Size,
            Depth = _inChannels * rows.Taps * columns.Taps,
            ResultOrigin = (rows.Rest.To(type) * _resultRow) + (columns.Rest.To(type) * _resultColumn),
            FilterOrigin = (rows.FirstTap.To(type) * _filterRow) + (columns.FirstTap.To(type) * _filterColumn),
            Pixel = (strides, steps) => new PhasedMap(rowResults, columnResults, strides, steps),
            Tap = order == TapOrder.ChannelFirst
                ? (strides, steps) => new PhasedMap(rowTaps, columnTaps, strides, steps)
                : (strides, steps) => new PhasedMap(columnTaps, _channels, strides, steps),
        });
    }

    /// <summary>Three nested axes whose sizes depend on the phase, so that each of the inner two has a divisor of its own.</summary>
    private sealed class PhasedMap(DivisorParameter second, DivisorParameter third, Value[] strides, ImageSteps? steps) : AddressMap
    {
        public override Address At(Value number)
        {
            (Value rest, Value last) = third.Divide(number);
            (Value first, Value middle) = second.Divide(rest);
            RegisterType type = strides[0].Type;
            Value offset = (first.To(type) * strides[0]) + (middle.To(type) * strides[1]) + (last.To(type) * strides[2]);
            if (steps is not { } image)
            {
                return new Address(offset, null, null);
            }

            (Value row, Value column) = image.RowIsFirst ? (first, middle) : (middle, last);
            return new Address(offset, row * image.Row, column * image.Column);
        }
    }
}

/// <summary>One phase of a <see cref="Correlation"/>, both directions together.</summary>
internal sealed class CorrelationPhase
{
    /// <summary>The vertical direction.</summary>
    public required Phase Rows { get; init; }

    /// <summary>The horizontal direction.</summary>
    public required Phase Columns { get; init; }

    /// <summary>Results of one channel.</summary>
    public required Value Pixels { get; init; }

    /// <summary>Length of the sums.</summary>
    public required Value Depth { get; init; }

    /// <summary>Offset of the first result.</summary>
    public required Value ResultOrigin { get; init; }

    /// <summary>Offset of the first tap.</summary>
    public required Value FilterOrigin { get; init; }

    /// <summary>Pixels as (image, row, column).</summary>
    public required Func<Value[], ImageSteps?, AddressMap> Pixel { get; init; }

    /// <summary>Channels and taps in the order of the sum.</summary>
    public required Func<Value[], ImageSteps?, AddressMap> Tap { get; init; }
}

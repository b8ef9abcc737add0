namespace Engine.Gpu;

/// <summary>Where a number leads: a distance in elements and, where it has to be checked against an image, a row and a column.</summary>
internal readonly record struct Spot(Value Offset, Value? Row, Value? Column);

/// <summary>Takes numbers along three nested axes apart: pixels into (image, row, column), taps into (channel, row, column).</summary>
internal sealed class NestedIndex(KernelBuilder k, string name)
{
    private readonly DivisorParameter _inner = new(k, name + "_inner"), _last = new(k, name + "_last");

    /// <summary>The place along each axis of a number ≥ 0, outermost first.</summary>
    public (Value First, Value Second, Value Third) Split(Value number)
    {
        (Value first, Value rest) = _inner.Divide(number);
        (Value second, Value third) = _last.Divide(rest);
        return (first, second, third);
    }

    /// <summary>Adds the arguments for axes of these sizes; the outermost has none.</summary>
    public static void Bind(ref ArgumentList arguments, int second, int third)
    {
        // Of nothing there is nothing to take apart.
        (second, third) = (Math.Max(1, second), Math.Max(1, third));
        int inner = checked(second * third);
        arguments.Add(inner, new Divisor(inner));
        arguments.Add(third, new Divisor(third));
    }
}

/// <summary>How the lines or the depth of an operand lie in memory, and over an image.</summary>
internal abstract class Spots
{
    /// <summary>Where a number ≥ 0 (Int32) leads.</summary>
    public abstract Spot At(Value number);

    /// <summary>Whether where a + b leads is the sum of where a and b lead.</summary>
    public virtual bool IsEven => false;

    /// <summary>One after another at a fixed distance.</summary>
    /// <param name="stride">The distance, in the type of indices.</param>
    public static Spots Even(Value stride) => new EvenSpots(stride);

    /// <summary>Along three nested axes.</summary>
    public static Spots Nested(NestedIndex index, Value[] strides, ImageSteps? steps = null) => new NestedSpots(index, strides, steps);

    private sealed class EvenSpots(Value stride) : Spots
    {
        public override Spot At(Value number) => new(number.To(stride.Type) * stride, null, null);

        public override bool IsEven => true;
    }

    private sealed class NestedSpots(NestedIndex index, Value[] strides, ImageSteps? steps) : Spots
    {
        public override Spot At(Value number)
        {
            (Value first, Value second, Value third) = index.Split(number);
            RegisterType type = strides[0].Type;
            Value offset = (first.To(type) * strides[0]) + (second.To(type) * strides[1]) + (third.To(type) * strides[2]);
            if (steps is not { } image)
            {
                return new Spot(offset, null, null);
            }

            (Value row, Value column) = image.RowIsFirst ? (first, second) : (second, third);
            return new Spot(offset, row * image.Row, column * image.Column);
        }
    }
}

/// <summary>How far axes step over an image.</summary>
/// <param name="RowIsFirst">Whether the image's rows are the first of the three axes (and the columns the second), else the second (and the third).</param>
/// <param name="Row">Image rows of one step.</param>
/// <param name="Column">Image columns of one step.</param>
internal readonly record struct ImageSteps(bool RowIsFirst, Value Row, Value Column);

/// <summary>The image that an operand is read from: places outside are zeros.</summary>
/// <param name="Row">The row to which the spots' rows are added.</param>
/// <param name="Column">The column to which the spots' columns are added.</param>
/// <param name="Height">Rows that exist.</param>
/// <param name="Width">Columns that exist.</param>
internal readonly record struct ImageBounds(Value Row, Value Column, Value Height, Value Width)
{
    /// <summary>Whether the place of a line and a depth lies inside.</summary>
    public Value Contain(in Spot line, in Spot depth) =>
        Inside(Sum(Sum(Row, line.Row), depth.Row), Height) & Inside(Sum(Sum(Column, line.Column), depth.Column), Width);

    private static Value Sum(Value a, Value? b) => b is null ? a : a + b;

    // One comparison for both ends: a negative number is a large one without its sign.
    private static Value Inside(Value place, Value size) => place.To(RegisterType.UInt32) < size.To(RegisterType.UInt32);
}

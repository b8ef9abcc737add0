namespace Engine.Gpu;

/// <summary>The address of an element: its offset and, where it has to be checked against an image, its row and column there.</summary>
internal readonly record struct Address(Value Offset, Value? Row, Value? Column);

/// <summary>Takes numbers along three nested axes apart: pixels into (image, row, column), taps into (channel, row, column).</summary>
internal sealed class NestedIndex(KernelBuilder k, string name)
{
    private readonly DivisorParameter _inner = new(k, name + "_inner"), _last = new(k, name + "_last");

    /// <summary>The index along each axis of a number ≥ 0, outermost first.</summary>
    public (Value First, Value Second, Value Third) Split(Value number)
    {
        (Value first, Value rest) = _inner.Divide(number);
        (Value second, Value third) = _last.Divide(rest);
        return (first, second, third);
    }

    /// <summary>Adds the arguments for axes of these sizes; the outermost has none.</summary>
    public static void Bind(ref ArgumentList arguments, int second, int third)
    {
        // An axis may be empty, a divisor may not be 0.
        (second, third) = (Math.Max(1, second), Math.Max(1, third));
        int inner = checked(second * third);
        arguments.Add(inner, new Divisor(inner));
        arguments.Add(third, new Divisor(third));
    }
}

/// <summary>Turns an index along one direction of an operand (its rows, its columns, or the direction of the sum) into an address.</summary>
internal abstract class AddressMap
{
    /// <summary>The address for an index ≥ 0 (Int32).</summary>
    public abstract Address At(Value number);

    /// <summary>Whether the address for a + b is the sum of the addresses for a and b.</summary>
    public virtual bool IsEven => false;

    /// <summary>Elements at a fixed distance.</summary>
    /// <param name="stride">The distance, in the type of indices.</param>
    public static AddressMap Even(Value stride) => new EvenMap(stride);

    /// <summary>Elements along three nested axes.</summary>
    public static AddressMap Nested(NestedIndex index, Value[] strides, ImageSteps? steps = null) => new NestedMap(index, strides, steps);

    private sealed class EvenMap(Value stride) : AddressMap
    {
        public override Address At(Value number) => new(number.To(stride.Type) * stride, null, null);

        public override bool IsEven => true;
    }

    private sealed class NestedMap(NestedIndex index, Value[] strides, ImageSteps? steps) : AddressMap
    {
        public override Address At(Value number)
        {
            (Value first, Value second, Value third) = index.Split(number);
            RegisterType type = strides[0].Type;
            Value offset = (first.To(type) * strides[0]) + (second.To(type) * strides[1]) + (third.To(type) * strides[2]);
            if (steps is not { } image)
            {
                return new Address(offset, null, null);
            }

            (Value row, Value column) = image.RowIsFirst ? (first, second) : (second, third);
            return new Address(offset, row * image.Row, column * image.Column);
        }
    }
}

/// <summary>How far axes step over an image.</summary>
/// <param name="RowIsFirst">Whether the image's rows are the first of the three axes (and the columns the second), else the second (and the third).</param>
/// <param name="Row">Image rows of one step.</param>
/// <param name="Column">Image columns of one step.</param>
internal readonly record struct ImageSteps(bool RowIsFirst, Value Row, Value Column);

/// <summary>The image that an operand is read from: elements outside are zeros.</summary>
/// <param name="Row">The row to which the addresses' rows are added.</param>
/// <param name="Column">The column to which the addresses' columns are added.</param>
/// <param name="Height">Rows that exist.</param>
/// <param name="Width">Columns that exist.</param>
internal readonly record struct ImageBounds(Value Row, Value Column, Value Height, Value Width)
{
    /// <summary>Whether the sum of two addresses lies inside.</summary>
    public Value Contain(in Address line, in Address depth) =>
        Sum(Sum(Row, line.Row), depth.Row).IsInside(Height) & Sum(Sum(Column, line.Column), depth.Column).IsInside(Width);

    private static Value Sum(Value a, Value? b) => b is null ? a : a + b;
}

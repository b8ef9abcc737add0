using System.Globalization;
using System.Text;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>Above this many elements only the edges of each axis are printed, as in NumPy.</summary>
    private const int PrintedInFull = 1000;

    private const int EdgeItems = 3;
    private const int LineWidth = 100;
    private const int MostDigits = 99;

    /// <summary>
    /// The values like NumPy prints them, the edges only of large tensors, then type, shape and device. Waits for the device.
    /// </summary>
    public override string ToString() => ToString(precision: 4);

    /// <summary>The values with a number of digits after the point.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 0 or more than 99 digits.</exception>
    public string ToString(int precision)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(precision);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(precision, MostDigits);
        string tail = $"{DType.ShortName()} {Shape} {Device}{(_node is { } node ? $" ← {node.Name}" : RequiresGrad ? " requires grad" : string.Empty)}";
        if (IsDisposed)
        {
            return $"disposed {tail}";
        }

        Device.Refuse(nameof(ToString), HostAccess.Read);
        bool summarize = ElementCount > PrintedInFull;
        Tensor shown = summarize ? Edges() : this;
        string[] cells = DType.IsFloatingPoint() ? Format(shown.ToArray<double>(), precision) : Format(shown.ToArray<long>());
        StringBuilder text = new();
        int next = 0;
        Print(text, cells, ref next, shown.Shape, summarize ? Shape : shown.Shape, axis: 0, indent: 1);
        return text.Append("  ").Append(tail).ToString();
    }

    /// <summary>The first and last items of each long axis, joined.</summary>
    private Tensor Edges()
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor y = this;
        for (int i = 0; i < Rank; i++)
        {
            if (y.Shape[i] > 2 * EdgeItems)
            {
                y = Concat([y.Narrow(i, 0, EdgeItems), y.Narrow(i, y.Shape[i] - EdgeItems, EdgeItems)], i);
            }
        }

        return scope.Keep(ReferenceEquals(y, this) ? Share() : y);
    }

    private string[] Format(long[] values) =>
        Aligned(Array.ConvertAll(values, value => DType == DType.Bool ? (value != 0 ? "true" : "false") : value.ToString(CultureInfo.InvariantCulture)));

    private static string[] Format(double[] values, int precision)
    {
        string[] cells = new string[values.Length];
        double largest = 0, smallest = double.PositiveInfinity;
        bool whole = true;
        foreach (double value in values)
        {
            double size = Math.Abs(value);
            if (double.IsFinite(size))
            {
                largest = Math.Max(largest, size);
                smallest = size > 0 ? Math.Min(smallest, size) : smallest;
                whole &= double.IsInteger(value);
            }
        }

        string format = largest >= 1e8 || (smallest < 1e-4 && !double.IsInfinity(smallest)) || largest > smallest * 1e8 ? $"0.{new string('0', precision)}e+00"
            : whole ? "0."
            : $"0.{new string('0', precision)}";
        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = double.IsNaN(values[i]) ? "nan"
                : double.IsInfinity(values[i]) ? (values[i] > 0 ? "inf" : "-inf")
                : format == "0." ? values[i].ToString("0", CultureInfo.InvariantCulture) + "."
                : values[i].ToString(format, CultureInfo.InvariantCulture);
        }

        return Aligned(cells);
    }

    private static string[] Aligned(string[] cells)
    {
        int width = 0;
        foreach (string cell in cells)
        {
            width = Math.Max(width, cell.Length);
        }

        for (int i = 0; i < cells.Length; i++)
        {
            cells[i] = cells[i].PadLeft(width);
        }

        return cells;
    }

    private static void Print(StringBuilder text, string[] cells, ref int next, Shape shown, Shape full, int axis, int indent)
    {
        if (axis == shown.Rank)
        {
            text.Append(cells.Length == 0 ? string.Empty : cells[next++]);
            return;
        }

        text.Append('[');
        bool last = axis == shown.Rank - 1;
        int column = indent;
        for (int i = 0; i < shown[axis]; i++)
        {
            if (i > 0)
            {
                text.Append(last ? ", " : ",");
                bool gap = shown[axis] < full[axis] && i == EdgeItems;
                if (last)
                {
                    column += 2;
                    if (gap)
                    {
                        text.Append("..., ");
                        column += 5;
                    }

                    if (column + cells[next].Length > LineWidth)
                    {
                        text.Length--;
                        NewLine(text, 1, indent);
                        column = indent;
                    }
                }
                else
                {
                    if (gap)
                    {
                        NewLine(text, 1, indent);
                        text.Append("...,");
                    }

                    NewLine(text, shown.Rank - 1 - axis, indent);
                }
            }

            int before = text.Length;
            Print(text, cells, ref next, shown, full, axis + 1, indent + 1);
            column += last ? text.Length - before : 0;
        }

        text.Append(']');
    }

    private static void NewLine(StringBuilder text, int lines, int indent) => text.Append('\n', lines).Append(' ', indent);
}

using System.Globalization;
using System.Text;

namespace Engine.Backends;

/// <summary>Numbers as pictures of graphs show them.</summary>
public static class GraphFormat
{
    /// <summary>More elements than these are summed up in a few words.</summary>
    private const int MostShown = 8;

    /// <summary>A number; <c>[1, 2; 3, 4]</c> for a few; else mean and range.</summary>
    public static string Value(Tensor? tensor)
    {
        if (tensor is null)
        {
            return string.Empty;
        }

        if (tensor.IsDisposed)
        {
            return "disposed";
        }

        if (tensor.ElementCount == 0)
        {
            return "empty";
        }

        double[] values = tensor.ToArray<double>();
        if (values.Length == 1)
        {
            return Number(values[0]);
        }

        if (values.Length <= MostShown)
        {
            int row = tensor.Rank > 1 ? Math.Max(tensor.Shape[tensor.Rank - 1], 1) : values.Length;
            StringBuilder text = new("[");
            for (int i = 0; i < values.Length; i++)
            {
                text.Append(i == 0 ? string.Empty : i % row == 0 ? "; " : ", ").Append(Number(values[i]));
            }

            return text.Append(']').ToString();
        }

        return $"mean {Number(values.Average())}, {Number(values.Min())} to {Number(values.Max())}";
    }

    /// <summary>Six digits.</summary>
    public static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    /// <summary>A number in a product: negative ones in parentheses.</summary>
    internal static string Factor(Tensor? tensor) => Value(tensor) is ['-', ..] text ? $"({text})" : Value(tensor);

    internal static Tensor Scalar(double value)
    {
        using TensorScope outside = TensorScope.Suspend();
        return Tensor.Scalar(value, DType.Float64, Device.Cpu);
    }

    internal static Tensor Sum(ReadOnlySpan<Tensor> parts)
    {
        using TensorScope outside = TensorScope.Suspend();
        using GradMode.Scope mode = GradMode.Off();
        Tensor sum = parts[0];
        foreach (Tensor part in parts[1..])
        {
            sum += part;
        }

        return sum;
    }

    /// <summary>The shape, for anything but a scalar.</summary>
    internal static string ShapeOf(GraphNode node) => node.Shape.Rank == 0 ? string.Empty : node.Shape.ToString();
}

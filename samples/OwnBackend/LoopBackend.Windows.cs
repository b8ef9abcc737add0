using System.Numerics;
using Engine;
using Engine.Backends;
using static OwnBackendSample.Elements;

namespace OwnBackendSample;

/// <summary>Pooling windows, and elements that an index chooses.</summary>
internal partial class LoopBackend
{
    protected override void PoolForwardCore(in PoolForwardArgs args)
    {
        DType type = args.Y.DType.ComputeType();
        double[] x = Load<double>(args.X, type), y = new double[args.Y.Shape.ElementCount];
        long[] indices = new long[y.Length];
        int area = args.X.Shape[2] * args.X.Shape[3];
        for (int i = 0; i < y.Length; i++)
        {
            (int plane, List<int> cells) = Window(args.Geometry, args.X.Shape, args.Y.Shape, i);
            double sum = 0, best = double.NegativeInfinity;
            int bestCell = -1;
            foreach (int cell in cells)
            {
                double value = x[(plane * area) + cell];
                sum += value;
                if (bestCell < 0 || Combiner.ArgMax.Replaces(best, value))
                {
                    (best, bestCell) = (value, cell);
                }
            }

            (y[i], indices[i]) = (args.Kind == PoolKind.Max ? best : sum / Divisor(args.Geometry, cells.Count), bestCell);
        }

        Store(args.Y, y, type);
        if (args.Indices is { } given)
        {
            Store(given, indices, DType.Int32);
        }
    }

    protected override void PoolBackwardCore(in PoolBackwardArgs args)
    {
        DType type = args.GradX.DType.ComputeType();
        double[] dy = Load<double>(args.GradY, type), dx = new double[args.GradX.Shape.ElementCount];
        long[] indices = args.Indices is { } given ? Load<long>(given, DType.Int32) : [];
        int area = args.GradX.Shape[2] * args.GradX.Shape[3];
        for (int i = 0; i < dy.Length; i++)
        {
            (int plane, List<int> cells) = Window(args.Geometry, args.GradX.Shape, args.GradY.Shape, i);
            double share = args.Kind == PoolKind.Max ? dy[i] : dy[i] / Divisor(args.Geometry, cells.Count);
            foreach (int cell in cells)
            {
                dx[(plane * area) + cell] += args.Kind == PoolKind.Average || indices[i] == cell ? share : 0;
            }
        }

        Store(args.GradX, dx, type);
    }

    protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
    {
        if (y.DType.IsFloatingPoint())
        {
            Gather<double>(x, index, y, axis);
        }
        else
        {
            Gather<long>(x, index, y, axis);
        }
    }

    protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
    {
        if (destination.DType.IsFloatingPoint())
        {
            ScatterAdd<double>(destination, index, source, axis);
        }
        else
        {
            ScatterAdd<long>(destination, index, source, axis);
        }
    }

    private static void Gather<T>(in Operand x, in Operand index, in Operand y, int axis)
        where T : unmanaged, INumber<T>
    {
        DType type = y.DType.ComputeType();
        T[] values = Load<T>(x, type);
        Store(y, Array.ConvertAll(Chosen(x.Shape, index, axis), i => values[i]), type);
    }

    private static void ScatterAdd<T>(in Operand destination, in Operand index, in Operand source, int axis)
        where T : unmanaged, INumber<T>
    {
        DType type = destination.DType.ComputeType();
        T[] sums = Load<T>(destination, type), values = Load<T>(source, type);
        int[] chosen = Chosen(destination.Shape, index, axis);
        for (int i = 0; i < chosen.Length; i++)
        {
            sums[chosen[i]] += values[i];
        }

        Store(destination, sums, type);
    }

    /// <summary>For each element of an index the number of the element that it chooses along the axis.</summary>
    private static int[] Chosen(Shape shape, in Operand index, int axis)
    {
        int inner = 1;
        for (int i = axis + 1; i < shape.Rank; i++)
        {
            inner *= shape[i];
        }

        int slab = index.Shape[axis] * inner;
        return [.. Load<long>(index, DType.Int64).Select((chosen, i) => chosen >= 0 && chosen < shape[axis]
            ? (int)((((i / slab * shape[axis]) + chosen) * inner) + (i % inner))
            : throw new ArgumentOutOfRangeException(nameof(index), chosen, $"Index {chosen} lies outside axis {axis} of {shape}."))];
    }

    /// <summary>The image plane of one output, and the cells of it that lie under the output's window, as row · width + column.</summary>
    private static (int Plane, List<int> Cells) Window(PoolGeometry g, Shape image, Shape output, int i)
    {
        int q = i % output[3], p = i / output[3] % output[2];
        List<int> cells = [];
        for (int r = 0; r < g.KernelH; r++)
        {
            for (int s = 0; s < g.KernelW; s++)
            {
                int row = (p * g.StrideH) - g.PadH + (r * g.DilationH), column = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                if (row >= 0 && row < image[2] && column >= 0 && column < image[3])
                {
                    cells.Add((row * image[3]) + column);
                }
            }
        }

        return (i / (output[2] * output[3]), cells);
    }

    private static double Divisor(PoolGeometry g, int cellsInside) => g.CountIncludePad ? g.KernelH * g.KernelW : cellsInside;
}

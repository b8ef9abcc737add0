using System.Numerics;
using static Engine.Tests.Reference.Elements;

namespace Engine.Tests.Reference;

/// <summary>Pooling windows and indexed reads and sums.</summary>
internal partial class ReferenceBackend
{
    protected override void PoolForwardCore(in PoolForwardArgs args)
    {
        Operand x = args.X, y = args.Y;
        for (long i = 0; i < y.Shape.ElementCount; i++)
        {
            int[] at = Coordinates(y.Shape, i);
            double sum = 0, best = double.NegativeInfinity;
            int bestCell = -1;
            List<int> cells = Window(args.Geometry, x.Shape, at[2], at[3]);
            foreach (int cell in cells)
            {
                double value = At(x, at[0], at[1], cell / x.Shape[3], cell % x.Shape[3]);
                sum += value;
                if (bestCell < 0 || Combiner.ArgMax.Replaces(best, value))
                    (best, bestCell) = (value, cell);
            }

            double result = args.Kind == PoolKind.Max ? best : sum / Divisor(args.Geometry, cells.Count);
            Write(y, PlaceAt(y.Layout, at), result, y.DType.ComputeType());
            if (args.Indices is { } indices)
                Write<long>(indices, PlaceAt(indices.Layout, at), bestCell, DType.Int32);
        }
    }

    protected override void PoolBackwardCore(in PoolBackwardArgs args)
    {
        Operand gradY = args.GradY, gradX = args.GradX;
        var sums = new double[gradX.Shape.ElementCount];
        for (long i = 0; i < gradY.Shape.ElementCount; i++)
        {
            int[] at = Coordinates(gradY.Shape, i);
            double dy = At(gradY, at);
            if (args.Indices is { } indices)
            {
                int cell = (int)Read<long>(indices, PlaceAt(indices.Layout, at), DType.Int32);
                sums[Number(gradX, at[0], at[1], cell / gradX.Shape[3], cell % gradX.Shape[3])] += dy;
                continue;
            }

            List<int> cells = Window(args.Geometry, gradX.Shape, at[2], at[3]);
            foreach (int cell in cells)
                sums[Number(gradX, at[0], at[1], cell / gradX.Shape[3], cell % gradX.Shape[3])] += dy / Divisor(args.Geometry, cells.Count);
        }

        Store(gradX, sums);
    }

    protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
    {
        if (y.DType.IsFloatingPoint())
            Gather<double>(x, index, y, axis);
        else
            Gather<long>(x, index, y, axis);
    }

    protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
    {
        if (destination.DType.IsFloatingPoint())
            ScatterAdd<double>(destination, index, source, axis);
        else
            ScatterAdd<long>(destination, index, source, axis);
    }

    private static void Gather<T>(in Operand x, in Operand index, in Operand y, int axis)
        where T : unmanaged, INumber<T>
    {
        for (long i = 0; i < y.Shape.ElementCount; i++)
        {
            long place = IndexedPlace(x, index, axis, i);
            Write(y, Place(y.Layout, i), Read<T>(x, place, x.DType.ComputeType()), y.DType.ComputeType());
        }
    }

    private static void ScatterAdd<T>(in Operand destination, in Operand index, in Operand source, int axis)
        where T : unmanaged, INumber<T>
    {
        DType type = destination.DType.ComputeType();
        var sums = new Dictionary<long, T>();
        for (long i = 0; i < source.Shape.ElementCount; i++)
        {
            long place = IndexedPlace(destination, index, axis, i);
            T before = sums.TryGetValue(place, out T sum) ? sum : Read<T>(destination, place, type);
            sums[place] = before + Read<T>(source, Place(source.Layout, i), type);
        }

        foreach ((long place, T sum) in sums)
            Write(destination, place, sum, type);
    }

    /// <summary>The place in the indexed operand that element number i of the index names.</summary>
    private static long IndexedPlace(in Operand operand, in Operand index, int axis, long i)
    {
        long chosen = Read<long>(index, Place(index.Layout, i), DType.Int64);
        if (chosen < 0 || chosen >= operand.Shape[axis])
            throw new ArgumentOutOfRangeException(nameof(index), chosen, $"Index {chosen} lies outside axis {axis} of {operand.Shape}.");
        int[] at = Coordinates(index.Shape, i);
        at[axis] = (int)chosen;
        return PlaceAt(operand.Layout, at);
    }

    /// <summary>The cells of an image, row · width + column, that lie under the window of one output.</summary>
    private static List<int> Window(PoolGeometry g, Shape images, int p, int q)
    {
        int height = images[2], width = images[3];
        var cells = new List<int>();
        for (int r = 0; r < g.KernelH; r++)
            for (int s = 0; s < g.KernelW; s++)
            {
                int h = (p * g.StrideH) - g.PadH + (r * g.DilationH);
                int w = (q * g.StrideW) - g.PadW + (s * g.DilationW);
                if (h >= 0 && h < height && w >= 0 && w < width)
                    cells.Add((h * width) + w);
            }

        return cells;
    }

    private static double Divisor(PoolGeometry g, int cellsInside) => g.CountIncludePad ? g.KernelH * g.KernelW : cellsInside;
}

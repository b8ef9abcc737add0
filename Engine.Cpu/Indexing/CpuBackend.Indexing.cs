using System.Numerics;

namespace Engine.Cpu;

/// <summary>Reading, writing and summing by an index.</summary>
internal sealed unsafe partial class CpuBackend
{
    /// <summary>Sums in a wider type that are held at a time.</summary>
    private const long MostWideSums = 1 << 22;

    protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
    {
        switch (y.DType.SizeInBytes())
        {
            case 1: Indexed<byte, ReadTable<byte>>(nameof(Gather), x, index, y, axis, distinct: false); break;
            case 2: Indexed<ushort, ReadTable<ushort>>(nameof(Gather), x, index, y, axis, distinct: false); break;
            case 4: Indexed<uint, ReadTable<uint>>(nameof(Gather), x, index, y, axis, distinct: false); break;
            default: Indexed<ulong, ReadTable<ulong>>(nameof(Gather), x, index, y, axis, distinct: false); break;
        }
    }

    /// <remarks>
    /// Threads share the axes that are not indexed, so each sum runs over the index in ascending order whatever their number. Sums of
    /// 16-bit floats are rounded once, at the end, and so are those of float32 where many terms may meet in one element.
    /// </remarks>
    protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
    {
        switch (destination.DType)
        {
            case DType.Float32 when Scattering.MeetsOften(index.Shape[axis], destination.Shape[axis]): AddDouble(destination, index, source, axis); break;
            case DType.Float32: Add<float>(destination, index, source, axis); break;
            case DType.Float64: Add<double>(destination, index, source, axis); break;
            case DType.Int32: Add<int>(destination, index, source, axis); break;
            case DType.Int64: Add<long>(destination, index, source, axis); break;
            case DType.UInt8: Add<byte>(destination, index, source, axis); break;
            case DType.Bool: Indexed<byte, OrIntoTable>(nameof(ScatterAdd), destination, index, source, axis, distinct: true); break;
            default: AddWide<float>(destination, index, source, axis); break;
        }
    }

    /// <remarks>Each thread writes its share in ascending order of the index, so that the last of equal ones stays.</remarks>
    protected override void ScatterCore(in Operand destination, in Operand index, in Operand source, int axis, bool distinct)
    {
        switch (destination.DType.SizeInBytes())
        {
            case 1: Indexed<byte, WriteTable<byte>>(nameof(Scatter), destination, index, source, axis, distinct: true); break;
            case 2: Indexed<ushort, WriteTable<ushort>>(nameof(Scatter), destination, index, source, axis, distinct: true); break;
            case 4: Indexed<uint, WriteTable<uint>>(nameof(Scatter), destination, index, source, axis, distinct: true); break;
            default: Indexed<ulong, WriteTable<ulong>>(nameof(Scatter), destination, index, source, axis, distinct: true); break;
        }
    }

    private void Add<T>(in Operand destination, in Operand index, in Operand source, int axis) where T : unmanaged, INumber<T> =>
        Indexed<T, AddToTable<T>>(nameof(ScatterAdd), destination, index, source, axis, distinct: true);

    /// <summary>Sums in a wider type, part by part where the sums of all would take much memory.</summary>
    private void AddWide<TSum>(in Operand destination, in Operand index, in Operand source, int axis) where TSum : unmanaged, INumber<TSum>
    {
        if (Math.Max(destination.Shape.ElementCount, source.Shape.ElementCount) > MostWideSums && Scattering.Halve(index.Shape, axis) is { } cut)
        {
            foreach ((int start, int size) in ((int, int)[])[(0, cut.Size), (cut.Size, index.Shape[cut.Axis] - cut.Size)])
            {
                AddWide<TSum>(Part(destination, cut.Axis, start, size), Part(index, cut.Axis, start, size), Part(source, cut.Axis, start, size), axis);
            }

            return;
        }

        using DenseOperand<TSum> sums = new(this, destination, OperandUse.Update), terms = new(this, source);
        IndexedSpace space = IndexedSpace.Create(Layout.Contiguous(destination.Shape), index.Layout, Layout.Contiguous(source.Shape), axis);
        Indexed<TSum, TSum, AddToTable<TSum>>(nameof(ScatterAdd), space, sums.Pointer, index, terms.Pointer, distinct: true);
        sums.WriteBack(this);
    }

    /// <summary>Sums of float32 in double precision, of terms where they lie; part by part as in <see cref="AddWide"/>.</summary>
    private void AddDouble(in Operand destination, in Operand index, in Operand source, int axis)
    {
        if (destination.Shape.ElementCount > MostWideSums && Scattering.Halve(index.Shape, axis) is { } cut)
        {
            foreach ((int start, int size) in ((int, int)[])[(0, cut.Size), (cut.Size, index.Shape[cut.Axis] - cut.Size)])
            {
                AddDouble(Part(destination, cut.Axis, start, size), Part(index, cut.Axis, start, size), Part(source, cut.Axis, start, size), axis);
            }

            return;
        }

        using DenseOperand<double> sums = new(this, destination, OperandUse.Update);
        IndexedSpace space = IndexedSpace.Create(Layout.Contiguous(destination.Shape), index.Layout, source.Layout, axis);
        nint tableSize = (nint)destination.Shape.ElementCount;
        int chunks = ScatterChunks<int>.Count(space, tableSize);
        if (chunks == 1)
        {
            Indexed<double, float, AddToWideTable>(nameof(ScatterAdd), space, sums.Pointer, index, (float*)source.Address, distinct: true);
        }
        else if (index.DType == DType.Int32)
        {
            ScatterChunks<int>.Run(nameof(ScatterAdd), space, chunks, sums.Pointer, tableSize, (int*)index.Address, (float*)source.Address, _pool);
        }
        else
        {
            ScatterChunks<long>.Run(nameof(ScatterAdd), space, chunks, sums.Pointer, tableSize, (long*)index.Address, (float*)source.Address, _pool);
        }

        sums.WriteBack(this);
    }

    private static Operand Part(in Operand operand, int axis, int start, int size) => operand.With(operand.Layout.Slice(axis, start, size, 1));

    private void Indexed<T, TAction>(string op, in Operand table, in Operand index, in Operand dense, int axis, bool distinct)
        where T : unmanaged
        where TAction : struct, IIndexedAction<T, T>
    {
        IndexedSpace space = IndexedSpace.Create(table.Layout, index.Layout, dense.Layout, axis);
        Indexed<T, T, TAction>(op, space, (T*)table.Address, index, (T*)dense.Address, distinct);
    }

    private void Indexed<TTable, TDense, TAction>(string op, in IndexedSpace space, TTable* table, in Operand index, TDense* dense, bool distinct)
        where TTable : unmanaged
        where TDense : unmanaged
        where TAction : struct, IIndexedAction<TTable, TDense>
    {
        if (index.DType == DType.Int32)
        {
            IndexedLoop<TTable, TDense, int, TAction>.Run(op, space, distinct, table, (int*)index.Address, dense, _pool);
        }
        else
        {
            IndexedLoop<TTable, TDense, long, TAction>.Run(op, space, distinct, table, (long*)index.Address, dense, _pool);
        }
    }
}

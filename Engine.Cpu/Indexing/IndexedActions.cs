using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>dense = table.</summary>
internal readonly unsafe struct ReadTable<T> : IIndexedAction<T, T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element(T* table, T* dense) => *dense = *table;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(T* table, T* dense, int count) => new ReadOnlySpan<T>(table, count).CopyTo(new Span<T>(dense, count));
}

/// <summary>table = dense.</summary>
internal readonly unsafe struct WriteTable<T> : IIndexedAction<T, T> where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element(T* table, T* dense) => *table = *dense;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(T* table, T* dense, int count) => new ReadOnlySpan<T>(dense, count).CopyTo(new Span<T>(table, count));
}

/// <summary>table += dense; integers wrap around.</summary>
internal readonly unsafe struct AddToTable<T> : IIndexedAction<T, T> where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element(T* table, T* dense) => *table += *dense;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(T* table, T* dense, int count) =>
        TensorPrimitives.Add(new ReadOnlySpan<T>(table, count), new ReadOnlySpan<T>(dense, count), new Span<T>(table, count));
}

/// <summary>table += dense, with sums in double precision of terms in single precision.</summary>
internal readonly unsafe struct AddToWideTable : IIndexedAction<double, float>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element(double* table, float* dense) => *table += *dense;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(double* table, float* dense, int count)
    {
        int i = 0;
        for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(dense + i), out Vector<double> low, out Vector<double> high);
            double* to = table + i;
            Vector.Store(Vector.Load(to) + low, to);
            Vector.Store(Vector.Load(to + Vector<double>.Count) + high, to + Vector<double>.Count);
        }

        for (; i < count; i++)
        {
            table[i] += dense[i];
        }
    }
}

/// <summary>table |= dense: the sum of truth values.</summary>
internal readonly unsafe struct OrIntoTable : IIndexedAction<byte, byte>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element(byte* table, byte* dense) => *table |= *dense;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Row(byte* table, byte* dense, int count) =>
        TensorPrimitives.BitwiseOr(new ReadOnlySpan<byte>(table, count), new ReadOnlySpan<byte>(dense, count), new Span<byte>(table, count));
}

using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Gpu;

/// <summary>The work-items of an implicitly grouped kernel: as many as its extent has indices, x running fastest.</summary>
/// <param name="X">The extent of the first dimension.</param>
/// <param name="Y">The extent of the second one, 1 if there is none.</param>
/// <param name="Z">The extent of the third one, 1 if there is none.</param>
internal readonly record struct IndexSpace(long X, long Y, long Z)
{
    /// <summary>Number of work-items.</summary>
    public long Count => X * Y * Z;

    /// <summary>The space of an extent.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative, or the space has more than 2⁶³ - 1 work-items.</exception>
    /// <exception cref="NotSupportedException">The type is no index of ILGPU.</exception>
    public static IndexSpace Of<TIndex>(TIndex extent) where TIndex : struct
    {
        IndexSpace space = Read(extent);
        if (space.X < 0 || space.Y < 0 || space.Z < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(extent), $"The extent {Text<TIndex>(space.X, space.Y, space.Z)} has a negative dimension; dimensions are 0 or more.");
        }

        if ((Int128)space.X * space.Y > long.MaxValue || (Int128)(space.X * space.Y) * space.Z > long.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(extent), $"The extent {Text<TIndex>(space.X, space.Y, space.Z)} has more than {long.MaxValue} work-items; launch it in parts.");
        }

        return space;
    }

    /// <summary>The index at a position; coordinates that the type does not have are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TIndex Index<TIndex>(long x, long y, long z) where TIndex : struct
    {
        // Each instance of this method keeps one branch.
        if (typeof(TIndex) == typeof(Index1D))
        {
            return Unsafe.BitCast<Index1D, TIndex>(new Index1D((int)x));
        }

        if (typeof(TIndex) == typeof(Index2D))
        {
            return Unsafe.BitCast<Index2D, TIndex>(new Index2D((int)x, (int)y));
        }

        if (typeof(TIndex) == typeof(Index3D))
        {
            return Unsafe.BitCast<Index3D, TIndex>(new Index3D((int)x, (int)y, (int)z));
        }

        if (typeof(TIndex) == typeof(LongIndex1D))
        {
            return Unsafe.BitCast<LongIndex1D, TIndex>(new LongIndex1D(x));
        }

        if (typeof(TIndex) == typeof(LongIndex2D))
        {
            return Unsafe.BitCast<LongIndex2D, TIndex>(new LongIndex2D(x, y));
        }

        if (typeof(TIndex) == typeof(LongIndex3D))
        {
            return Unsafe.BitCast<LongIndex3D, TIndex>(new LongIndex3D(x, y, z));
        }

        throw NoIndex<TIndex>();
    }

    /// <summary>An index in messages: <c>5</c>, <c>(5, 2)</c> or <c>(5, 2, 7)</c>.</summary>
    public static string Text<TIndex>(long x, long y, long z) where TIndex : struct
    {
        if (typeof(TIndex) == typeof(Index1D) || typeof(TIndex) == typeof(LongIndex1D))
        {
            return $"{x}";
        }

        return typeof(TIndex) == typeof(Index2D) || typeof(TIndex) == typeof(LongIndex2D) ? $"({x}, {y})" : $"({x}, {y}, {z})";
    }

    private static IndexSpace Read<TIndex>(TIndex extent) where TIndex : struct
    {
        if (extent is Index1D i1)
        {
            return new IndexSpace(i1.X, 1, 1);
        }

        if (extent is Index2D i2)
        {
            return new IndexSpace(i2.X, i2.Y, 1);
        }

        if (extent is Index3D i3)
        {
            return new IndexSpace(i3.X, i3.Y, i3.Z);
        }

        if (extent is LongIndex1D l1)
        {
            return new IndexSpace(l1.X, 1, 1);
        }

        if (extent is LongIndex2D l2)
        {
            return new IndexSpace(l2.X, l2.Y, 1);
        }

        if (extent is LongIndex3D l3)
        {
            return new IndexSpace(l3.X, l3.Y, l3.Z);
        }

        throw NoIndex<TIndex>();
    }

    private static NotSupportedException NoIndex<TIndex>()
        => new($"{typeof(TIndex)} is no index of a kernel; Index1D, Index2D, Index3D, LongIndex1D, LongIndex2D and LongIndex3D are.");
}

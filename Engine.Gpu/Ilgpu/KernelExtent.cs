using ILGPU;

namespace Engine.Gpu;

/// <summary>How many times a kernel runs: once for each index below the extent, in one, two or three dimensions.</summary>
public readonly record struct KernelExtent
{
    private KernelExtent(int rank, Index3D size)
    {
        if (size.X < 0 || size.Y < 0 || size.Z < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "The extent of a kernel is not negative.");
        }

        Rank = rank;
        Size = size;
    }

    /// <summary>The dimensions.</summary>
    public int Rank { get; }

    /// <summary>The sizes; 1 in dimensions that are not there.</summary>
    public Index3D Size { get; }

    /// <summary>One dimension.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public static implicit operator KernelExtent(int size) => new(1, new Index3D(size, 1, 1));

    /// <summary>One dimension; indices of ILGPU's kernels have 32 bits.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or beyond 2³¹ − 1.</exception>
    public static implicit operator KernelExtent(long size) => size is >= 0 and <= int.MaxValue
        ? (int)size
        : throw new ArgumentOutOfRangeException(nameof(size), size, $"The extent of a kernel is 0 to {int.MaxValue}: its index has 32 bits. Launch it over parts (views have SubView).");

    /// <inheritdoc cref="op_Implicit(int)"/>
    public static implicit operator KernelExtent(Index1D size) => size.X;

    /// <summary>Two dimensions.</summary>
    /// <inheritdoc cref="op_Implicit(int)"/>
    public static implicit operator KernelExtent(Index2D size) => new(2, new Index3D(size.X, size.Y, 1));

    /// <summary>Three dimensions.</summary>
    /// <inheritdoc cref="op_Implicit(int)"/>
    public static implicit operator KernelExtent(Index3D size) => new(3, size);
}

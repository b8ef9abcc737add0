using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>What whole tiles do with their sums, as a type argument: the type's size tells which, as with <see cref="ITileSize"/>.</summary>
internal interface ITileFinish;

/// <summary>The ways in which <see cref="WholeTiles{T, TVec}"/> finish.</summary>
internal static class TileFinish
{
    public const int StoreSize = 1, AddSize = 2, CompleteSize = 3, AddCompleteSize = 4;

    /// <summary>C = A·B.</summary>
    [StructLayout(LayoutKind.Sequential, Size = StoreSize)]
    public readonly struct Store : ITileFinish;

    /// <summary>C += A·B, as for all blocks of terms but the first.</summary>
    [StructLayout(LayoutKind.Sequential, Size = AddSize)]
    public readonly struct Add : ITileFinish;

    /// <summary>C = relu(A·B + bias), either of both perhaps left out.</summary>
    [StructLayout(LayoutKind.Sequential, Size = CompleteSize)]
    public readonly struct Complete : ITileFinish;

    /// <summary>C = relu(A·B + C + bias), either of both perhaps left out.</summary>
    [StructLayout(LayoutKind.Sequential, Size = AddCompleteSize)]
    public readonly struct AddComplete : ITileFinish;
}

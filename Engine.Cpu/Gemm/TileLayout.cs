using System.Runtime.InteropServices;

namespace Engine.Cpu;

/// <summary>How the rows of A lie in memory, and those of B, for whole tiles, as a type argument: the type's size tells which, as with <see cref="ITileSize"/>.</summary>
internal interface ITileLayout;

/// <summary>The ways in which rows of A lie for <see cref="WholeTiles{T, TVec}"/>.</summary>
/// <remarks>
/// Known distances let two terms share one set of pointers, four of a packed panel one pointer: 45 and 42 instructions for 24 multiply-adds in place of 50, at 512 bits 37 in place of 41. A core that works for one thread hides them. Where two threads share a
/// core, as the processors of virtual machines often do, each gets half of the instructions, and every one counts.
/// </remarks>
internal static class TileLayout
{
    public const int AnySize = 1, ContiguousSize = 2, PackedSize = 3, StripsSize = 4;

    /// <summary>Any strides.</summary>
    [StructLayout(LayoutKind.Sequential, Size = AnySize)]
    public readonly struct Any : ITileLayout;

    /// <summary>The elements of a row lie side by side.</summary>
    [StructLayout(LayoutKind.Sequential, Size = ContiguousSize)]
    public readonly struct Contiguous : ITileLayout;

    /// <summary>A packed panel.</summary>
    [StructLayout(LayoutKind.Sequential, Size = PackedSize)]
    public readonly struct Packed : ITileLayout;

    /// <summary>Any strides of A, and rows of B that lie apart: they are fetched ahead.</summary>
    [StructLayout(LayoutKind.Sequential, Size = StripsSize)]
    public readonly struct Strips : ITileLayout;
}

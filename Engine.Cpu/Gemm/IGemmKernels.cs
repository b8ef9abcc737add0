namespace Engine.Cpu;

/// <summary>The register-tile kernels of one element type on one instruction set; a type argument of everything above them.</summary>
/// <remarks>
/// <para>The packed formats, which the kernels read fastest:</para>
/// <code>
/// panel of A, PanelRows × k:      element (i, k) at [k·PanelRows + i]     one column after the other
/// panel of B, k × PanelColumns:   element (k, j) at [k·PanelColumns + j]  one row after the other, 64-byte aligned, zeros as padding
/// </code>
/// <para>A panel of B that has at most <see cref="VectorLength"/> columns may have rows of that length.</para>
/// </remarks>
internal unsafe interface IGemmKernels<T> where T : unmanaged
{
    /// <summary>Most rows of C in a tile.</summary>
    static abstract int PanelRows { get; }

    /// <summary>Most columns of C in a tile: two vectors.</summary>
    static abstract int PanelColumns { get; }

    /// <summary>Values in a vector.</summary>
    static abstract int VectorLength { get; }

    /// <summary>Computes <paramref name="rows"/> × <paramref name="columns"/> elements of C, 1 to PanelRows and 1 to PanelColumns.</summary>
    /// <param name="tile">The operands. Its fields A, B, C and the biases may have been changed on return.</param>
    /// <param name="rows">Rows of C.</param>
    /// <param name="columns">Columns of C.</param>
    static abstract void Run(GemmTile<T>* tile, int rows, int columns);

    /// <summary>Computes a whole product of few rows or columns as dot products; AColumn = BRow = 1 and K is at least 1.</summary>
    static abstract void RunDots(in GemmProblem<T> problem);
}

namespace Engine.Gpu;

/// <summary>
/// How one operand's slice lies in shared memory for tensor cores, in words of 32 bits: the way it was read, so that what was read as a vector
/// is written as one.
/// </summary>
/// <remarks>
/// Lines of words are padded so that the eight rows of 16 bytes that a matrix load takes at a time, or the four depths of eight words that
/// it would take of tf32 across the lines, fall into different banks.
/// </remarks>
/// <param name="Math">The format of the factors.</param>
/// <param name="AlongDepth">Whether neighbours along the depth are neighbours in memory, else lines (rows of A, columns of B).</param>
/// <param name="Side">Lines.</param>
/// <param name="Depth">Depth of the slice.</param>
internal readonly record struct MmaSlice(TileMath Math, bool AlongDepth, int Side, int Depth)
{
    /// <summary>Factors of a word.</summary>
    public int PerWord => Math.IsHalf ? 2 : 1;

    /// <summary>Whether matrix loads can read it; they know 16 bits, and 32 where the depth is innermost.</summary>
    public bool HasMatrixLoads => AlongDepth || Math.IsHalf;

    /// <summary>Words from one line (or depth) to the next.</summary>
    public int Lead => ((AlongDepth ? Depth : Side) / PerWord) + (HasMatrixLoads ? 4 : 8);

    /// <summary>All words.</summary>
    public int Words => Lead * (AlongDepth ? Side : Depth);

    /// <summary>Words from one matrix instruction's depth to the next one's.</summary>
    public int StepWords => AlongDepth ? Math.Step / PerWord : Math.Step * Lead;

    /// <summary>Where a lane begins to read: the row of a matrix that it names, or without matrix loads its own first factor.</summary>
    /// <param name="firstLine">The warp's first line.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="lineHalf">Whether its matrix lies eight lines on, 0 or 1.</param>
    /// <param name="depthHalf">Whether it lies at the second half of the depth, 0 or 1.</param>
    public Value At(Value firstLine, Value lane, Value lineHalf, Value depthHalf)
    {
        Value row = lane % 8;
        return AlongDepth ? ((firstLine + (lineHalf * 8) + row) * Lead) + (depthHalf * 4)
            : HasMatrixLoads ? (((depthHalf * 8) + row) * Lead) + (firstLine / PerWord) + (lineHalf * 4)
            : (lane % 4 * Lead) + firstLine + (lane / 4);
    }

    /// <summary>The registers of a lane for A's 16 lines, or B's 16 for two instructions, by the depth of one instruction.</summary>
    public Value[] Load(KernelBuilder k, Memory shared, Value at, bool isLeft) => HasMatrixLoads
        ? k.LoadMatrix(shared, at, transposed: !AlongDepth)
        : Array.ConvertAll(OffsetsOf(isLeft), offset => k.Load(shared, at + offset).As(RegisterType.UInt32));

    /// <summary>Without matrix loads: words from the first of these registers to each.</summary>
    public int[] OffsetsOf(bool isLeft)
    {
        int line = 8, depth = 4 * Lead;
        return isLeft ? [0, line, depth, line + depth] : [0, depth, line, line + depth];
    }

    /// <summary>Words from a line to the one so many further.</summary>
    public int LineWords(int lines) => AlongDepth ? lines * Lead : lines / PerWord;
}

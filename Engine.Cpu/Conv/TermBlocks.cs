namespace Engine.Cpu;

/// <summary>
/// How the terms of a correlation are cut where its outputs are a matrix product: [bias], then all taps in the order channel, row, column. A chunk of
/// channels is lowered at a time; its terms are one block, or several where a kernel is larger than a block.
/// </summary>
/// <remarks>A block is one chain of multiply-adds, so the cut follows from the kernel and the channels only.</remarks>
internal readonly record struct TermBlocks
{
    private readonly int _channels, _channelTaps;

    /// <summary>Blocks of at most <paramref name="most"/> terms, not counting a bias; <paramref name="task"/> has taps.</summary>
    public TermBlocks(in Correlation task, bool isBiased, int most)
    {
        (_channels, _channelTaps, IsBiased) = (task.InChannels, task.Rows.Count * task.Columns.Count, isBiased);
        int channels = Math.Max(1, most / _channelTaps);
        Chunks = (_channels - 1) / channels + 1;
        Splits = (_channelTaps - 1) / Math.Max(most, 1) + 1;
    }

    /// <summary>Whether the first term is the bias, whose input is 1.</summary>
    public bool IsBiased { get; }

    /// <summary>Chunks of channels.</summary>
    public int Chunks { get; }

    /// <summary>Blocks of one chunk.</summary>
    public int Splits { get; }

    /// <summary>Terms of all blocks.</summary>
    public int Terms => _channels * _channelTaps + (IsBiased ? 1 : 0);

    /// <summary>Most channels of a chunk.</summary>
    public int MostChannels => (_channels - 1) / Chunks + 1;

    /// <summary>Most terms of a block.</summary>
    public int MostTerms => (MostChannels * _channelTaps - 1) / Splits + 2;

    /// <summary>First channel of a chunk; that of the chunk after the last is the number of channels.</summary>
    public int FirstChannel(int chunk) => (int)((long)_channels * chunk / Chunks);

    /// <summary>The chunk that a channel belongs to.</summary>
    public int ChunkOf(int channel) => (int)((((long)channel + 1) * Chunks - 1) / _channels);

    /// <summary>First tap of a block among all taps; that of the block after the last is the number of taps.</summary>
    public int FirstTap(int block)
    {
        int chunk = block / Splits, first = FirstChannel(chunk) * _channelTaps;
        return chunk == Chunks ? first : first + (int)((long)(FirstChannel(chunk + 1) - FirstChannel(chunk)) * _channelTaps * (block % Splits) / Splits);
    }

    /// <summary>Terms of a block; the first one has the bias.</summary>
    public int TermsOf(int block) => FirstTerm(block + 1) - FirstTerm(block);

    /// <summary>First term of a block.</summary>
    public int FirstTerm(int block) => FirstTap(block) + (IsBiased && block > 0 ? 1 : 0);
}

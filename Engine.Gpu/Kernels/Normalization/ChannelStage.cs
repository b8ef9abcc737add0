namespace Engine.Gpu;

/// <summary>The part of the work that a launch over channels does; reductions over many elements take two launches, or one whose groups meet.</summary>
internal enum ChannelStage : byte
{
    /// <summary>Everything: a group sees its channels as a whole.</summary>
    Whole,

    /// <summary>The reductions over each chunk, left in memory; where groups see each other's results the last of a tile of channels combines them.</summary>
    Partial,

    /// <summary>Everything, by several groups a channel: they leave their reductions in memory and meet before they combine them.</summary>
    Together,

    /// <summary>Combines the chunks' results, in order, and does the rest.</summary>
    Apply,

    /// <summary>Does the rest with what the last group has combined.</summary>
    Finished,
}

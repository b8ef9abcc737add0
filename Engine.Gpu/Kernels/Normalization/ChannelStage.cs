namespace Engine.Gpu;

/// <summary>The part of the work that a launch over channels does; reductions over many elements take two launches.</summary>
internal enum ChannelStage : byte
{
    /// <summary>Everything: a group sees its channels as a whole.</summary>
    Whole,

    /// <summary>The reductions over each chunk, left in memory.</summary>
    Partial,

    /// <summary>Combines the chunks' results, in order, and does the rest.</summary>
    Apply,
}

namespace Engine;

/// <summary>The order of a tensor's elements in memory, where there are no gaps. Shapes and indices do not depend on it.</summary>
public enum MemoryFormat
{
    /// <summary>Row-major: the last axis is the innermost.</summary>
    Contiguous,

    /// <summary>Images [N, C, …] as rows, columns, channels: the second axis is the innermost.</summary>
    ChannelsLast,
}

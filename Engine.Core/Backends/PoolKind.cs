namespace Engine.Backends;

/// <summary>The function of a pooling window.</summary>
public enum PoolKind : byte
{
    /// <summary>The largest value; NaN wins.</summary>
    Max,

    /// <summary>The mean.</summary>
    Average,
}

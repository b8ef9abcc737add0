namespace Engine.Backends;

/// <summary>What a pooling window computes.</summary>
public enum PoolKind : byte
{
    /// <summary>The largest value; NaN wins.</summary>
    Max,

    /// <summary>The mean.</summary>
    Average,
}

namespace Engine.Perf.Rows;

/// <summary>The names of rows that tell what the machine can do: other rows are held against them.</summary>
internal static class LimitRows
{
    public const string Float32 = "peak/float32", Float64 = "peak/float64", Copy = "copy/4M";
}

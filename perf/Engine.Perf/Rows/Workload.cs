namespace Engine.Perf.Rows;

/// <summary>Something to time. <see cref="Prepare"/> makes the data and returns the call.</summary>
/// <param name="Name">The name that both sides of the comparison use.</param>
/// <param name="Prepare">Makes what the call needs.</param>
/// <param name="Flop">Operations of one call, a multiply-add counted as two.</param>
/// <param name="Bytes">The least traffic: each input read once, each output written once.</param>
internal sealed record Workload(string Name, Func<Action> Prepare, long Flop = 0, long Bytes = 0)
{
    /// <summary>What the machine can do at best: no peer has such rows.</summary>
    public bool IsLimit => Name is LimitRows.Float32 or LimitRows.Float64;
}

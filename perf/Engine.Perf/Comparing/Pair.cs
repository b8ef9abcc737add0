namespace Engine.Perf.Comparing;

/// <summary>A row of ours and the peer's, if it has one. Peaks of memory are 0 where none was taken.</summary>
internal sealed record Pair(ResultLine Ours, (ResultLine Line, string Series)? Peer, long OurPeak, long PeerPeak)
{
    /// <summary>Peer over ours: above 1 ours is faster.</summary>
    public double? Ratio => Peer?.Line.Median / Ours.Median;
}

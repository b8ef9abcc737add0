namespace Engine.Nn;

/// <summary>Which way a monitored value gets better.</summary>
public enum MonitorMode : byte
{
    /// <summary>Smaller is better: losses.</summary>
    Min,

    /// <summary>Larger is better: accuracies.</summary>
    Max,
}

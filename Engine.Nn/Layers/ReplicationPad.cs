namespace Engine.Nn;

/// <summary>A border of the outermost elements around sequences.</summary>
/// <remarks>Shapes: x [N, C, L] or [C, L]. Negative numbers cut off.</remarks>
public sealed class ReplicationPad1d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReplicationPad1d(int padding)
        : this(padding, padding)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    public ReplicationPad1d(int left, int right)
        : base(PaddingMode.Replicate, 0, (left, right))
    {
    }
}

/// <summary>A border of the outermost elements around images.</summary>
/// <remarks>Shapes: x [N, C, H, W] or [C, H, W]. Negative numbers cut off.</remarks>
public sealed class ReplicationPad2d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReplicationPad2d(int padding)
        : this(padding, padding, padding, padding)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="top">Before the axis in front of it.</param>
    /// <param name="bottom">Behind that axis.</param>
    public ReplicationPad2d(int left, int right, int top, int bottom)
        : base(PaddingMode.Replicate, 0, (left, right), (top, bottom))
    {
    }
}

/// <summary>A border of the outermost elements around volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] or [C, D, H, W]. Negative numbers cut off.</remarks>
public sealed class ReplicationPad3d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReplicationPad3d(int padding)
        : this(padding, padding, padding, padding, padding, padding)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="top">Before the axis in front of it.</param>
    /// <param name="bottom">Behind that axis.</param>
    /// <param name="front">Before the first of the three.</param>
    /// <param name="back">Behind it.</param>
    public ReplicationPad3d(int left, int right, int top, int bottom, int front, int back)
        : base(PaddingMode.Replicate, 0, (left, right), (top, bottom), (front, back))
    {
    }
}

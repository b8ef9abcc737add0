namespace Engine.Nn;

/// <summary>A border of the tensor mirrored at its outermost elements, which are not repeated around sequences.</summary>
/// <remarks>Shapes: x [N, C, L] or [C, L]. Negative numbers cut off.</remarks>
public sealed class ReflectionPad1d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReflectionPad1d(int padding)
        : this(padding, padding)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    public ReflectionPad1d(int left, int right)
        : base(PaddingMode.Reflect, 0, (left, right))
    {
    }
}

/// <summary>A border of the tensor mirrored at its outermost elements, which are not repeated around images.</summary>
/// <remarks>Shapes: x [N, C, H, W] or [C, H, W]. Negative numbers cut off.</remarks>
public sealed class ReflectionPad2d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReflectionPad2d(int padding)
        : this(padding, padding, padding, padding)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="top">Before the axis in front of it.</param>
    /// <param name="bottom">Behind that axis.</param>
    public ReflectionPad2d(int left, int right, int top, int bottom)
        : base(PaddingMode.Reflect, 0, (left, right), (top, bottom))
    {
    }
}

/// <summary>A border of the tensor mirrored at its outermost elements, which are not repeated around volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] or [C, D, H, W]. Negative numbers cut off.</remarks>
public sealed class ReflectionPad3d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    public ReflectionPad3d(int padding)
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
    public ReflectionPad3d(int left, int right, int top, int bottom, int front, int back)
        : base(PaddingMode.Reflect, 0, (left, right), (top, bottom), (front, back))
    {
    }
}

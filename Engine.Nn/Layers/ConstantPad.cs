namespace Engine.Nn;

/// <summary>A border of a value around sequences.</summary>
/// <remarks>Shapes: x [N, C, L] or [C, L]. Negative numbers cut off.</remarks>
public sealed class ConstantPad1d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad1d(int padding, double value)
        : this(padding, padding, value)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad1d(int left, int right, double value)
        : base(PaddingMode.Constant, value, (left, right))
    {
    }
}

/// <summary>A border of a value around images.</summary>
/// <remarks>Shapes: x [N, C, H, W] or [C, H, W]. Negative numbers cut off.</remarks>
public sealed class ConstantPad2d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad2d(int padding, double value)
        : this(padding, padding, padding, padding, value)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="top">Before the axis in front of it.</param>
    /// <param name="bottom">Behind that axis.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad2d(int left, int right, int top, int bottom, double value)
        : base(PaddingMode.Constant, value, (left, right), (top, bottom))
    {
    }
}

/// <summary>A border of a value around volumes.</summary>
/// <remarks>Shapes: x [N, C, D, H, W] or [C, D, H, W]. Negative numbers cut off.</remarks>
public sealed class ConstantPad3d : PaddingLayer
{
    /// <summary>As much on all sides.</summary>
    /// <param name="padding">Elements on each side.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad3d(int padding, double value)
        : this(padding, padding, padding, padding, padding, padding, value)
    {
    }

    /// <summary>A number for each side.</summary>
    /// <param name="left">Before the last axis.</param>
    /// <param name="right">Behind the last axis.</param>
    /// <param name="top">Before the axis in front of it.</param>
    /// <param name="bottom">Behind that axis.</param>
    /// <param name="front">Before the first of the three.</param>
    /// <param name="back">Behind it.</param>
    /// <param name="value">What the border holds.</param>
    public ConstantPad3d(int left, int right, int top, int bottom, int front, int back, double value)
        : base(PaddingMode.Constant, value, (left, right), (top, bottom), (front, back))
    {
    }
}

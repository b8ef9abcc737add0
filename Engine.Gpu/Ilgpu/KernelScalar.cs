namespace Engine.Gpu;

/// <summary>A number for a kernel's parameter of just that type.</summary>
public readonly record struct KernelScalar
{
    private KernelScalar(object value) => Value = value;

    internal object Value => field ?? throw new ArgumentException("A KernelScalar holds no number.");

    /// <summary>A single.</summary>
    public static implicit operator KernelScalar(float value) => new(value);

    /// <summary>A double.</summary>
    public static implicit operator KernelScalar(double value) => new(value);

    /// <summary>A 32-bit integer.</summary>
    public static implicit operator KernelScalar(int value) => new(value);

    /// <summary>A 64-bit integer.</summary>
    public static implicit operator KernelScalar(long value) => new(value);

    /// <summary>An unsigned 32-bit integer.</summary>
    public static implicit operator KernelScalar(uint value) => new(value);
}

using System.Numerics.Tensors;

namespace Engine.Hosting;

/// <summary>Questions about a row of numbers.</summary>
internal static class NumberChecks
{
    /// <summary>Whether one of them is NaN or infinite.</summary>
    public static bool ContainsNonFinite(this Span<float> values) => !TensorPrimitives.IsFiniteAll(values);
}

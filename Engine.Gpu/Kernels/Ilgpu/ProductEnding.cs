using System.Numerics;

namespace Engine.Gpu;

/// <summary>Bits of an argument that lists the operations of an epilogue.</summary>
internal static class ProductOptions
{
    /// <summary>The result's former content counts; without it memory may hold anything, NaN included.</summary>
    public const int HasBeta = 1;

    /// <summary>A bias is added.</summary>
    public const int HasBias = 2;

    /// <summary>Negative results become 0.</summary>
    public const int HasRelu = 4;
}

/// <summary>The operations between a sum and its store: activation(alpha · sum + beta · before + bias).</summary>
/// <param name="alpha">The factor of the sum.</param>
/// <param name="beta">The factor of the old values of the result.</param>
/// <param name="options">Of <see cref="ProductOptions"/>.</param>
internal readonly struct ProductEnding<T>(T alpha, T beta, int options)
    where T : unmanaged, INumber<T>
{
    private readonly T _alpha = alpha;
    private readonly T _beta = beta;
    private readonly int _options = options;

    /// <summary>Whether the former content has to be read.</summary>
    public bool ReadsResult => (_options & ProductOptions.HasBeta) != 0;

    /// <summary>Whether the bias has to be read.</summary>
    public bool ReadsBias => (_options & ProductOptions.HasBias) != 0;

    /// <summary>The result for one sum; NaN stays NaN.</summary>
    /// <param name="sum">The sum.</param>
    /// <param name="before">The former content, or 0.</param>
    /// <param name="bias">The bias, or 0.</param>
    public T Of(T sum, T before, T bias)
    {
        T value = (_alpha * sum) + (_beta * before) + bias;
        return (_options & ProductOptions.HasRelu) != 0 && value < default(T) ? default : value;
    }
}

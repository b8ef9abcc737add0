namespace Engine.Cpu;

/// <summary>
/// The vector operations of the matrix product on <typeparamref name="TVector"/>, a vector of <typeparamref name="T"/>.
/// </summary>
/// <remarks>
/// A tag with static members, so that kernels hold bare <c>Vector512&lt;float&gt;</c> locals: the register allocator sees 24 of them
/// and no structs around them.
/// </remarks>
internal unsafe interface ILanes<TVector, T>
    where TVector : struct
    where T : unmanaged
{
    /// <summary>Values in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>All zeros.</summary>
    static abstract TVector Zero { get; }

    /// <summary>Loads <see cref="Count"/> values from any address.</summary>
    static abstract TVector Load(T* source);

    /// <summary>Stores <see cref="Count"/> values to any address.</summary>
    static abstract void Store(T* destination, TVector value);

    /// <summary>Loads the first <paramref name="count"/> values, 0 &lt; count &lt; <see cref="Count"/>, and zeros; reads nothing else.</summary>
    static abstract TVector LoadFirst(T* source, int count);

    /// <summary>Stores the first <paramref name="count"/> values, 0 &lt; count &lt; <see cref="Count"/>; writes nothing else.</summary>
    static abstract void StoreFirst(T* destination, TVector value, int count);

    /// <summary>The same value in all lanes.</summary>
    static abstract TVector Broadcast(T value);

    /// <summary>a + b.</summary>
    static abstract TVector Add(TVector a, TVector b);

    /// <summary>a · b.</summary>
    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a · b + c, with one rounding where the processor has the instruction.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    /// <summary>max(x, 0); NaN stays NaN and -0 becomes 0.</summary>
    static abstract TVector Relu(TVector x);

    /// <summary>Stores the sums of the lanes of four vectors. The order of the additions depends on <see cref="Count"/> only.</summary>
    static abstract void StoreSums(T* destination, TVector a, TVector b, TVector c, TVector d);
}

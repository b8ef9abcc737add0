using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Four numbers that a work-item keeps in registers.</summary>
/// <remarks>
/// ILGPU takes structures apart, so this costs nothing; an array would live in memory, since registers cannot be numbered at run time.
/// </remarks>
internal readonly struct Quad<T>(T first, T second, T third, T fourth)
    where T : unmanaged, INumber<T>
{
    /// <summary>The first number.</summary>
    public readonly T First = first;

    /// <summary>The second number.</summary>
    public readonly T Second = second;

    /// <summary>The third number.</summary>
    public readonly T Third = third;

    /// <summary>The fourth number.</summary>
    public readonly T Fourth = fourth;

    /// <summary>Four elements of memory, from one to the next a step.</summary>
    public static Quad<T> Read(ArrayView<T> memory, int offset, int step) =>
        new(memory[offset], memory[offset + step], memory[offset + (2 * step)], memory[offset + (3 * step)]);

    /// <summary>this + factor · other, number by number.</summary>
    public Quad<T> Plus(T factor, Quad<T> other) => new(
        First + (factor * other.First),
        Second + (factor * other.Second),
        Third + (factor * other.Third),
        Fourth + (factor * other.Fourth));
}

/// <summary>Sixteen sums of one work-item: four rows and four columns.</summary>
internal readonly struct QuadRows<T>(Quad<T> first, Quad<T> second, Quad<T> third, Quad<T> fourth)
    where T : unmanaged, INumber<T>
{
    /// <summary>The first row.</summary>
    public readonly Quad<T> First = first;

    /// <summary>The second row.</summary>
    public readonly Quad<T> Second = second;

    /// <summary>The third row.</summary>
    public readonly Quad<T> Third = third;

    /// <summary>The fourth row.</summary>
    public readonly Quad<T> Fourth = fourth;

    /// <summary>Adds column · row, an outer product: sixteen multiplications of eight numbers.</summary>
    public QuadRows<T> Plus(Quad<T> column, Quad<T> row) => new(
        First.Plus(column.First, row),
        Second.Plus(column.Second, row),
        Third.Plus(column.Third, row),
        Fourth.Plus(column.Fourth, row));
}

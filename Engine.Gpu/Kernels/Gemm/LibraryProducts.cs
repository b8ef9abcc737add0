namespace Engine.Gpu;

/// <summary>A vendor's library as a candidate for products. A type of its own, so that a program that uses no library loads none.</summary>
internal abstract class LibraryProducts : IDisposable
{
    /// <summary>Computes a product in the device's order of work; false, with nothing done, if it is none for the library.</summary>
    public abstract bool TryMultiply(in GemmProblem problem, MathMode mode);

    /// <inheritdoc/>
    public abstract void Dispose();
}

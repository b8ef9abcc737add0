namespace Engine.Gpu;

/// <summary>A vendor's library as a candidate for products. Behind this type, so that nobody loads what nobody uses.</summary>
internal abstract class LibraryProducts : IDisposable
{
    /// <summary>Computes a product in the device's order of work; false, with nothing done, if it is none for the library.</summary>
    public abstract bool TryMultiply(in GemmProblem problem, MathMode mode);

    /// <inheritdoc/>
    public abstract void Dispose();
}

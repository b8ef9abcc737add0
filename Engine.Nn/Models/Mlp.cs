namespace Engine.Nn;

/// <summary>A multi-layer perceptron: flatten, then linear layers with ReLU between them.</summary>
/// <remarks>Shapes: x [N, …] with <c>inFeatures</c> values a sample → [N, classes].</remarks>
public sealed class Mlp : Sequential
{
    /// <summary>A network with random start values.</summary>
    /// <param name="inFeatures">Values a sample.</param>
    /// <param name="hidden">The widths of the hidden layers.</param>
    /// <param name="classes">The number of outputs.</param>
    /// <param name="generator">The source of the start values.</param>
    public Mlp(int inFeatures, ReadOnlySpan<int> hidden, int classes, Generator? generator = null)
    {
        Add(new Flatten());
        int size = inFeatures;
        foreach (int width in hidden)
        {
            Add(new Linear(size, width, generator: generator));
            Add(new Relu());
            size = width;
        }

        Add(new Linear(size, classes, generator: generator));
    }
}

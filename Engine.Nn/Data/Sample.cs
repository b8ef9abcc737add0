namespace Engine.Nn;

/// <summary>One sample in host memory: what a model gets, what it should answer, and how much the sample counts.</summary>
/// <remarks>
/// A <see cref="CollateFunction"/> makes a batch of several.
/// <code>
/// new Sample(pixels, label)                                                    // float[], int
/// new Sample(HostArray.From(pixels, [3, 32, 32]), label)
/// new Sample([image, table], price)
/// new Sample(new HostArrays(("image", image), ("table", table)), new HostArrays(("price", price))) { Weight = 2 }
/// </code>
/// </remarks>
public readonly struct Sample
{
    /// <summary>A sample with one input.</summary>
    public Sample(HostArray input)
        : this((HostArrays)input)
    {
    }

    /// <summary>A sample with one input and one target.</summary>
    public Sample(HostArray input, HostArray target)
        : this((HostArrays)input, target)
    {
    }

    /// <summary>A sample with several inputs and one target.</summary>
    public Sample(HostArrays inputs, HostArray target)
        : this(inputs, (HostArrays)target)
    {
    }

    /// <summary>A sample.</summary>
    /// <param name="inputs">The inputs, one or several.</param>
    /// <param name="targets">The targets: one, several or none.</param>
    public Sample(HostArrays inputs, HostArrays targets = default) => (Inputs, Targets) = (inputs, targets);

    /// <summary>The inputs.</summary>
    public HostArrays Inputs { get; init; }

    /// <summary>The targets.</summary>
    public HostArrays Targets { get; init; }

    /// <summary>How much it counts; 1 where left out and another sample of the batch has a weight.</summary>
    public double? Weight { get; init; }

    /// <summary>Types and shapes: "Sample(inputs f32 [3, 8, 8]; targets i64 [])".</summary>
    public override string ToString() => $"Sample(inputs {string.Join(", ", Inputs)}; targets {string.Join(", ", Targets)})";
}

/// <summary>Puts samples together into a batch on a device.</summary>
/// <param name="samples">The samples, one or more, in the order of the batch.</param>
/// <param name="device">Where the tensors shall be.</param>
public delegate Batch CollateFunction(IReadOnlyList<Sample> samples, Device device);

/// <summary>A random change of a sample, which must follow from its arguments alone.</summary>
/// <param name="sample">The sample; a changed one is new.</param>
/// <param name="random">The random numbers of this sample.</param>
public delegate Sample SampleTransform(Sample sample, ref SampleRandom random);

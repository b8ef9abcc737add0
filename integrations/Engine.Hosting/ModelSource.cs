using Engine.Nn;

namespace Engine.Hosting;

/// <summary>Makes a model of its class and loads weights into it, as often as it is asked.</summary>
internal sealed class ModelSource(string name, Func<Module> create, Func<Module, Tensor, Tensor> forward, Func<Device> device)
{
    /// <summary>The samples of a probe that is made up.</summary>
    private const int ProbeSamples = 4;

    /// <summary>The state of the file that was loaded last.</summary>
    public FileStamp Stamp { get; private set; }

    /// <summary>A model with the weights of a file, or with its own where there is no file.</summary>
    /// <exception cref="ModelFileException">The file is damaged, or of another model.</exception>
    public ServedModel Load(string? weights)
    {
        Device where = device();
        Module model = (create() ?? throw new InvalidOperationException($"Model '{name}': the factory returned null.")).To(where).Eval().Freeze();
        if (weights is not null)
        {
            // Before it is read: a change while it is read is seen as one.
            FileStamp stamp = FileStamp.Of(weights);
            using TensorScope scope = TensorScope.Begin();
            model.LoadStateDict(Safetensors.Load(weights, where));
            Stamp = stamp;
        }

        return new ServedModel(model, x => forward(model, x), where);
    }

    /// <summary>The samples on which weights are compared.</summary>
    public float[] Probe(ModelOptions options, int sampleLength)
    {
        if (options.Probe is { } given)
        {
            return given;
        }

        // The same numbers each time, and none of them special.
        SampleRandom random = new(1, 0);
        float[] made = new float[ProbeSamples * sampleLength];
        for (int i = 0; i < made.Length; i++)
        {
            made[i] = (float)random.NextDouble();
        }

        return made;
    }
}

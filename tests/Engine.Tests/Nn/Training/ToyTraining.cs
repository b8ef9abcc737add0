using System.Text.Json.Nodes;
using Engine.Nn;
using Engine.Tests.Reference;

namespace Engine.Tests.Nn.Training;

/// <summary>A small problem that a small network learns in a few epochs: which of three corners a point is nearest to.</summary>
internal sealed class ToyTraining : IDisposable
{
    private readonly Device _before = Device.Default;

    public ToyTraining()
    {
        Device.Default = new ReferenceDevice();
        Train = new ToyData(seed: 1, batches: 7, batchSize: 6, lastBatch: 3);
        Validation = new ToyData(seed: 2, batches: 2, batchSize: 8, lastBatch: 8);
    }

    public ToyData Train { get; }

    public ToyData Validation { get; }

    public void Dispose() => Device.Default = _before;

    /// <summary>The same start values every time; dropout draws from the returned network's own generator.</summary>
    public static Sequential Model() =>
        [new Linear(2, 8, generator: new Generator(3)), new Tanh(), new Dropout(0.2, new Generator(4)), new Linear(8, 3, generator: new Generator(5))];

    public static Trainer Trainer(params Callback[] callbacks) => Trainer(Model(), callbacks);

    public static Trainer Trainer(Layer model, params Callback[] callbacks) =>
        new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy) { Metrics = [new Accuracy()], Callbacks = callbacks };

    public static float[] Weights(Trainer trainer) => [.. trainer.Model.StateDict().Values.SelectMany(static t => t.ToArray<float>())];

    /// <summary>A state as a file would give it back: text and copies.</summary>
    public static TrainingState Reread(TrainingState state) => new(
        [.. state.Tensors.Select(static t => KeyValuePair.Create(t.Key, t.Value.Clone()))], JsonNode.Parse(state.Values.ToJsonString())!.AsObject());

    public static TrainingState Saved(Trainer trainer)
    {
        TrainingState state = new();
        trainer.Save(state);
        return Reread(state);
    }
}

/// <summary>Points with the number of the nearest corner; each epoch has its own order.</summary>
internal sealed class ToyData(int seed, int batches, int batchSize, int lastBatch) : IBatchSource
{
    public int BatchCount => batches;

    public long SampleCount => ((batches - 1) * batchSize) + lastBatch;

    /// <summary>Batches that were handed out.</summary>
    public List<Batch> Given { get; } = [];

    /// <summary>How many batches an epoch really has, where that is not what it announces.</summary>
    public int? Gives { get; init; }

    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0)
    {
        for (int b = firstBatch; b < (Gives ?? batches); b++)
        {
            Random random = new((seed * 1000) + (epoch * 100) + b);
            int count = b == batches - 1 ? lastBatch : batchSize;
            float[,] points = new float[count, 2];
            long[] classes = new long[count];
            for (int i = 0; i < count; i++)
            {
                (float x, float y) = (random.NextSingle(), random.NextSingle());
                (points[i, 0], points[i, 1]) = (x, y);
                classes[i] = x + y < 0.7f ? 0 : x > y ? 1 : 2;
            }

            Batch batch = new(Tensor.From(points), Tensor.From(classes));
            Given.Add(batch);
            yield return batch;
        }
    }
}

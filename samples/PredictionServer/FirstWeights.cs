using Engine.Nn;

namespace PredictionServerSample;

/// <summary>Weights for the first start: one epoch of LeNet-5 on the pictures that lie beside the program.</summary>
internal static class FirstWeights
{
    /// <summary>Trains and writes the file where there is none.</summary>
    public static void Ensure(string path, int images)
    {
        if (File.Exists(path))
        {
            return;
        }

        IDataset data = FashionMnist.Load(FashionMnist.FindDirectory(), train: true).Subset([.. Enumerable.Range(0, images)]);
        LeNet5 model = new();
        Trainer trainer = new(model, new Adam(model.Parameters), Losses.CrossEntropy) { Verbosity = Verbosity.Quiet };
        trainer.Fit(new DataLoader(data, 64) { Shuffle = true, Seed = 1 }, epochs: 1);
        Safetensors.Save(path, model.StateDict());
    }
}

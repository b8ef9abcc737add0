using Engine;
using Engine.Data.Tables;
using Engine.Nn;

namespace TabularRegressionSample;

/// <summary>A network, and the preprocessing that its inputs go through. Neither is worth anything without the other, so they share a file.</summary>
public sealed record ProgressionModel(Layer Network, TablePreprocessor Preprocessor)
{
    /// <summary>The column to be predicted.</summary>
    public const string Target = "progression";

    /// <summary>The network for rows that are prepared in this way: one small hidden layer and much dropout, since there are few rows to learn from.</summary>
    public static Layer CreateNetwork(TablePreprocessor preprocessor)
    {
        Generator generator = new(seed: 1);
        return new Sequential(
            new Linear(preprocessor.NumberCount, 64, generator: generator),
            new Relu(),
            new Dropout(0.5, generator),
            new Linear(64, preprocessor.OutputCount, generator: generator));
    }

    /// <summary>Reads what <see cref="Save"/> has written, in whichever process.</summary>
    public static ProgressionModel Load(string path)
    {
        TablePreprocessor preprocessor = TablePreprocessor.Load(path);
        Layer network = CreateNetwork(preprocessor);
        network.LoadStateDict(Safetensors.Load(path));
        return new ProgressionModel(network, preprocessor);
    }

    /// <summary>Writes the weights, and the preprocessing into the metadata of the same file.</summary>
    public void Save(string path) => Safetensors.Save(path, Network.StateDict(), Preprocessor.ToMetadata());

    /// <summary>The prediction for each row, in the unit of the target.</summary>
    public Tensor Predict(Table rows) => Preprocessor.TargetValues(Network.Predict(Preprocessor.Inputs(rows).Single));
}

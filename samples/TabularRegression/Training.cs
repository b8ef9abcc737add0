using Engine;
using Engine.Data.Tables;
using Engine.Nn;

namespace TabularRegressionSample;

/// <summary>Learns the target from the other columns, and measures on rows that had no part in it.</summary>
public static class Training
{
    /// <summary>Reads the table, trains, prints the figures and writes the model.</summary>
    public static void Run(string data, string path, int epochs)
    {
        Table table = Csv.Read(data);
        Console.WriteLine($"{table}\n");
        (Table rest, Table test) = table.Split(0.2, seed: 1);
        (Table train, Table validation) = rest.Split(0.2, seed: 2);

        // Means, deviations and categories of the training part alone: those of the other rows are what a model cannot know.
        TablePreprocessor preprocessor = TablePreprocessor.Fit(train, ProgressionModel.Target);
        Console.WriteLine($"inputs: {string.Join(", ", preprocessor.NumberNames)}\n");

        Layer network = ProgressionModel.CreateNetwork(preprocessor);
        EarlyStopping stopping = new("val_loss", patience: 50, restoreBest: true);
        Trainer trainer = new(network, new AdamW(network.Parameters, learningRate: 1e-3, weightDecay: 1), Losses.Mse)
        {
            Callbacks = [stopping],
            Verbosity = Verbosity.Quiet,
        };
        History history = trainer.Fit(
            new DataLoader(preprocessor.Dataset(train), 32) { Shuffle = true, Seed = 1 },
            new DataLoader(preprocessor.Dataset(validation), 256),
            epochs);
        Console.WriteLine($"{history.Epochs.Count} epochs; the weights of epoch {stopping.BestEpoch} stay\n");

        ProgressionModel model = new(network, preprocessor);
        Console.WriteLine($"on {test.RowCount} test rows     RMSE     R²");
        Report("mean of the target", test, Tensor.Full([test.RowCount, 1], preprocessor.TargetValue(0)), preprocessor);
        Report("linear regression", test, LinearRegression(preprocessor, train, test), preprocessor);
        Report("network", test, model.Predict(test), preprocessor);
        model.Save(path);
        Console.WriteLine($"\n{path} has the network and its preprocessing.");
    }

    /// <summary>Ordinary least squares on the same inputs. A network that is no better than this is not needed.</summary>
    public static Tensor LinearRegression(TablePreprocessor preprocessor, Table train, Table test)
    {
        static Tensor WithOne(Tensor x) => Tensor.Concat([x, Tensor.Ones([x.Shape[0], 1])], axis: 1);
        Tensor weights = WithOne(preprocessor.Inputs(train).Single).LstSq(preprocessor.Targets(train).Single);
        return preprocessor.TargetValues(WithOne(preprocessor.Inputs(test).Single).MatMul(weights));
    }

    private static void Report(string name, Table rows, Tensor predictions, TablePreprocessor preprocessor)
    {
        Tensor targets = preprocessor.TargetValues(preprocessor.Targets(rows).Single);
        RootMeanSquaredError rmse = new();
        R2Score r2 = new();
        rmse.Update(predictions, targets);
        r2.Update(predictions, targets);
        Console.WriteLine($"{name,-20} {rmse.Compute(),7:F1} {r2.Compute(),6:F3}");
    }
}

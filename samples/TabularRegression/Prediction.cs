using System.Globalization;
using Engine.Data.Tables;

namespace TabularRegressionSample;

/// <summary>Predictions for the rows of a file, in a process that has never seen the training data.</summary>
public static class Prediction
{
    /// <summary>Prints one number for each row.</summary>
    public static void Run(string data, string path)
    {
        ProgressionModel model = ProgressionModel.Load(path);

        // The types are those of the training: a column that is empty here, or has numbers for names, would be taken for something else.
        Table rows = Csv.Read(data, new CsvOptions { Types = model.Preprocessor.ColumnTypes });
        foreach (float prediction in model.Predict(rows).ToArray<float>())
        {
            Console.WriteLine(prediction.ToString("F1", CultureInfo.InvariantCulture));
        }
    }
}

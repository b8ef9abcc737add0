using Engine;
using Engine.Data.Tables;
using Engine.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Row = System.Collections.Generic.Dictionary<string, System.Text.Json.JsonElement>;

namespace TabularRegressionSample;

/// <summary><c>POST /predict</c>: rows as JSON in, a number for each of them out.</summary>
public static class Server
{
    /// <summary>Serves a model until the process is told to end.</summary>
    public static async Task RunAsync(string path)
    {
        await using WebApplication app = Build(path, "http://127.0.0.1:5081");
        await app.RunAsync();
    }

    /// <summary>Serves a model to one request of its own.</summary>
    public static async Task AskAsync(string path)
    {
        await using WebApplication app = Build(path, "http://127.0.0.1:0");
        await app.StartAsync();
        using HttpClient client = new() { BaseAddress = new Uri(app.Urls.First()) };
        using HttpResponseMessage response = await client.PostAsJsonAsync("/predict", new[] { new { age = 59, sex = "M", bmi = 32.1 } });
        Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        response.EnsureSuccessStatusCode();
        await app.StopAsync();
    }

    /// <summary>A web server with a model; it is not started.</summary>
    public static WebApplication Build(string path, string url)
    {
        TablePreprocessor preprocessor = TablePreprocessor.Load(path);
        WebApplicationBuilder builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(static o => o.Limits.MaxRequestBodySize = 1 << 20);
        builder.Services.AddEngine()
            .AddModel(ProgressionModel.Target, _ => ProgressionModel.CreateNetwork(preprocessor), o =>
            {
                o.Weights = path;
                o.InputShape = [preprocessor.NumberCount];
                o.WhenFull = QueueFullMode.Wait;             // a request may have more rows than the queue has places
            })
            .AddPredictor(ProgressionModel.Target, new RowCodec(preprocessor));

        WebApplication app = builder.Build();
        app.MapPost("/predict", PredictAsync);
        return app;
    }

    private static async Task<Results<Ok<double[]>, ProblemHttpResult>> PredictAsync(Row?[] rows, IPredictor<Row, double> predictor, CancellationToken cancellationToken)
    {
        try
        {
            // Rows of this request and of others meet in the model's queue and are computed together.
            return TypedResults.Ok(await Task.WhenAll(rows.Select(row => predictor.PredictAsync(row ?? throw new DataFileException("A row is null."), cancellationToken))));
        }
        catch (DataFileException error)
        {
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        catch (PredictionException error)
        {
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    /// <summary>Between the JSON of a row and the numbers of the network.</summary>
    private sealed class RowCodec(TablePreprocessor preprocessor) : ISampleCodec<Row, double>
    {
        public void Encode(Row sample, Span<float> values)
        {
            // A column that is left out is a missing value; one that nobody knows is a slip.
            if (sample.Keys.FirstOrDefault(name => !preprocessor.ColumnTypes.ContainsKey(name)) is { } unknown)
            {
                throw new DataFileException($"There is no column '{unknown}'. There are: {string.Join(", ", preprocessor.ColumnTypes.Keys)}.");
            }

            preprocessor.Encode(sample.ToDictionary(static cell => cell.Key, static cell => (string?)cell.Value.ToString()), values);
        }

        public double Decode(ReadOnlySpan<float> values) => preprocessor.TargetValue(values[0]);
    }
}

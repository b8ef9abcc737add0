using System.Buffers;
using System.Runtime.InteropServices;
using Engine;
using Engine.Hosting;
using Engine.Nn;

namespace PredictionServerSample.Load;

/// <summary>A model that is asked: in this process, or by HTTP with numbers as bytes, so that no reader of pictures or JSON is measured.</summary>
internal sealed class LoadTarget : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient? _http;
    private readonly IPredictor _predictor;
    private readonly float[] _sample;
    private readonly byte[] _body;

    private LoadTarget(WebApplication app, HttpClient? http, float[] sample)
    {
        (_app, _http, _sample) = (app, http, sample);
        _body = MemoryMarshal.AsBytes(sample.AsSpan()).ToArray();
        _predictor = app.Services.GetRequiredService<IPredictor>();
    }

    /// <summary>The device of the model.</summary>
    public Device Device => _app.Services.GetRequiredService<Device>();

    /// <summary>How many numbers a sample has.</summary>
    public int Length => _sample.Length;

    /// <summary>Where numbers are posted.</summary>
    public string Url => $"{_app.Urls.First()}/numbers";

    /// <summary>Ends when the process is told to end.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>The shape of a model's picture.</summary>
    public static int[] ShapeOf(string model) => model == "lenet5" ? [1, 28, 28] : [3, 32, 32];

    /// <summary>A picture of that shape.</summary>
    public static float[] Sample(int[] shape) => [.. Enumerable.Range(0, shape.Aggregate(static (a, b) => a * b)).Select(static i => (i % 17) / 17f)];

    /// <summary>A server whose model has warmed up.</summary>
    public static async Task<LoadTarget> StartAsync(string model, string device, int clients, int maxBatch, bool isHttp)
    {
        int[] shape = ShapeOf(model);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddEngine(o => o.Device = device).AddModel(model, _ => ModelZoo.Create(model, [.. shape]), o => (o.InputShape, o.MaxBatch) = (shape, maxBatch));
        WebApplication app = builder.Build();
        app.MapPost("/numbers", AnswerAsync);
        await app.StartAsync();
        HttpClient? http = isHttp ? new(new SocketsHttpHandler { MaxConnectionsPerServer = Math.Max(1, clients), UseProxy = false }) : null;
        LoadTarget target = new(app, http, Sample(shape));
        await target.AskAsync();
        return target;
    }

    /// <summary>One question; what it throws ends the run.</summary>
    public async Task AskAsync()
    {
        if (_http is null)
        {
            await _predictor.PredictAsync(_sample);
            return;
        }

        using ByteArrayContent content = new(_body);
        using HttpResponseMessage response = await _http.PostAsync(Url, content);
        response.EnsureSuccessStatusCode();
        await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Until the process is told to end.</summary>
    public Task EndAsync() => _app.WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        IPredictor predictor = context.RequestServices.GetRequiredService<IPredictor>();
        int length = sizeof(float) * predictor.InputShape.Aggregate(static (a, b) => a * b);
        System.IO.Pipelines.ReadResult body = await context.Request.BodyReader.ReadAtLeastAsync(length, context.RequestAborted);
        float[] sample = new float[body.Buffer.Length / sizeof(float)];
        body.Buffer.Slice(0, sizeof(float) * sample.Length).CopyTo(MemoryMarshal.AsBytes(sample.AsSpan()));
        context.Request.BodyReader.AdvanceTo(body.Buffer.End);
        float[] answer = await predictor.PredictAsync(sample, context.RequestAborted);
        await context.Response.BodyWriter.WriteAsync(MemoryMarshal.AsBytes(answer.AsSpan()).ToArray(), context.RequestAborted);
    }
}

using Engine.Hosting;
using Engine.Nn;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using PredictionServerSample;
using PredictionServerSample.Load;

// A web server that says what piece of clothing a picture shows.
//
//     dotnet run -c Release --project samples/PredictionServer                    http://127.0.0.1:5080 until Ctrl+C
//     dotnet run -c Release --project samples/PredictionServer -- --load          is its own 64 clients, and prints what they saw
//
// Beside --load: --http asks by HTTP, --memory prints memory every ten seconds, --listen leaves the asking to another program (with --batch N);
// --model resnet18, --clients 1, --seconds 600, --device cpu.
if (args.Contains("--load"))
{
    return await LoadRun.RunAsync(args);
}

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);

// A server for a try-out has to get weights from somewhere; yours come with the deployment.
FirstWeights.Ensure(builder.Configuration["Engine:Models:clothes:Weights"]!, builder.Configuration.GetValue("Training:Images", 12_000));

// The device and the model's options are in appsettings.json.
builder.Services.AddEngine()
    .AddModel("clothes", static _ => new LeNet5(), static (model, images) => model.Call(images).Softmax(axis: 1))
    .AddPredictor("clothes", new ClothesCodec());
builder.Services.AddOpenApi();
builder.Services.AddProblemDetails();
builder.Services.ConfigureHttpJsonOptions(static o => o.SerializerOptions.TypeInfoResolverChain.Insert(0, ServerJson.Default));

// No piece of clothing needs more, and a body is in memory as a whole.
builder.WebHost.ConfigureKestrel(static o => o.Limits.MaxRequestBodySize = 4 << 20);

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapPredict();

// Alive: the process answers. Ready: the model has answered too, so that a balancer may send traffic.
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = static _ => false });
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains(EngineBuilder.ReadyTag) });
await app.RunAsync();
return 0;

/// <summary>Public, so that tests can start the server.</summary>
public partial class Program;

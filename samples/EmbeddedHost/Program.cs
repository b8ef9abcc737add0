using EmbeddedHostSample;
using Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A host application that trains a network in the background and answers with it: here a worker service, in the same way a web server.
//
//     dotnet run -c Release --project samples/EmbeddedHost              until Ctrl+C
//     dotnet run -c Release --project samples/EmbeddedHost -- --once    ends after a few answers
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSingleton(Device.Best());
builder.Services.AddSingleton<TrainedModel>();
builder.Services.AddSingleton<PredictionQueue>();
builder.Services.AddSingleton(new CustomerOptions(Once: args.Contains("--once")));
builder.Services.AddHostedService<TrainingService>();
builder.Services.AddHostedService<PredictionService>();
builder.Services.AddHostedService<Customer>();
await builder.Build().RunAsync();

using Engine.Nn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace Engine.Hosting.Tests;

/// <summary>What a host sees of a model from its options to its end.</summary>
internal sealed class LifetimeTests
{
    private static readonly TestCaseData[] s_badOptions =
    [
        Bad(static o => o.InputShape = [], "InputShape is missing"),
        Bad(static o => o.InputShape = [3, 0], "sizes must be positive"),
        Bad(static o => o.InputShape = [3, -1], "sizes must be positive"),
        Bad(static o => o.InputShape = [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue], "at most 2^28"),
        Bad(static o => o.InputShape = [1, 1, 1, 1, 1, 1, 1, 1], "at most 7"),
        Bad(static o => o.Weights = "none.safetensors", "no file 'none.safetensors'"),
        Bad(static o => o.MaxBatch = 0, "MaxBatch is 0"),
        Bad(static o => o.QueueLimit = 63, "at least MaxBatch, 64"),
        Bad(static o => o.WhenFull = (QueueFullMode)7, "Reject or Wait"),
        Bad(static o => o.MaxDelay = TimeSpan.FromSeconds(-1), "MaxDelay"),
        Bad(static o => o.ReloadInterval = TimeSpan.Zero, "ReloadInterval"),
        Bad(static o => o.ReloadOnChange = true, "watches the file of Weights"),
        Bad(static o => o.MaxProbeDifference = -1, "must not be negative"),
        Bad(static o => o.Probe = [1, 2], "no whole number of samples"),
    ];

    [TestCaseSource(nameof(s_badOptions))]
    public void BadOptions_EndTheStart_AndAreNamed(Action<ModelOptions> change, string message)
    {
        using IHost host = SmallHost.Build(() => new Doubling(), change);
        Assert.That(async () => await host.StartAsync(), Throws.InstanceOf<OptionsValidationException>().With.Message.Contains(message).And.Message.Contains(SmallHost.Model));
    }

    [TestCase("", 1, 1L, "Device is empty")]
    [TestCase("cpu", 0, 1L, "Threads is 0")]
    [TestCase("cpu", 1, 0L, "MemoryLimit is 0")]
    public void BadEngineOptions_EndTheStart(string device, int threads, long limit, string message)
    {
        using IHost host = SmallHost.Build(() => new Doubling(), more: b => b.Services.AddEngine(o => (o.Device, o.Threads, o.MemoryLimit) = (device, threads, limit)));
        Assert.That(async () => await host.StartAsync(), Throws.InstanceOf<OptionsValidationException>().With.Message.Contains(message));
    }

    [Test]
    public void DeviceThatIsNotThere_EndsTheStart()
    {
        using IHost host = SmallHost.Build(() => new Doubling(), more: static b => b.Services.AddEngine(static o => o.Device = "cuda:99"));
        Assert.That(async () => await host.StartAsync(), Throws.InstanceOf<DeviceUnavailableException>());
    }

    [Test]
    public void WeightsOfAnotherModel_EndTheStart()
    {
        using TemporaryFile file = new();
        Safetensors.Save(file.Path, new Linear(4, 2).StateDict());
        using IHost host = SmallHost.Build(() => new Linear(3, 2), o => o.Weights = file.Path);
        Assert.That(async () => await host.StartAsync(), Throws.InstanceOf<ModelFileException>().With.Message.Contains("weight"));
    }

    [Test]
    public void DamagedWeights_EndTheStart()
    {
        using TemporaryFile file = new();
        File.WriteAllBytes(file.Path, [1, 2, 3]);
        using IHost host = SmallHost.Build(() => new Linear(3, 2), o => o.Weights = file.Path);
        Assert.That(async () => await host.StartAsync(), Throws.InstanceOf<ModelFileException>());
    }

    [Test]
    public async Task Options_ComeFromConfiguration_AndCodeHasTheLastWord()
    {
        using TemporaryFile file = new();
        Linear trained = new(3, 2);
        Safetensors.Save(file.Path, trained.StateDict());
        await using SmallHost host = await SmallHost.StartAsync(() => new Linear(3, 2), configure: null, b => b.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Engine:Threads"] = "1",
            [$"Engine:Models:{SmallHost.Model}:Weights"] = file.Path,
            [$"Engine:Models:{SmallHost.Model}:MaxBatch"] = "8",
            [$"Engine:Models:{SmallHost.Model}:WhenFull"] = "Wait",
            [$"Engine:Models:{SmallHost.Model}:MaxDelay"] = "00:00:00.001",
            [$"Engine:Models:{SmallHost.Model}:MaxProbeDifference"] = "0.5",
        }));
        ModelOptions options = host.Services.GetRequiredService<IOptionsMonitor<ModelOptions>>().Get(SmallHost.Model);
        Assert.That((options.MaxBatch, options.WhenFull, options.MaxDelay, options.MaxProbeDifference), Is.EqualTo((8, QueueFullMode.Wait, TimeSpan.FromMilliseconds(1), (double?)0.5)));
        Assert.That(options.InputShape, Is.EqualTo(new[] { 3 }));
        Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(trained.Predict(Tensor.From<float>([1, 2, 3], [1, 3])).ToArray<float>()).Within(1e-6));
    }

    [Test]
    public async Task Health_FollowsTheModel()
    {
        Doubling model = new();
        model.Gate.Reset();
        await using SmallHost host = await SmallHost.StartAsync(() => new Sequential(model, new Fragile()), static o => (o.MaxBatch, o.QueueLimit) = (1, 1), waits: false);
        Assert.That(await StatusAsync(host), Is.EqualTo(HealthStatus.Unhealthy));

        // A sample that comes before the model is warm waits for it.
        Task<float[]> early = host.Predictor.PredictAsync(new float[] { 1, 1, 1 });
        model.Gate.Set();
        Assert.That((await early)[0], Is.EqualTo(2));
        Assert.That(await StatusAsync(host), Is.EqualTo(HealthStatus.Healthy));
        Assert.That(async () => await host.Predictor.PredictAsync(new float[] { -1, 1, 1 }), Throws.InstanceOf<PredictionException>());
        Assert.That(await StatusAsync(host), Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task FullQueue_DegradesHealth()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.QueueLimit) = (1, 1));
        await model.Began.WaitAsync();
        model.Gate.Reset();
        Task<float[]> computing = host.Predictor.PredictAsync(new float[3]);
        await model.Began.WaitAsync();
        Task<float[]> waiting = host.Predictor.PredictAsync(new float[3]);
        Assert.That(await StatusAsync(host), Is.EqualTo(HealthStatus.Degraded));
        model.Gate.Set();
        await Task.WhenAll(computing, waiting);
    }

    [Test]
    public async Task Stop_AnswersThoseThatWait_AndRefusesNewOnes()
    {
        Doubling model = new();
        SmallHost host = await SmallHost.StartAsync(() => model, static o => o.MaxBatch = 2);
        model.Gate.Reset();
        Task<float[]>[] answers = [.. Enumerable.Range(0, 9).Select(i => host.Predictor.PredictAsync(new float[] { i, i, i }))];
        Task stopping = Task.WhenAll(host.Host.StopAsync(), host.Host.StopAsync());
        while (host.Predictor.State != PredictorState.Stopping)
        {
            await Task.Delay(1);
        }

        Assert.That(async () => await host.Predictor.PredictAsync(new float[3]), Throws.InstanceOf<PredictionException>().With.Message.Contains("the host stops"));
        Assert.That(stopping.IsCompleted, Is.False);
        model.Gate.Set();
        float[][] rows = await Task.WhenAll(answers);
        Assert.That(rows.Select(static r => r[0]), Is.EqualTo(Enumerable.Range(0, 9).Select(static i => 2f * i)));
        await stopping;
        host.Host.Dispose();

        // A second stop, by whoever owns the host, finds nothing to do.
        await host.Host.StopAsync();
    }

    [Test]
    public async Task Stop_WithoutTime_RefusesThoseThatWait()
    {
        Doubling model = new();
        SmallHost host = await SmallHost.StartAsync(() => model, static o => o.MaxBatch = 1);
        while (model.Began.CurrentCount > 0)
        {
            await model.Began.WaitAsync();
        }

        model.Gate.Reset();
        Task<float[]> computing = host.Predictor.PredictAsync(new float[3]);
        await model.Began.WaitAsync();
        Task<float[]> waiting = host.Predictor.PredictAsync(new float[3]);
        using CancellationTokenSource now = new();
        Task stopping = host.Host.StopAsync(now.Token);
        await now.CancelAsync();
        model.Gate.Set();
        Assert.That((await computing)[0], Is.Zero);
        Assert.That(async () => await waiting, Throws.InstanceOf<PredictionException>().With.Message.Contains("has stopped"));
        await stopping.ContinueWith(static _ => { }, TaskScheduler.Default);
        host.Host.Dispose();
    }

    [Test]
    public async Task SeveralModels_AreFoundByName()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Doubling(), more: static b =>
            b.Services.AddEngine().AddModel("sums", static _ => new Linear(2, 1), static (model, x) => model.Call(x).Sum(axis: 1, keepDims: true) * 0 + 7, static o => o.InputShape = [2]));
        IPredictor sums = host.Services.GetRequiredKeyedService<IPredictor>("sums");
        Assert.That(host.Services.GetServices<IPredictor>().Select(static p => p.Name), Is.EqualTo(new[] { SmallHost.Model, "sums" }));
        Assert.That(host.Services.GetRequiredService<IPredictor>(), Is.SameAs(sums));
        Assert.That(await sums.PredictAsync(new float[] { 1, 2 }), Is.EqualTo(new float[] { 7 }));
    }

    [Test]
    public void NameThatIsTaken_IsRefused() => Assert.That(
        static () => new ServiceCollection().AddEngine().AddModel("a", static _ => new Linear(2, 1)).AddModel("a", static _ => new Linear(2, 1)),
        Throws.ArgumentException.With.Message.Contains("a model 'a' already"));

    [Test]
    public async Task Codec_TurnsSamplesAndAnswers_AndItsErrorsReachTheCallerAlone()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Doubling(), more: static b => b.Services.AddEngine().AddPredictor(SmallHost.Model, new Words()));
        IPredictor<string, string> words = host.Services.GetRequiredService<IPredictor<string, string>>();
        Assert.That(await words.PredictAsync("1 2 3"), Is.EqualTo("2 4 6"));
        Assert.That(async () => await words.PredictAsync("1 2 x"), Throws.InstanceOf<FormatException>());
        Assert.That(
            static () => new ServiceCollection().AddEngine().AddPredictor("none", new Words()),
            Throws.ArgumentException.With.Message.Contains("there is no model 'none'"));
    }

    [Test]
    public async Task ClassWithDefaults_IsMadeByItsConstructor()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddEngine(static o => o.Device = "cpu").AddModel<LeNet5>("digits", static o => (o.InputShape, o.MaxBatch) = ([1, 28, 28], 2));
        using IHost host = builder.Build();
        await host.StartAsync();
        Assert.That(await host.Services.GetRequiredService<IPredictor>().PredictAsync(new float[784]), Has.Length.EqualTo(10));
        await host.StopAsync();
    }

    private static TestCaseData Bad(Action<ModelOptions> change, string message) => new TestCaseData(change, message).SetArgDisplayNames(message);

    private static async Task<HealthStatus> StatusAsync(SmallHost host)
    {
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Tags.Contains(EngineBuilder.ReadyTag));
        Assert.That(report.Entries.Keys, Is.EqualTo(new[] { "engine:" + SmallHost.Model }));
        return report.Status;
    }

    private sealed class Words : ISampleCodec<string, string>
    {
        public void Encode(string sample, Span<float> values)
        {
            string[] parts = sample.Split(' ');
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = float.Parse(parts[i], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        public string Decode(ReadOnlySpan<float> values) => string.Join(' ', values.ToArray());
    }
}

using Engine.Nn;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace Engine.Hosting.Tests;

internal sealed class ReloadTests
{
    [Test]
    public async Task NewWeights_AnswerFromThenOn_AndTheOldOnesGiveTheirMemoryBack()
    {
        using TemporaryFile first = new(), second = new();
        Save(first, 1);
        Save(second, 3);
        await using SmallHost host = await SmallHost.StartAsync(() => new Linear(3, 1), o => (o.Weights, o.Probe) = (first.Path, [1, 1, 1, 2, 0, 0]));
        Device cpu = host.Services.GetRequiredService<Device>();
        Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(new float[] { 6 }));
        Assert.That(await host.Predictor.ReloadAsync(second.Path), Is.EqualTo(new ReloadResult(true, null, 6)));
        long before = cpu.Pool.Report.InUse;
        Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(new float[] { 18 }));
        for (int i = 0; i < 5; i++)
        {
            Assert.That((await host.Predictor.ReloadAsync()).Accepted);
            Assert.That((await host.Predictor.ReloadAsync(second.Path)).Accepted);
        }

        Assert.That(cpu.Pool.Report.InUse, Is.LessThanOrEqualTo(before));
    }

    [Test]
    public async Task Answers_DuringReloads_AreOfOneOfTheWeights()
    {
        using TemporaryFile first = new(), second = new();
        Save(first, 1);
        Save(second, 3);
        await using SmallHost host = await SmallHost.StartAsync(() => new Linear(3, 1), o => o.Weights = first.Path);
        Task reloads = Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                await host.Predictor.ReloadAsync(i % 2 == 0 ? second.Path : first.Path);
            }
        });
        while (!reloads.IsCompleted)
        {
            float[][] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.Predictor.PredictAsync(new float[] { 1, 2, 3 })));
            Assert.That(answers.Select(static a => a[0]), Is.All.EqualTo(6f).Or.EqualTo(18f));
        }

        await reloads;
    }

    [Test]
    public async Task WeightsThatDoNotPass_AreNotTaken()
    {
        using TemporaryFile first = new(), far = new(), wrong = new(), broken = new(), infinite = new();
        Save(first, 1);
        Save(far, 3);
        Save(infinite, float.PositiveInfinity);
        Safetensors.Save(wrong.Path, new Linear(5, 1).StateDict());
        File.WriteAllText(broken.Path, "nothing of the kind");
        await using SmallHost host = await SmallHost.StartAsync(() => new Linear(3, 1), o => (o.Weights, o.MaxProbeDifference, o.Probe) = (first.Path, 1, [1, 1, 1]));
        foreach ((string path, string reason, double difference) in new[]
        {
            (far.Path, "differ by 6", 6), (infinite.Path, "not finite", double.NaN), (wrong.Path, "weight", double.NaN), (broken.Path, string.Empty, double.NaN),
            ("none.safetensors", "none.safetensors", double.NaN),
        })
        {
            ReloadResult result = await host.Predictor.ReloadAsync(path);
            Assert.That(result.Accepted, Is.False, path);
            Assert.That(result.Reason, Does.Contain(reason));
            Assert.That(result.ProbeDifference, Is.EqualTo(difference));
            Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(new float[] { 6 }));
        }
    }

    [Test]
    public async Task ModelWithoutAFile_HasNothingToLoad()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Linear(3, 1));
        Assert.That(async () => await host.Predictor.ReloadAsync(), Throws.InvalidOperationException);
    }

    [Test]
    public async Task FileThatChanges_IsLoaded_WhenItIsWhole()
    {
        FakeTimeProvider time = new();
        using TemporaryFile file = new();
        Save(file, 1);
        await using SmallHost host = await SmallHost.StartAsync(
            () => new Linear(3, 1), o => (o.Weights, o.ReloadOnChange) = (file.Path, true), b => b.Services.AddSingleton<TimeProvider>(time));
        Save(file, 3);
        File.SetLastWriteTimeUtc(file.Path, DateTime.UtcNow.AddHours(1));
        for (int i = 0; ; i++)
        {
            // Each look at the file comes a while after the one before it.
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(20);
            if ((await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }))[0] == 18)
            {
                break;
            }

            Assert.That(i, Is.LessThan(500), "the file was not taken");
        }

        // One that is damaged is looked at once and leaves all as it is.
        File.WriteAllText(file.Path, "half a file");
        for (int i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(20);
        }

        Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(new float[] { 18 }));
        Assert.That(host.Predictor.State, Is.EqualTo(PredictorState.Ready));
    }

    /// <summary>A layer that sums its three numbers up and multiplies.</summary>
    private static void Save(TemporaryFile file, float factor) =>
        Safetensors.Save(file.Path, new Dictionary<string, Tensor> { ["weight"] = Tensor.Full([1, 3], factor), ["bias"] = Tensor.Zeros([1]) });
}

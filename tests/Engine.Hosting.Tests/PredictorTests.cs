using Engine.Nn;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace Engine.Hosting.Tests;

internal sealed class PredictorTests
{
    [Test]
    public async Task ManyCallers_EachGetsTheAnswerToItsOwn_AndBatchesGrow()
    {
        Linear model = new(3, 2);
        float[] weight = model.Weight.ToArray<float>(), bias = model.Bias!.ToArray<float>();
        Doubling doubling = new();
        await using SmallHost host = await SmallHost.StartAsync(() => new Sequential(doubling, model));
        doubling.Gate.Reset();
        Task<float[]>[] answers = [.. Enumerable.Range(0, 200).Select(i => host.Predictor.PredictAsync(new float[] { i, 1, -i }))];
        doubling.Gate.Set();
        for (int i = 0; i < answers.Length; i++)
        {
            float[] answer = await answers[i];
            float Expected(int row) => (2 * ((i * weight[3 * row]) + weight[(3 * row) + 1] - (i * weight[(3 * row) + 2]))) + bias[row];
            Assert.That(answer, Has.Length.EqualTo(2));
            Assert.That(answer[0], Is.EqualTo(Expected(0)).Within(1e-3));
            Assert.That(answer[1], Is.EqualTo(Expected(1)).Within(1e-3));
        }

        // The warm-up's two, then 200 samples in batches of at most 64, of which the first may have been taken before the rest came.
        Assert.That(doubling.Batches, Has.All.LessThanOrEqualTo(64));
        Assert.That(doubling.Batches.Skip(2).Sum(), Is.EqualTo(200));
        Assert.That(doubling.Batches.Skip(2).Count(), Is.LessThanOrEqualTo(5));
        Assert.That(host.Predictor.OutputShape, Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public async Task LonelySample_IsComputedAtOnce_WithoutPadding()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model);
        Assert.That(await host.Predictor.PredictAsync(new float[] { 1, 2, 3 }), Is.EqualTo(new float[] { 2, 4, 6 }));
        Assert.That(model.Batches, Is.EqualTo(new[] { 1, 64, 1 }));
    }

    [Test]
    public async Task AllBatches_AreComputedOnOneThread_SinceEachThreadKeepsMemory()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model);
        for (int i = 0; i < 50; i++)
        {
            // The loop sleeps in between: it goes on where it is woken.
            await Task.Delay(1);
            await host.Predictor.PredictAsync(new float[] { 1, 2, 3 });
        }

        Assert.That(model.Threads, Has.Count.EqualTo(52).And.All.SameAs(model.Threads.First()));
        Assert.That(model.Threads.First().IsThreadPoolThread, Is.False);
    }

    [Test]
    public async Task Sample_IsCopied_SoThatItsOwnerMayWriteOn()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model);
        model.Gate.Reset();
        float[] sample = [1, 2, 3];
        Task<float[]> answer = host.Predictor.PredictAsync(sample);
        sample.AsSpan().Fill(9);
        model.Gate.Set();
        Assert.That(await answer, Is.EqualTo(new float[] { 2, 4, 6 }));
    }

    [Test]
    public async Task SampleThatTheModelRefuses_FailsAlone()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Sequential(new Doubling(), new Superstitious()), more: null);
        Task<float[]>[] answers = [.. Enumerable.Range(0, 50).Select(i => host.Predictor.PredictAsync(new float[] { 1, i + 1, 1 }))];

        // 6.5 doubled: no batch with it can be computed.
        Task<float[]> refused = host.Predictor.PredictAsync(new float[] { 6.5f, 1, 1 });
        Task<float[]>[] after = [.. Enumerable.Range(0, 50).Select(i => host.Predictor.PredictAsync(new float[] { 1, 1, i + 1 }))];
        PredictionException? error = await Assert.ThrowsAsync<PredictionException>(async () => await refused);
        Assert.That(error!.Message, Does.Contain("13 is refused").And.Contain(SmallHost.Model));
        Assert.That(error.InnerException, Is.InstanceOf<InvalidOperationException>());
        float[][] rows = await Task.WhenAll([.. answers, .. after]);
        Assert.That(rows[7][1], Is.EqualTo(MathF.Log(16)).Within(1e-6));
        Assert.That(host.Predictor.State, Is.EqualTo(PredictorState.Ready));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task AnswerThatIsNotFinite_FailsAlone_UnlessItIsAllowed(bool isAllowed)
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Superstitious(), o =>
        {
            o.AllowNonFinite = isAllowed;
            o.Probe = [1, 2, 3];
        });
        Task<float[]> bad = host.Predictor.PredictAsync(new float[] { 0, 1, 1 }), good = host.Predictor.PredictAsync(new float[] { 1, 1, 1 });
        Assert.That(await good, Is.EqualTo(new float[] { 0, 0, 0 }));
        if (isAllowed)
        {
            Assert.That(await bad, Is.EqualTo(new float[] { float.NegativeInfinity, 0, 0 }));
        }
        else
        {
            Assert.That(async () => await bad, Throws.InstanceOf<PredictionException>().With.Message.Contains("not finite"));
        }
    }

    [TestCase(0)]
    [TestCase(2)]
    [TestCase(4)]
    public async Task SampleOfAnotherLength_IsRefusedBeforeItWaits(int length)
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Doubling());
        Assert.That(() => host.Predictor.PredictAsync(new float[length]), Throws.ArgumentException.With.Message.Contains($"has {length} numbers"));
    }

    [Test]
    public async Task FullQueue_RefusesAtOnce()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.QueueLimit) = (2, 4));
        Task<float[]>[] answers = await FillAsync(host, model);
        Assert.That(async () => await host.Predictor.PredictAsync(new float[3]), Throws.InstanceOf<QueueFullException>().With.Message.Contains("4 samples wait"));
        model.Gate.Set();
        Assert.That((await Task.WhenAll(answers)).Length, Is.EqualTo(5));
    }

    [Test]
    public async Task FullQueue_MayLetItsCallersWait()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.QueueLimit, o.WhenFull) = (2, 4, QueueFullMode.Wait));
        Task<float[]>[] answers = await FillAsync(host, model);
        using CancellationTokenSource impatient = new();
        Task<float[]> waits = host.Predictor.PredictAsync(new float[] { 5, 5, 5 }), leaves = host.Predictor.PredictAsync(new float[3], impatient.Token);
        Assert.That(waits.IsCompleted, Is.False);
        await impatient.CancelAsync();
        Assert.That(async () => await leaves, Throws.InstanceOf<OperationCanceledException>());
        model.Gate.Set();
        Assert.That((await waits)[0], Is.EqualTo(10));
        await Task.WhenAll(answers);
    }

    [Test]
    public async Task CancelledSample_IsNotComputed()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.QueueLimit) = (2, 4));
        Task<float[]>[] answers = await FillAsync(host, model, count: 2);
        using CancellationTokenSource leaving = new();
        Task<float[]> cancelled = host.Predictor.PredictAsync(new float[3], leaving.Token);
        await leaving.CancelAsync();
        Assert.That(async () => await cancelled, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await host.Predictor.PredictAsync(new float[3], leaving.Token), Throws.InstanceOf<OperationCanceledException>());
        model.Gate.Set();
        await Task.WhenAll(answers);
        Assert.That(model.Batches.Skip(2).Sum(), Is.EqualTo(answers.Length));
    }

    [Test]
    public async Task LostDevice_EndsTheModel_AndSaysSo()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Fragile());
        Assert.That(async () => await host.Predictor.PredictAsync(new float[] { 1, -1, 1 }), Throws.InstanceOf<PredictionException>().With.Message.Contains("gone"));
        Assert.That(host.Predictor.State, Is.EqualTo(PredictorState.Failed));
        Assert.That(async () => await host.Predictor.PredictAsync(new float[] { 1, 1, 1 }), Throws.InstanceOf<PredictionException>().With.Message.Contains("gone"));
    }

    [Test]
    public async Task ModelThatMixesSamples_NeverBecomesReady()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Mixing());
        Assert.That(host.Predictor.State, Is.EqualTo(PredictorState.Failed));
        Assert.That(async () => await host.Predictor.PredictAsync(new float[3]), Throws.InstanceOf<PredictionException>().With.Message.Contains("axis 0").And.Message.Contains("samples of [3] (InputShape)"));
    }

    [Test]
    public async Task MaxDelay_GathersABatch()
    {
        Doubling model = new();
        await using SmallHost host = await SmallHost.StartAsync(() => model, static o => (o.MaxBatch, o.MaxDelay) = (8, TimeSpan.FromMilliseconds(200)));
        Task<float[]> first = host.Predictor.PredictAsync(new float[3]);
        await Task.Delay(5);
        await Task.WhenAll(first, host.Predictor.PredictAsync(new float[3]));
        Assert.That(model.Batches.Skip(2), Is.EqualTo(new[] { 2 }));
    }

    [Test]
    public async Task Memory_IsFlat()
    {
        await using SmallHost host = await SmallHost.StartAsync(() => new Sequential(new Linear(3, 32), new Relu(), new Linear(32, 4)));
        Device cpu = host.Services.GetRequiredService<Device>();
        async Task AskAsync() => await Task.WhenAll(Enumerable.Range(0, 100).Select(i => host.Predictor.PredictAsync(new float[] { i, 1, 2 })));
        await AskAsync();
        long before = cpu.Pool.Report.InUse;
        for (int i = 0; i < 20; i++)
        {
            await AskAsync();
        }

        Assert.That(cpu.Pool.Report.InUse, Is.LessThanOrEqualTo(before));
    }

    /// <summary>Holds the model up with one batch and fills the queue behind it.</summary>
    private static async Task<Task<float[]>[]> FillAsync(SmallHost host, Doubling model, int count = 5)
    {
        while (model.Began.CurrentCount > 0)
        {
            await model.Began.WaitAsync();
        }

        model.Gate.Reset();
        Task<float[]> first = host.Predictor.PredictAsync(new float[] { 1, 1, 1 });
        await model.Began.WaitAsync();
        return [first, .. Enumerable.Range(1, count - 1).Select(i => host.Predictor.PredictAsync(new float[] { i, i, i }))];
    }
}

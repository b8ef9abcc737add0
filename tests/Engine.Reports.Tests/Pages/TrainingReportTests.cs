using Engine.Nn;
using Engine.Reports.Tests.Browser;
using NUnit.Framework;

namespace Engine.Reports.Tests.Pages;

/// <summary>Reports of training runs.</summary>
internal sealed class TrainingReportTests
{
    [Test]
    public async Task SaveReport_ShowsCurvesEpochsModelAndEnvironment()
    {
        using TemporaryFolder folder = new();
        RunRecorder recorder = new(TimeSpan.Zero);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(recorder);
        DataLoader loader = new(images, 16);
        History history = trainer.Fit(loader, loader, epochs: 3);
        history.SaveReport(folder.File("run.html"), recorder: recorder, summary: ((Layer)trainer.Model).Summary([1, 1, 4, 4]));
        await using OpenPage open = await OpenPage.Open(folder.Address("run.html"));
        int[] colors = await open.ColorsOfCanvases();
        await open.Picture("run");
        string[] headings = [.. await open.Page.Locator("h2").AllTextContentsAsync()];
        Assert.Multiple(() =>
        {
            Assert.That(open.Complaints, Is.Empty);
            Assert.That(headings, Is.EqualTo(new[] { "Loss", "Accuracy", "Learning rate", "Samples per second", "Gradient norm", "Epochs", "Model", "Environment" }));
            Assert.That(colors, Has.Length.EqualTo(5));
            Assert.That(colors, Has.All.GreaterThan(3));
        });
        Assert.That(await open.Page.Locator(".figures dt").AllTextContentsAsync(), Has.Member("epochs").And.Some.StartsWith("best validation loss, epoch "));
    }

    [Test]
    public void Recorder_NotesWhatALoopOfOnesOwnWouldSee()
    {
        RunRecorder recorder = new(TimeSpan.Zero);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(recorder);
        trainer.Fit(new DataLoader(images, 16), epochs: 2);

        // The same by hand: the loss of each step, and the length of its gradient.
        (Trainer other, _) = SmallRun.Make();
        List<(double Loss, double Norm)> steps = [];
        for (int epoch = 0; epoch < 2; epoch++)
        {
            foreach (Batch batch in new DataLoader(images, 16).Epoch(epoch))
            {
                other.Optimizer.ZeroGrad();
                Tensor loss = Losses.CrossEntropy(((Layer)other.Model).Forward(batch.Inputs), batch.Targets);
                loss.Backward();
                double squares = other.Model.Parameters.Sum(static p => p.Grad!.ToArray<float>().Sum(static g => (double)g * g));
                steps.Add((loss.Item(), Math.Sqrt(squares)));
                other.Optimizer.Step();
            }
        }

        Assert.That(recorder.Samples.Select(static s => s.Step), Is.EqualTo(Enumerable.Range(1, steps.Count)));
        for (int i = 0; i < steps.Count; i++)
        {
            Assert.That(recorder.Samples[i].Loss, Is.EqualTo(steps[i].Loss).Within(1e-5));
            Assert.That(recorder.Samples[i].GradientNorm, Is.EqualTo(steps[i].Norm).Within(1e-5).Percent.Or.EqualTo(steps[i].Norm).Within(1e-6));
            Assert.That(recorder.Samples[i].Epoch, Is.EqualTo((i + 1) / (steps.Count / 2.0)).Within(1e-12));
            Assert.That(recorder.Samples[i].LearningRate, Is.EqualTo(0.1));
        }
    }

    [Test]
    public void Recorder_OfALongRunKeepsSoManyMomentsAndTheLast()
    {
        RunRecorder recorder = new(TimeSpan.Zero);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(recorder);
        trainer.Fit(new DataLoader(images, 1), epochs: 40);
        Assert.That(trainer.Step, Is.EqualTo(40 * 64));
        Assert.That(recorder.Samples, Has.Count.InRange(RunRecorder.MostSamples / 2, RunRecorder.MostSamples));
        Assert.That(recorder.Samples[^1].Step, Is.EqualTo(trainer.Step));
        Assert.That(recorder.Samples.Select(static s => s.Step), Is.Ordered.And.Unique);
    }

    [Test]
    public void Recorder_GoesOnWithWhatItHad()
    {
        RunRecorder recorder = new(TimeSpan.Zero), resumed = new(TimeSpan.Zero);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(recorder);
        trainer.Fit(new DataLoader(images, 16), epochs: 1);
        TrainingState state = new();
        recorder.Save(state);
        resumed.Load(state);
        Assert.That(resumed.Samples, Is.EqualTo(recorder.Samples));
        state.Values["samples"] = "AAAA";
        Assert.That(() => resumed.Load(state), Throws.TypeOf<ModelFileException>());
    }

    [Test]
    public async Task Classification_ShowsTheMostSurelyMistaken()
    {
        // Image i is all i; the classifier says "odd" of all but the black one, and is the surer the brighter an image is.
        ImageDataset images = new([.. Enumerable.Range(0, 6).SelectMany(static i => Enumerable.Repeat((byte)(40 * i), 4))], [0, 1, 0, 1, 0, 1], [1, 2, 2]);
        static Tensor Predict(Tensor x)
        {
            Tensor brightness = x.Reshape(x.Shape[0], 4).Mean(1, keepDims: true);
            return Tensor.Concat([-brightness, brightness], 1);
        }

        using TemporaryFolder folder = new();
        new Report("Classes").AddClassification(Predict, images, ["even", "odd"], most: 2, batchSize: 4).Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        Assert.That(open.Complaints, Is.Empty);
        IReadOnlyList<string> captions = await open.Page.Locator("figcaption").AllTextContentsAsync();
        Assert.That(captions, Has.Count.EqualTo(2));
        Assert.That(captions, Has.All.StartsWith("even\ntaken for odd, "));
        byte[] first = await open.Page.EvaluateAsync<byte[]>(
            """
            () => {
              const image = document.querySelector(".images img"), c = document.createElement("canvas"), g = c.getContext("2d");
              g.drawImage(image, 0, 0);
              return [...g.getImageData(0, 0, 1, 1).data];
            }
            """);
        Assert.That(first, Is.EqualTo(new byte[] { 160, 160, 160, 255 }), "the brightest of the even ones");
        double[] counts = await open.Page.EvaluateAsync<double[]>("() => page.charts[0].data.values");
        Assert.That(counts, Is.EqualTo(new double[] { 1, 2, 0, 3 }));
        Assert.That(await open.Page.Locator(".caption").Last.TextContentAsync(), Does.StartWith("2 of 6 images"));
    }

    [Test]
    public async Task Monitor_ShowsEachLayer()
    {
        using LayerMonitor monitor = new(everySteps: 1);
        (Trainer trainer, ImageDataset images) = SmallRun.Make(monitor);
        trainer.Fit(new DataLoader(images, 16), epochs: 4);
        using TemporaryFolder folder = new();
        new Report("Layers").AddMonitor(monitor).Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        await open.Picture("monitor");
        int[] colors = await open.ColorsOfCanvases();
        Assert.That(open.Complaints, Is.Empty);
        Assert.That(colors, Has.All.GreaterThan(3));
        string[] series = await open.Page.EvaluateAsync<string[]>("() => page.charts[0].data.series.map(s => `${s.name} ${s.x.length}`)");
        Assert.That(series, Has.Member("1 16"), "the layer named 1, in each of sixteen steps");
        Assert.That(() => new Report("Layers").AddMonitor(monitor, ["nowhere"]), Throws.ArgumentException.With.Message.Contains("nowhere"));
    }

    [Test]
    public void AddHistory_OfATestSet_CallsItThat()
    {
        using TemporaryFolder folder = new();
        History history = new([new Dictionary<string, double> { ["loss"] = 2, ["val_loss"] = 3, ["val_recall"] = 0.5 }, new Dictionary<string, double> { ["loss"] = 1, ["val_loss"] = 4 }]);
        new Report("Run").AddHistory(history, validationName: "test").Save(folder.File("page.html"));
        string page = File.ReadAllText(folder.File("page.html"));
        Assert.That(page, Does.Contain("best test loss, epoch 1").And.Contain("best test recall, epoch 1").And.Not.Contain("validation"));
    }

    [Test]
    public async Task Compare_HasALineForEachRun()
    {
        using TemporaryFolder folder = new();
        List<(string, History)> runs = [];
        foreach (int epochs in (int[])[2, 4])
        {
            (Trainer trainer, ImageDataset images) = SmallRun.Make();
            DataLoader loader = new(images, 16);
            runs.Add(($"{epochs} epochs", trainer.Fit(loader, loader, epochs)));
        }

        Report.Compare("Two runs", runs).Save(folder.File("page.html"));
        await using OpenPage open = await OpenPage.Open(folder.Address("page.html"));
        await open.Picture("compare");
        int[] colors = await open.ColorsOfCanvases();
        Assert.That(open.Complaints, Is.Empty);
        Assert.That(await open.Page.Locator("h2").AllTextContentsAsync(), Is.EqualTo(new[] { "Runs", "Loss", "Accuracy", "Loss, validation", "Accuracy, validation", "Learning rate" }));
        Assert.That(colors, Has.Length.EqualTo(5));
        string[] lines = await open.Page.EvaluateAsync<string[]>("() => page.charts[2].data.series.map(s => s.name + ' ' + s.x.length)");
        Assert.That(lines, Is.EqualTo(new[] { "2 epochs 2", "4 epochs 4" }));
    }
}

using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

[NonParallelizable]
internal sealed class ProgressBarTests
{
    private ToyTraining _toy = null!;
    private readonly StringWriter _written = new() { NewLine = "\n" };
    private readonly SteppedTime _time = new();

    [SetUp]
    public void MakeToy()
    {
        _toy = new ToyTraining();
        Clear();
    }

    [TearDown]
    public void Restore() => _toy.Dispose();

    private void Clear()
    {
        _written.GetStringBuilder().Clear();
        _time.Step = TimeSpan.FromMilliseconds(40);
    }

    /// <summary>Seven steps an epoch of 200 ms each: a drawing every step, one when validation is over.</summary>
    [Test]
    public void Terminal_OneLineIsRewritten_TenTimesASecondAtMost()
    {
        _time.Step = TimeSpan.FromMilliseconds(200);
        Trainer trainer = Make(isTerminal: true);
        trainer.Fit(_toy.Train, _toy.Validation, epochs: 2);
        string[] lines = _written.ToString().Split('\n');
        Assert.That(lines, Has.Length.EqualTo(3), "one line stays of each epoch");
        Assert.That(lines[2], Is.Empty);
        foreach (string line in lines[..2])
        {
            string[] drawn = line.Split('\r', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(drawn, Has.Length.EqualTo(8));
            Assert.That(drawn.Select(static d => d.Length), Is.All.LessThan(120));
            Assert.That(drawn[0], Does.Match(@"^epoch [12]/2 \[=*> *\] \d/7  loss 0?\.?\d+.*  accuracy [01]"));
            Assert.That(drawn[^2], Does.Contain("7/7").And.Contain(" left"));
            Assert.That(drawn[^1], Does.Match(@"^epoch [12]/2 7/7  loss [\d.]+  accuracy [\d.]+  val_loss [\d.]+  val_accuracy [\d.]+  lr 0\.02  \d+/s  0:01 *$"));
        }

        double last = trainer.History.Epochs[^1]["val_loss"];
        Assert.That(lines[1], Does.Contain($"val_loss {last.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture)} "));
    }

    /// <summary>Steps of 40 ms: a drawing every third. Epochs of less than a second leave no line, only the run does.</summary>
    [Test]
    public void ShortEpochs_ShareTheLine()
    {
        Make(isTerminal: true).Fit(_toy.Train, epochs: 30);
        string text = _written.ToString();
        Assert.That(text.Count(static c => c == '\n'), Is.EqualTo(1));
        Assert.That(text, Does.EndWith("\n"));
        Assert.That(text.Split('\r')[^1], Does.StartWith("epoch 30/30 7/7  loss "));

        // 30 · 7 · 40 ms = 8.4 s: at most 84 by the clock, and two at the end of each epoch.
        Assert.That(text.Count(static c => c == '\r'), Is.InRange(60, 84 + 60));
    }

    [Test]
    public void LongerLineBefore_IsCovered()
    {
        Trainer trainer = Make(isTerminal: true);
        trainer.Fit(_toy.Train, epochs: 1);
        string[] drawn = _written.ToString().TrimEnd('\n').Split('\r', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 1; i < drawn.Length; i++)
        {
            Assert.That(drawn[i], Has.Length.GreaterThanOrEqualTo(drawn[i - 1].TrimEnd().Length), "what was longer shows behind it otherwise");
        }
    }

    [TestCase(Verbosity.Auto, false, 2)]
    [TestCase(Verbosity.Bar, false, 2)]
    [TestCase(Verbosity.Lines, false, 2)]
    [TestCase(Verbosity.Lines, true, 2)]
    [TestCase(Verbosity.Quiet, true, 0)]
    [TestCase(Verbosity.Quiet, false, 0)]
    public void PlainLines_OneForAnEpoch_UnlessQuiet(Verbosity verbosity, bool isTerminal, int lines)
    {
        Trainer trainer = Make(isTerminal);
        trainer.Verbosity = verbosity;
        trainer.Fit(_toy.Train, _toy.Validation, epochs: 2);
        string text = _written.ToString();
        Assert.That(text.Count(static c => c == '\n'), Is.EqualTo(lines));
        Assert.That(text, Does.Not.Contain("\r"));
        Assert.That(text, lines == 0 ? Is.Empty : Does.StartWith("epoch 1/2 7/7  loss "));
    }

    /// <summary>Seven steps an epoch: the run ends within the second one.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void RunOfStepsThatEndsWithinAnEpoch_LeavesALineOfItsLastFigures(bool isTerminal)
    {
        Trainer trainer = Make(isTerminal);
        trainer.Fit(_toy.Train, _toy.Validation, maxSteps: 10);
        string last = _written.ToString().TrimEnd('\n').Split('\n')[^1].Split('\r')[^1];
        Assert.That(last, Does.Match(@"^epoch 2/2 step 10/10 3/7  loss [\d.]+  accuracy [\d.]+  val_loss [\d.]+  val_accuracy [\d.]+  lr 0\.02  \d+/s  0:00 *$"));
        Assert.That(_written.ToString(), Does.EndWith("\n"));
        Assert.That(last, Does.Contain($"val_loss {trainer.History.Points[^1].Figures["val_loss"].ToString("0.####", System.Globalization.CultureInfo.InvariantCulture)} "));
    }

    [Test]
    public void OwnListener_TakesItsPlace_UnlessTheBarIsAskedFor()
    {
        Trainer trainer = Make(isTerminal: true);
        trainer.Fit(_toy.Train, epochs: 1, progress: new Listener());
        Assert.That(_written.ToString(), Is.Empty);
        trainer.Verbosity = Verbosity.Bar;
        trainer.Fit(_toy.Train, epochs: 2, progress: new Listener());
        Assert.That(_written.ToString(), Is.Not.Empty);
    }

    [Test]
    public void ConsoleThatFails_DoesNotEndTheRun()
    {
        FailingWriter writer = new();
        Trainer trainer = Make(isTerminal: true, writer);
        trainer.Fit(_toy.Train, epochs: 2);
        Assert.That((trainer.Epoch, writer.Calls), Is.EqualTo((2, 1)), "and it is left alone");

        Trainer closed = Make(isTerminal: true, new StringWriter(), static () => throw new IOException("no terminal"));
        closed.Fit(_toy.Train, epochs: 1);
        Assert.That(closed.Epoch, Is.EqualTo(1));
    }

    [Test]
    public void RunThatEndsEarly_LeavesAWholeLine()
    {
        Trainer stopped = Make(isTerminal: true, callbacks: new LambdaCallback { StepEnd = static c => c.RequestStop("enough") });
        stopped.Fit(_toy.Train, epochs: 1);
        Assert.That(_written.ToString(), Does.EndWith("\n"));
        Clear();
        Trainer failed = Make(isTerminal: true, callbacks: new LambdaCallback { StepEnd = static c => throw new InvalidOperationException("broken") });
        Assert.Throws<InvalidOperationException>(() => failed.Fit(_toy.Train, epochs: 1));
        Assert.That(_written.ToString(), Does.StartWith("\repoch 1/1").And.EndsWith("\n"));

        Clear();
        Make(isTerminal: true).Fit(_toy.Train, epochs: 1);
        Assert.That(_written.ToString(), Is.Not.Empty, "the next run has a bar again");
    }

    [Test]
    public void RunInsideARun_HasNoBar()
    {
        StringWriter inner = new();
        Trainer second = Make(isTerminal: true, inner);
        Trainer first = Make(isTerminal: true, callbacks: new LambdaCallback { EpochEnd = _ => second.Fit(_toy.Train, additionalEpochs: 1) });
        first.Fit(_toy.Train, epochs: 1);
        Assert.That((inner.ToString(), second.Epoch), Is.EqualTo((string.Empty, 1)));
        Assert.That(_written.ToString(), Is.Not.Empty);
    }

    [Test]
    public void Bar_ChangesNothingOfTheRun()
    {
        Trainer with = Make(isTerminal: true), without = Make(isTerminal: true);
        without.Verbosity = Verbosity.Quiet;
        with.Fit(_toy.Train, _toy.Validation, epochs: 2);
        without.Fit(_toy.Train, _toy.Validation, epochs: 2);
        Assert.That(ToyTraining.Weights(with), Is.EqualTo(ToyTraining.Weights(without)));
    }

    [TestCase(200, "epoch  3/10 [=====>                  ] 117/469  loss 0.3412  my metric 1.23e-5  lr 0.001  12,345/s  1:02:03 left")]
    [TestCase(101, "epoch  3/10 [==>         ] 117/469  loss 0.3412  my metric 1.23e-5  lr 0.001  12,345/s  1:02:03 left")]
    [TestCase(60, "epoch  3/10 117/469  loss 0.3412  my metric 1.23e-5  lr 0.0")]
    [TestCase(1, "")]
    public void Line_FitsTheTerminal(int width, string expected)
    {
        TrainingProgress progress = new(
            2, 10, 117, 469, 0.34123, 0.001, 12345.4, new TimeSpan(1, 2, 3), new OrderedDictionary<string, double> { ["my\rmetric"] = 1.234e-5 }, IsEpochEnd: false);
        string line = ProgressBar.Line(progress, TimeSpan.FromSeconds(5), width);
        Assert.That(line, Is.EqualTo(expected));
        Assert.That(line, Has.Length.LessThan(width));
    }

    [Test]
    public void Line_StrangeNumbers()
    {
        TrainingProgress progress = new(0, 1, 1, 1, double.NaN, 1e-7, 0, null, new OrderedDictionary<string, double> { ["a"] = double.PositiveInfinity, ["b"] = 0, ["c"] = -123456 }, IsEpochEnd: false);
        Assert.That(ProgressBar.Line(progress, TimeSpan.Zero, 40), Is.EqualTo("epoch 1/1 1/1  loss NaN  a Infinity  b "));
        Assert.That(ProgressBar.Line(progress, TimeSpan.Zero, 200), Does.EndWith("loss NaN  a Infinity  b 0  c -1.23e5  lr 1e-7"));
    }

    [Test]
    public void Verbosity_UnknownValue_Throws()
    {
        Trainer trainer = Make(isTerminal: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Verbosity = (Verbosity)9);
        Assert.Throws<ArgumentOutOfRangeException>(() => Trainer.DefaultVerbosity = (Verbosity)9);
        Assert.That(trainer.Verbosity, Is.EqualTo(Verbosity.Auto));
        Assert.That(Trainer.DefaultVerbosity, Is.EqualTo(Verbosity.Quiet), "what the tests have set");
    }

    private Trainer Make(bool isTerminal, TextWriter? writer = null, Func<int>? width = null, params Callback[] callbacks)
    {
        Sequential model = ToyTraining.Model();
        return new(model, new Adam(model.Parameters, 0.02), Losses.CrossEntropy)
        {
            Metrics = [new Accuracy()],
            Callbacks = [new LambdaCallback { StepEnd = _ => _time.Now += _time.Step.Ticks }, .. callbacks],
            TimeProvider = _time,
            Verbosity = Verbosity.Auto,
            ProgressConsole = new ProgressConsole(writer ?? _written, isTerminal, width ?? (static () => 120)),
        };
    }

    private sealed class Listener : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }

    private sealed class SteppedTime : TimeProvider
    {
        public long Now { get; set; } = TimeSpan.TicksPerHour;

        public TimeSpan Step { get; set; }

        public override long GetTimestamp() => Now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }

    private sealed class FailingWriter : StringWriter
    {
        public int Calls { get; private set; }

        public override void Write(string? value)
        {
            Calls++;
            throw new ObjectDisposedException("console");
        }
    }
}

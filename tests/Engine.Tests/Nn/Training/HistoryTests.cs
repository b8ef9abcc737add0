using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn.Training;

/// <summary>Histories of figures that were kept elsewhere.</summary>
internal sealed class HistoryTests
{
    [Test]
    public void Epochs_FromElsewhere_AreReadAsThoseOfARun()
    {
        History history = new([new Dictionary<string, double> { ["loss"] = 2 }, new Dictionary<string, double> { ["loss"] = 1, ["val_accuracy"] = 0.5 }]);
        Assert.That(history["loss"], Is.EqualTo(new double[] { 2, 1 }));
        Assert.That(history["val_accuracy"], Is.EqualTo(new[] { double.NaN, 0.5 }));
        Assert.That(history.Best("loss"), Is.EqualTo((1, 1.0)));
        Assert.That(new History([]).Epochs, Is.Empty);
    }

    [Test]
    public void Epochs_ChangedAfterwards_DoNotChangeTheHistory()
    {
        Dictionary<string, double> figures = new() { ["loss"] = 2 };
        List<Dictionary<string, double>> epochs = [figures];
        History history = new(epochs);
        figures["loss"] = 7;
        epochs.Clear();
        Assert.That(history["loss"], Is.EqualTo(new double[] { 2 }));
    }

    [Test]
    public void Epochs_ThatAreNull_AreRefused()
    {
        Assert.That(static () => new History(null!), Throws.ArgumentNullException);
        Assert.That(static () => new History([null!]), Throws.ArgumentNullException);
    }
}

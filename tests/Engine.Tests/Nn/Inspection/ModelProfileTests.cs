using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn.Inspection;

[TestFixture("reference")]
internal sealed partial class ModelProfileTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Profile_HasEachLayer_WithTheOperationsOfTheSummary()
    {
        LeNet5 net = new LeNet5().To(Device);
        Tensor images = Tensor.Zeros([2, 1, 28, 28], device: Device);
        ModelProfile profile = net.Profile(images, runs: 2);
        ModelSummary summary = net.Summary(images);
        Assert.That(profile.Rows.Select(static r => (r.Name, r.Description, (Shape?)r.OutputShape, r.Flops)), Is.EqualTo(summary.Rows.Where(static r => r.OutputShape is not null).Select(static r => (r.Name, r.Description, r.OutputShape, r.Flops)).OrderBy(static r => r.Name.Length == 0)));
        Assert.That(profile.Rows.Select(static r => r.Time), Is.All.GreaterThanOrEqualTo(TimeSpan.Zero));
        Assert.That(profile.Total, Is.GreaterThan(TimeSpan.Zero));
        string text = profile.ToString();
        Assert.That(text, Does.StartWith("layer ").And.Contain("3: Conv2d(6 → 16, 5×5)").And.Contain("behind the last layer").And.Contain("the whole run"));
    }

    [Test]
    public void SlowLayer_HasItsTime_AndAllItsCallsCount()
    {
        Slow slow = new();
        ModelProfile profile = new Sequential(new Linear(2, 2), slow, new Relu(), slow, new Linear(2, 2)).To(Device).Profile(Tensor.Ones([1, 2], device: Device), runs: 3);
        ProfileRow row = profile.Rows.Single(static r => r.Name == "1");
        Assert.That(row.Time, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(19)));
        Assert.That(profile.Total, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(19)));
        Assert.That(profile.ToString().Split('\n')[1], Does.StartWith("1: Slow"), "the slowest comes first");
        Assert.That(slow.Calls, Is.EqualTo(2 * (1 + 3 + 3)));
    }

    [Test]
    public void ModuleOfSeveralInputs_AndWrongArguments()
    {
        Linear a = new Linear(2, 2).To(Device), b = new Linear(2, 2).To(Device);
        Tensor x = Tensor.Ones([1, 2], device: Device);
        Sequential both = new(a, b);
        Assert.That(ModelProfile.Of(both, () => _ = a.Forward(x) + b.Forward(x), runs: 1).Rows.Select(static r => r.Name), Is.EqualTo((string[])["0", "1"]));
        Assert.That(ModelProfile.Of(both, static () => { }, runs: 1).Rows, Is.Empty);
        Assert.That(() => both.Profile(x, runs: 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => both.Profile(x, runs: 1001), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => both.Profile(null!), Throws.ArgumentNullException);
        Assert.That(() => both.Profile(Tensor.Ones([1, 3], device: Device)), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(a.Forward(x).RequiresGrad, Is.True, "the model is as it was");
    }

    private sealed partial class Slow : Layer
    {
        public int Calls { get; private set; }

        public override Tensor Forward(Tensor x)
        {
            Calls++;
            Thread.Sleep(10);
            return x * 2;
        }
    }
}

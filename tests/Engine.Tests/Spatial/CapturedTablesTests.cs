using Engine.Tests.Capture;
using NUnit.Framework;

namespace Engine.Tests.Spatial;

/// <summary>A step that is captured uses the tables that its warm-ups brought to the device.</summary>
[TestFixtureSource(typeof(CaptureDevices), nameof(CaptureDevices.All))]
internal sealed class CapturedTablesTests(string deviceName) : CaptureFixture(deviceName)
{
    [Test]
    public void Replay_InterpolationAndBorder_WithGradients()
    {
        // A size that no other test has, so that the tables are new.
        Tensor x = Tensor.Zeros([1, 1, 3], device: Device).WithGrad(), weight = Tensor.From<float>([1, 2, 3, 4, 5, 6, 7, 8, 9], Device);
        using CapturedStep step = Device.Capture(() =>
        {
            Tensor y = x.Interpolate(7, InterpolationMode.Linear, alignCorners: true).Pad([(2, 0)], mode: PaddingMode.Reflect);
            return [y, Autograd.Grad((y * weight).Sum(), x)];
        });
        using (GradMode.Off())
        {
            x.CopyFrom<float>([3, 6, 0]);
        }

        step.Replay();
        Assert.That(step.Outputs[0].ToArray<float>(), Is.EqualTo(new float[] { 5, 4, 3, 4, 5, 6, 4, 2, 0 }).Within(1e-5f));
        // Weights of the seven places, the border added to the ones that it repeats: 3, 6, 6, 6, 7, 8, 9.
        float third = 1 / 3f;
        Assert.That(step.Outputs[1].ToArray<float>(), Is.EqualTo(new[] { 3 + (6 * 2 * third) + (6 * third), (6 * third) + (6 * 2 * third) + 6 + (7 * 2 * third) + (8 * third), (7 * third) + (8 * 2 * third) + 9 }).Within(1e-4f));
    }
}

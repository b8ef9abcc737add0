using Engine.Nn;
using Engine.Tests.Devices;
using NUnit.Framework;

namespace Engine.Tests.Nn;

[TestFixture("reference")]
internal sealed class SummaryTests(string deviceName) : DeviceFixture(deviceName)
{
    [Test]
    public void Summary_LeNet5_Text()
    {
        // FLOPs by hand: 2·28·28·6·25, 2·10·10·16·150, 2·400·120, 2·120·84, 2·84·10.
        const string Expected = """
            layer                               output           parameters    FLOPs
            ────────────────────────────────────────────────────────────────────────
            LeNet5                              [1, 10]                   –        –
              0: Conv2d(1 → 6, 5×5, padding 2)  [1, 6, 28, 28]          156  235,200
              1: Relu                           [1, 6, 28, 28]            –        –
              2: MaxPool2d(2×2)                 [1, 6, 14, 14]            –        –
              3: Conv2d(6 → 16, 5×5)            [1, 16, 10, 10]       2,416  480,000
              4: Relu                           [1, 16, 10, 10]           –        –
              5: MaxPool2d(2×2)                 [1, 16, 5, 5]             –        –
              6: Flatten                        [1, 400]                  –        –
              7: Linear(400 → 120)              [1, 120]             48,120   96,000
              8: Relu                           [1, 120]                  –        –
              9: Linear(120 → 84)               [1, 84]              10,164   20,160
              10: Relu                          [1, 84]                   –        –
              11: Linear(84 → 10)               [1, 10]                 850    1,680
            ────────────────────────────────────────────────────────────────────────
            parameters 61,706, trained 61,706; FLOPs 833,040 (a multiply-add is two)

            """;
        Assert.That(new LeNet5().Summary([1, 1, 28, 28]).ToString(), Is.EqualTo(Expected.ReplaceLineEndings("\n")));
    }

    [Test]
    public void Summary_NestedModel_CountsEverythingOnce()
    {
        ResNet net = ResNet.ResNet20();
        ModelSummary summary = net.Summary([1, 3, 8, 8]);
        Assert.That(summary.ParameterCount, Is.EqualTo(272_474));
        SummaryRow block = summary.Rows.Single(r => r.Name == "layer2.0");
        Assert.That((block.OutputShape, block.Depth), Is.EqualTo(((Shape?)new Shape(1, 32, 4, 4), 2)));
        SummaryRow conv = summary.Rows.Single(r => r.Name == "layer2.0.conv1");
        Assert.That((conv.Parameters, conv.Flops), Is.EqualTo((32L * 16 * 9, 2L * 32 * 4 * 4 * 16 * 9)));
        Assert.That(summary.Rows.Single(r => r.Name == "layer1.0.bn1").OutputShape, Is.EqualTo(new Shape(1, 16, 8, 8)));
        Assert.That(net.IsTraining);
        Assert.That(net.Bn1.NumBatchesTracked!.Item(), Is.Zero, "a summary trains nothing");
    }

    [Test]
    public void Summary_SharedAndFrozen_AreCountedOnceAndApart()
    {
        Linear shared = new(4, 4);
        Linear frozen = new Linear(4, 4).Freeze();
        ModelSummary summary = new Sequential(shared, shared, frozen).Summary([2, 4]);
        Assert.That((summary.ParameterCount, summary.TrainableParameterCount), Is.EqualTo((40L, 20L)));
        Assert.That(summary.Flops, Is.EqualTo(3 * 2 * 2 * 16), "it runs three times");
    }

    [Test]
    public void Summary_RecurrentAndAttention_CountProducts()
    {
        ModelSummary lstm = new Lstm(3, 4).Summary([5, 2, 3]);
        Assert.That(lstm.Flops, Is.EqualTo(2 * 5 * 2 * 4 * 4 * (3 + 4)));

        // Projections 3·8·8 and 8·8 per position, scores and weighted values 5·8 each.
        ModelSummary attention = new MultiheadAttention(8, 2).Summary([5, 2, 8]);
        Assert.That(attention.Flops, Is.EqualTo(2 * 5 * 2 * ((4 * 64) + (2 * 5 * 8))));
    }

    [Test]
    public void Summary_Embedding_TakesIntegers()
    {
        Sequential net = [new Embedding(10, 4), new Linear(4, 2)];
        Assert.That(net.Summary(Tensor.Zeros([3, 7], DType.Int64)).ToString(), Is.EqualTo(net.Summary([3, 7], DType.Int64).ToString()));
        Assert.That(net.Summary([3, 7], DType.Int64).Rows[^1].OutputShape, Is.EqualTo(new Shape(3, 7, 2)));
    }
}

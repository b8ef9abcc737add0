using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Golden;

internal static partial class GoldenOps
{
    private static Dictionary<string, GoldenOp> Modules() => new()
    {
        ["lstm"] = One(c => Recurrent(c, static (x, hidden, batchFirst) => new Lstm(x, hidden, batchFirst: batchFirst))),
        ["gru"] = One(c => Recurrent(c, static (x, hidden, batchFirst) => new Gru(x, hidden, batchFirst: batchFirst))),
        ["train_resblock"] = TrainResidualBlock,
    };

    private static Tensor Recurrent(GoldenInputs c, Func<int, int, bool, Recurrent> make)
    {
        Recurrent layer = make(c["x"].Shape[-1], c["weight_hh_l0"].Shape[1], c.Case.Bool("batch_first")).To(c.Device).To(c.Floating);
        layer.LoadStateDict(c.Tensors.Where(t => t.Key != "x").ToDictionary());
        foreach ((string name, Tensor parameter) in layer.NamedParameters())
        {
            c.Replace(name, parameter);
        }
        return layer.Forward(c["x"]);
    }

    private static Dictionary<string, Tensor> TrainResidualBlock(GoldenInputs c)
    {
        GoldenResidualNet net = new GoldenResidualNet(c["conv1.weight"].Shape[1], c["conv1.weight"].Shape[0], c["fc.weight"].Shape[0]).To(c.Device).To(c.Floating);

        // The case's own counts of batches were read after training, beside values from before it: the net starts at 0, as one does whose state has none.
        LoadReport report = net.LoadStateDict(c.Tensors.Where(static t => !t.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToDictionary(), strict: false);
        Assert.That((string.Join(' ', report.Missing), string.Join(' ', report.Unexpected.Order())), Is.EqualTo((string.Empty, "target x")));
        Adam adam = new(net.Parameters, c.Case.Double("lr"));
        double[] losses = new double[c.Case.Int("steps")];
        for (int step = 0; step < losses.Length; step++)
        {
            using TensorScope scope = TensorScope.Begin();
            adam.ZeroGrad();
            Tensor loss = net.Forward(c["x"]).CrossEntropy(c["target"]);
            loss.Backward();
            adam.Step();
            losses[step] = loss.Detach().Item();
        }

        Dictionary<string, Tensor> outputs = net.StateDict().ToDictionary();
        outputs["losses"] = Tensor.From(losses, device: ReferenceDevice.Shared);
        outputs["eval_logits"] = net.Predict(c["x"]);
        return outputs;
    }
}

/// <summary>The network of the golden cases; its names are those of the saved state.</summary>
internal sealed partial class GoldenResidualNet(int inChannels, int channels, int classes) : Layer
{
    public Conv2d Conv1 { get; } = new(inChannels, channels, 3, padding: 1, bias: false);

    public BatchNorm2d Bn1 { get; } = new(channels);

    public Conv2d Conv2 { get; } = new(channels, channels, 3, padding: 1, bias: false);

    public BatchNorm2d Bn2 { get; } = new(channels);

    public Conv2d Skip { get; } = new(inChannels, channels, 1, bias: false);

    public Linear Fc { get; } = new(channels, classes);

    public override Tensor Forward(Tensor x)
    {
        Tensor y = Bn2.Forward(Conv2.Forward(Bn1.Forward(Conv1.Forward(x), relu: true)), Skip.Forward(x), relu: true);
        return Fc.Forward(y.MaxPool2d(2).Mean([2, 3]));
    }
}

using Engine.Nn;

namespace Engine.Tests.Nn.Training;

/// <summary>A model with two inputs and two outputs, as a user writes one.</summary>
internal sealed partial class TwoHeads : Module
{
    public Linear Left { get; } = new(2, 5, generator: new Generator(1));

    public Linear Right { get; } = new(1, 5, generator: new Generator(2));

    public Dropout Drop { get; } = new(0.2, new Generator(5));

    public Linear Kind { get; } = new(5, 3, generator: new Generator(3));

    public Linear Price { get; } = new(5, 1, generator: new Generator(4));

    public (Tensor Kind, Tensor Price) Forward(Tensor points, Tensor scale)
    {
        Tensor hidden = Drop.Forward((Left.Forward(points) + Right.Forward(scale)).Tanh());
        return (Kind.Forward(hidden), Price.Forward(hidden));
    }

    public static TensorDataset Data(int count, int seed)
    {
        Random random = new(seed);
        float[] points = new float[2 * count], scale = new float[count], price = new float[count];
        long[] kind = new long[count];
        for (int i = 0; i < count; i++)
        {
            (float x, float y) = (random.NextSingle(), random.NextSingle());
            (points[2 * i], points[(2 * i) + 1], scale[i]) = (x, y, random.NextSingle());
            (kind[i], price[i]) = (x + y < 0.7f ? 0 : x > y ? 1 : 2, scale[i] * (x + y));
        }

        return new TensorDataset(
            new Tensors(("points", Tensor.From<float>(points, [count, 2])), ("scale", Tensor.From<float>(scale, [count, 1]))),
            new Tensors(("kind", Tensor.From<long>(kind)), ("price", Tensor.From<float>(price, [count, 1]))));
    }

    /// <summary>A trainer of it, with everything that chooses among outputs and targets.</summary>
    public static Trainer Trainer(CaptureMode capture = CaptureMode.Never, int accumulation = 1, params Callback[] callbacks)
    {
        TwoHeads model = new();
        return new Trainer(
            model,
            batch =>
            {
                (Tensor kind, Tensor price) = model.Forward(batch["points"], batch["scale"]);
                return new Tensors(("kind", kind), ("price", price));
            },
            new Adam(model.Parameters, 0.02),
            static (y, batch) => Losses.CrossEntropy(y["kind"], batch["kind"]) + (0.5 * Losses.Mse(y["price"], batch["price"])))
        {
            Metrics =
            [
                new Accuracy().Of("kind"), new Mean("mae", static (y, t) => (y - t).Abs()).Of("price", name: "mae"), new ConfusionMatrix(3).Of(0, 0),
                Mean.OfBatch("scale", static (_, batch) => batch["scale"]),
            ],
            Capture = capture,
            GradientAccumulation = accumulation,
            Callbacks = callbacks,
        };
    }
}

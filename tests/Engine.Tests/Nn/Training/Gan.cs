using Engine.Nn;

namespace Engine.Tests.Nn.Training;

/// <summary>
/// The smallest adversarial pair with a closed form: y = s·z + m of a normal z against a logistic judge of (x, x²), whose family has the best judge of two normals. At rest s and m are
/// deviation and mean of the data, and the judge is 0 everywhere.
/// </summary>
internal sealed partial class Gan : Module
{
    public const double Mean = 0.5, Std = 1.5;

    public Tensor S { get; } = Tensor.Ones([1]).WithGrad();

    public Tensor M { get; } = Tensor.Zeros([1]).WithGrad();

    public Tensor Judge { get; } = Tensor.Zeros([2, 1]).WithGrad();

    public Tensor Bias { get; } = Tensor.Zeros([1]).WithGrad();

    public Tensor Generate(int count) => (Tensor.Randn([count, 1]) * S) + M;

    /// <summary>The logit of x being data.</summary>
    public Tensor Score(Tensor x) => Tensor.Concat([x, x * x], 1).MatMul(Judge) + Bias;

    public static DataLoader Data(int batches, int batchSize = 32) =>
        new(new TensorDataset((Tensors)((Tensor.Randn([batches * batchSize, 1], generator: new Generator(7)) * Std) + Mean)), batchSize) { Shuffle = true };

    public static Trainer Trainer(params Callback[] callbacks) => Trainer(TrainingPrecision.Full, callbacks);

    public static Trainer Trainer(TrainingPrecision precision, params Callback[] callbacks)
    {
        Gan gan = new();

        // The judge's decay damps the circling of the two around their equilibrium, where the judge is 0.
        Sgd ofJudge = new([gan.Judge, gan.Bias], 0.05, weightDecay: 0.5), ofGenerator = new([gan.S, gan.M], 0.2);
        return new Trainer(gan, [ofGenerator, ofJudge], (step, batch) =>
        {
            Tensor fake = gan.Generate(batch.Count), real = batch.Inputs;
            Tensor judge = Losses.BceWithLogits(gan.Score(real), Tensor.Ones([batch.Count, 1])) + Losses.BceWithLogits(gan.Score(fake.Detach()), Tensor.Zeros([batch.Count, 1]));
            step.Minimize(judge, ofJudge);
            Tensor generator = Losses.BceWithLogits(gan.Score(fake), Tensor.Ones([batch.Count, 1]));
            step.Minimize(generator, ofGenerator);
            step.Log("judge_loss", judge);
            return generator;
        })
        {
            Figures = ["judge_loss"],
            Callbacks = callbacks,
            Precision = precision,
            ClipGradNorm = 5,
        };
    }
}

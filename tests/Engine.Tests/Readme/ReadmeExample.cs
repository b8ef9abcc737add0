using Engine.Nn;

namespace Engine.Tests.Readme;

/// <summary>The example of README, compiled and run.</summary>
internal static class ReadmeExample
{
    public static void Run(TextWriter output)
    {
        // README begin
        Tensor x = Tensor.Randn([512, 2]);                                     // points of the plane …
        Tensor y = (x[.., 0] * x[.., 1] > 0).To(DType.Int64);                  // … of class 1 in the first and third quadrant

        Sequential model = new(new Linear(2, 32), new Relu(), new Linear(32, 2));
        Adam optimizer = new(model.Parameters, learningRate: 1e-2);

        for (int step = 0; step <= 200; step++)
        {
            using TensorScope scope = TensorScope.Begin();                     // the step's memory returns at its end
            optimizer.ZeroGrad();
            Tensor loss = model.Forward(x).CrossEntropy(y);
            loss.Backward();
            optimizer.Step();
            if (step % 100 == 0)
            {
                output.WriteLine($"step {step,3}: loss {loss.Item():0.00}");
            }
        }

        Tensor right = model.Predict(x).ArgMax(axis: 1).EqualTo(y).To(DType.Float32).Mean();
        output.WriteLine($"right: {right.Item():P0} on {x.Device}");
        // README end
    }
}

using System.Diagnostics;
using System.Globalization;
using Engine;
using Engine.Nn;
using OwnBackendSample;

// A backend that is no part of the engine (LoopBackend.cs), on a device of its own (OwnDevice.cs): LeNet-5 learns to read digits on it, and learns the same as
// on the engine's CPU backend.
//
//     dotnet run -c Release --project samples/OwnBackend -- [--steps 100]
const int BatchSize = 16, Every = 10;
const double Rounding = 1e-5, Drift = 0.02;
int steps = args is ["--steps", string number] ? int.Parse(number, CultureInfo.InvariantCulture) : 100;

Device.Register(new OwnDeviceProvider());
Console.WriteLine($"devices: {string.Join(", ", Device.All)}");

double[] losses = Train("own"), expected = Train("cpu");
// Sums are rounded differently, and training amplifies the difference from step to step.
double[] differences = [.. losses.Zip(expected, static (loss, other) => Math.Abs(loss - other))];
Console.WriteLine($"difference of the first loss {differences[0]:0.0e-0} ({Rounding:0e-0} allowed), of any {differences.Max():0.0e-0} ({Drift} allowed)");
return differences[0] <= Rounding && differences.Max() <= Drift ? 0 : 1;

// The same start values, images and steps on a device. Nothing here knows which device that is.
double[] Train(string name)
{
    Device device = Device.Default = Device.Get(name);
    Console.WriteLine($"{device.Name}: {device.Description}");
    LeNet5 network = new(generator: new Generator(1));
    Adam optimizer = new(network.Parameters, learningRate: 2e-3);
    Digits digits = new(seed: 1);
    Stopwatch watch = Stopwatch.StartNew();
    List<double> means = [];
    double sum = 0;
    for (int step = 1; step <= steps; step++)
    {
        using TensorScope scope = TensorScope.Begin();
        (Tensor images, Tensor classes) = digits.Next(BatchSize);
        optimizer.ZeroGrad();
        Tensor loss = network.Forward(images).CrossEntropy(classes);
        loss.Backward();
        optimizer.Step();
        sum += loss.Item();
        if (step % Every == 0 || step == steps)
        {
            means.Add(sum / (((step - 1) % Every) + 1));
            sum = 0;
            Console.WriteLine($"  step {step,3}: loss {means[^1]:0.0000}");
        }
    }

    (Tensor unseen, Tensor right) = new Digits(seed: 2).Next(200);
    double accuracy = network.Predict(unseen).ArgMax(axis: 1).EqualTo(right).To(DType.Float32).Mean().Item();
    Console.WriteLine($"  accuracy {accuracy:0.000} on 200 other images; {watch.Elapsed.TotalSeconds:0.0} s");
    return [.. means];
}

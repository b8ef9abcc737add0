using System.Diagnostics;
using System.Globalization;
using CustomKernelSample;
using Engine;
using Engine.Nn;

// Two functions written as C# methods (Swish.cs, RowNorm.cs): their gradients are checked, they are compared with compositions of the engine's
// operations, and both ways train a network.
//
//     dotnet run -c Release --project samples/CustomKernel -- --device auto|cpu|cuda|opencl [--steps 30]
const double Tolerance = 1e-5;
Device device = Device.Default = Device.Get(Option("--device", "auto"));
int steps = int.Parse(Option("--steps", "30"), CultureInfo.InvariantCulture);
Console.WriteLine($"{device.Name}: {device.Description}");

double largest = Math.Max(Compare("swish", Swish.Of, Swish.Compose), Compare("row norm", RowNorm.Of, RowNorm.Compose));

Tensor points = Tensor.Randn([64, 2]);
Tensor classes = (points.Square().Sum(axis: 1) > 1.4).To(DType.Int64);        // outside or inside of a circle
Sequential kernels = Network(RowNorm.Of, Swish.Of), operations = Network(RowNorm.Compose, Swish.Compose);
operations.LoadStateDict(kernels.StateDict());
Train("kernels in C#", kernels);
Train("the engine's operations", operations);

Console.WriteLine($"largest difference {largest:0.0e-0} ({Tolerance:0e-0} allowed)");
return largest <= Tolerance ? 0 : 1;

// The largest difference of values and gradients, each of which is compared with differences of values before.
double Compare(string name, Func<Tensor, Tensor> function, Func<Tensor, Tensor> composition)
{
    double error = Gradcheck.Check(function, Tensor.Randn([3, 5]));
    Tensor x = Tensor.Randn([64, 100]).WithGrad(), dy = Tensor.Randn([64, 100]);
    Tensor y = function(x), expected = composition(x);
    Tensor dx = Autograd.Grad([y], [x], [dy])[0]!, expectedDx = Autograd.Grad([expected], [x], [dy])[0]!;
    double difference = Math.Max(Distance(y, expected), Distance(dx, expectedDx));
    Console.WriteLine($"{name}: gradient checked (off by {error:0.0e-0}), {difference:0.0e-0} from the engine's operations");
    return difference;
}

static double Distance(Tensor x, Tensor y) => (x.Detach() - y.Detach()).Abs().Max().Item();

static Sequential Network(Func<Tensor, Tensor> normalization, Func<Tensor, Tensor> activation) =>
    new(new Linear(2, 64), new Function(normalization), new Function(activation), new Linear(64, 2));

void Train(string name, Sequential network)
{
    Adam optimizer = new(network.Parameters, learningRate: 1e-2);
    double first = Step(), last = first;                                       // the first step compiles the kernels
    Stopwatch watch = Stopwatch.StartNew();
    for (int i = 1; i < steps; i++)
    {
        last = Step();
    }

    Console.WriteLine($"{name}: loss {first:f4} to {last:f4} in {steps} steps of {watch.Elapsed.TotalMilliseconds / (steps - 1):f2} ms");

    double Step()
    {
        using TensorScope scope = TensorScope.Begin();
        optimizer.ZeroGrad();
        Tensor loss = network.Forward(points).CrossEntropy(classes);
        loss.Backward();
        optimizer.Step();
        return loss.Item();
    }
}

string Option(string name, string otherwise) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : otherwise;

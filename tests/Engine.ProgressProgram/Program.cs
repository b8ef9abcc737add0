using System.Runtime;
using Engine;
using Engine.Nn;

// How many methods a first training step has the runtime compile, for a test of that number.
if (args is ["first-step"])
{
    LeNet5 network = new(generator: new Generator(1));
    Adam adam = new(network.Parameters);
    network.Forward(Tensor.Randn([16, 1, 28, 28], generator: new Generator(2))).CrossEntropy(Tensor.Zeros([16], DType.Int64)).Backward();
    adam.Step();
    Console.WriteLine(JitInfo.GetCompiledMethodCount());
    return;
}

// A program that trains and says nothing of progress, for tests that give it a terminal, a file, or a console that is closed.
if (args is ["closed"])
{
    Console.Out.Close();
    Console.SetOut(new StreamWriter(new FileStream("/dev/full", FileMode.Open, FileAccess.Write)) { AutoFlush = true });
}

Linear model = new(3, 2, generator: new Generator(1));
Trainer trainer = new(model, new Sgd(model.Parameters, 0.1), Losses.CrossEntropy)
{
    Callbacks = [new LambdaCallback { StepEnd = static _ => Thread.Sleep(30) }],
};
TensorDataset data = new(Tensor.Randn([20, 3], generator: new Generator(2)), Tensor.From<long>([.. Enumerable.Range(0, 20).Select(static i => i % 2L)]));
trainer.Fit(new DataLoader(data, 1), epochs: 2);
Console.Error.WriteLine($"trained {trainer.Step} steps");

using System.CommandLine;
using Engine;
using TransferLearningSample;

// Transfer learning: a network that has seen many images learns other classes from a few.
//
//     dotnet run -c Release --project samples/TransferLearning -- pretrain
//     dotnet run -c Release --project samples/TransferLearning -- transfer
//     dotnet run -c Release --project samples/TransferLearning -- predict runs/transfer/digits/7/0007.png
Option<string> device = new("--device") { Description = "auto, cpu, cuda[:n] or opencl[:n]", DefaultValueFactory = static _ => "auto", Recursive = true };
Option<string> folder = new("--out") { Description = "Folder of all that is written", DefaultValueFactory = static _ => Path.Combine("runs", "transfer"), Recursive = true };
Option<long> seed = new("--seed") { Description = "Decides everything random", Recursive = true };

Option<int> steps = new("--steps") { Description = "How long to train", DefaultValueFactory = static _ => 900 };
Command pretrain = new("pretrain", "Trains a small ResNet-18 on clothes: what is transferred here, where nothing can be downloaded.") { steps };
pretrain.SetAction(result => Guarded(result, () => PretrainCommand.Run(result.GetRequiredValue(folder), result.GetValue(steps), result.GetValue(seed))));

Option<string?> weights = new("--weights") { Description = "A .pth file of ResNet-18, torchvision's resnet18-f37072fd.pth say [default: what pretrain wrote]" };
Option<string?> images = new("--images") { Description = "A folder with a folder of images for each class [default: handwritten digits, which are written to --out]" };
Option<int> perClass = new("--per-class") { Description = "How many images of each class to learn from; all others are the test", DefaultValueFactory = static _ => 3 };
Option<int> epochs = new("--epochs") { Description = "Epochs of each training", DefaultValueFactory = static _ => 30 };
Command transfer = new("transfer", "Learns the classes of an image folder with and without what the network knows already.") { weights, images, perClass, epochs };
transfer.SetAction(result => Guarded(result, () => TransferCommand.Run(new TransferOptions(
    result.GetRequiredValue(folder), result.GetValue(weights), result.GetValue(images), result.GetValue(perClass), result.GetValue(epochs), result.GetValue(seed)))));

Argument<string> file = new("file") { Description = "An image" };
Command predict = new("predict", "Says which class an image is of.") { file };
predict.SetAction(result => Guarded(result, () => PredictCommand.Run(result.GetRequiredValue(folder), result.GetRequiredValue(file))));

// Errors are ours.
return new RootCommand("Transfer learning on an image folder.") { device, folder, seed, pretrain, transfer, predict }.Parse(args).Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

// What a user can put right is told in a line.
int Guarded(ParseResult result, Action command)
{
    try
    {
        Device.Default = Device.Get(result.GetRequiredValue(device));
        command();
        return 0;
    }
    catch (Exception error) when (error is EngineException or IOException or UnauthorizedAccessException or ArgumentException)
    {
        Console.Error.WriteLine($"error: {error.Message}");
        return 1;
    }
}

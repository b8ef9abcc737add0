using System.Text.Json;
using Engine;
using Engine.Data.Images;
using Engine.Nn;

namespace TransferLearningSample;

/// <summary>Prints the likeliest classes of an image.</summary>
internal static class PredictCommand
{
    public static void Run(string folder, string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(TransferCommand.FileIn(folder));
        string[] classes = JsonSerializer.Deserialize<string[]>(file.Metadata["classes"])!;
        Backbone backbone = new(Safetensors.Load(file.Path));
        Tensor input = ImageDecoder.ReadFile(path).Apply(backbone.Resize).ToInput(backbone.Normalization);
        (Tensor probabilities, Tensor numbers) = backbone.Load().Predict(input).Softmax(-1).TopK(Math.Min(3, classes.Length));
        foreach ((float probability, long number) in probabilities.ToArray<float>().Zip(numbers.ToArray<long>()))
        {
            Console.WriteLine($"{classes[number],-20} {probability:p1}");
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Engine.Nn;

/// <summary>
/// The files of weights that torchvision publishes, as they are downloaded from https://download.pytorch.org/models/: <c>resnet18-f37072fd.pth</c> and the like.
/// The engine downloads nothing.
/// </summary>
/// <example>
/// <code>
/// ResNet model = ResNet.ResNet18(ResNetStem.ImageNet);
/// model.LoadStateDict(TorchvisionWeights.Load("resnet18-f37072fd.pth"));
/// </code>
/// </example>
public static partial class TorchvisionWeights
{
    /// <summary>Reads a file, compares it with the checksum in its name if there is one, and gives its tensors the names that models have today.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where the tensors shall be; the default device if left out.</param>
    /// <exception cref="ModelFileException">The file is damaged, is not the one that its name says, or holds something else than tensors.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static Dictionary<string, Tensor> Load(string path, Device? device = null)
    {
        CheckHash(path);
        return CurrentNames(PyTorchFile.Load(path, device));
    }

    /// <summary>
    /// Compares a file with the checksum in its name: the first eight or more digits of its SHA-256 stand before the extension, as in
    /// <c>resnet18-f37072fd.pth</c>.
    /// </summary>
    /// <returns>Whether there is a checksum in the name.</returns>
    /// <exception cref="ModelFileException">The file has another checksum.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied, or it is a folder.</exception>
    public static bool CheckHash(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (HashInName().Match(Path.GetFileName(path)) is not { Success: true } match)
        {
            return false;
        }

        string expected = match.Groups[1].Value;
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        string found = Convert.ToHexStringLower(SHA256.HashData(stream));
        return found.StartsWith(expected, StringComparison.Ordinal)
            ? true
            : throw new ModelFileException(string.Create(
                CultureInfo.InvariantCulture, $"'{path}' is damaged or another file than its name says: its SHA-256 begins with {found[..expected.Length]} instead of {expected} (it has {stream.Length:N0} bytes). Download it again."));
    }

    /// <summary>The tensors under the names that torchvision's models have today; files of DenseNet and of vision transformers have older ones.</summary>
    /// <remarks><c>denselayer1.norm.1.weight</c> becomes <c>denselayer1.norm1.weight</c>, <c>mlp.linear_1.weight</c> becomes <c>mlp.0.weight</c>, <c>mlp.linear_2</c> becomes <c>mlp.3</c>.</remarks>
    /// <param name="state">Tensors by name.</param>
    public static Dictionary<string, Tensor> CurrentNames(IReadOnlyDictionary<string, Tensor> state) => state.Renamed(static name =>
    {
        string renamed = OldDenseLayer().Replace(name, "$1$2");
        return OldMlp().Replace(renamed, static match => $"{match.Groups[1].Value}{(match.Groups[2].Value == "1" ? 0 : 3)}.");
    });

    [GeneratedRegex("-([0-9a-f]{8,64})\\.[A-Za-z0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex HashInName();

    [GeneratedRegex("(denselayer[0-9]+\\.(?:norm|relu|conv))\\.([12]\\.)", RegexOptions.CultureInvariant)]
    private static partial Regex OldDenseLayer();

    [GeneratedRegex("(encoder_layer_[0-9]+\\.mlp\\.)linear_([12])\\.", RegexOptions.CultureInvariant)]
    private static partial Regex OldMlp();
}

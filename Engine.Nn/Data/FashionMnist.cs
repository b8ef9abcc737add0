namespace Engine.Nn;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): grey images of 28×28 pixels in ten classes, 60,000 to train on and 10,000 to test.
/// Its files are looked for, never downloaded.
/// </summary>
public static class FashionMnist
{
    /// <summary>Names a folder with the files.</summary>
    public const string EnvironmentVariable = "ENGINE_FASHION_MNIST";

    /// <summary>Where Debian's package <c>dataset-fashion-mnist</c> puts the files.</summary>
    public const string SystemDirectory = "/usr/share/datasets/fashion-mnist";

    /// <summary>Where an application that ships the files, or a part of them, has them: a folder beside its program.</summary>
    public const string ShippedDirectory = "fashion-mnist";

    /// <summary>The mean of all training pixels, scaled to [0, 1].</summary>
    public const double Mean = 0.2860;

    /// <summary>Their standard deviation.</summary>
    public const double Std = 0.3530;

    /// <summary>The names of the labels 0 to 9.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>
    /// The folder to load from: the one that is named, else the one in <see cref="EnvironmentVariable"/>, else <see cref="SystemDirectory"/>,
    /// else <see cref="ShippedDirectory"/>. A folder that is named, here or in the variable, must have the files; the others need not.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">None has them; the message lists the folders.</exception>
    public static string FindDirectory(string? directory = null)
    {
        directory ??= Environment.GetEnvironmentVariable(EnvironmentVariable) is { Length: > 0 } named ? named : null;
        string[] candidates = directory is null
            ? [SystemDirectory, Path.Combine(AppContext.BaseDirectory, ShippedDirectory)]
            : [directory];
        return Array.Find(candidates, static folder => FindFile(folder, "train-images-idx3-ubyte") is not null)
            ?? throw new DirectoryNotFoundException(
                $"No Fashion-MNIST in {string.Join(" or ", candidates)}: train-images-idx3-ubyte.gz and its three companions are missing. " +
                $"Name their folder, or set {EnvironmentVariable}; Debian has them in the package dataset-fashion-mnist.");
    }

    /// <summary>Loads one of the two parts, normalised by <see cref="Mean"/> and <see cref="Std"/>.</summary>
    /// <param name="directory">A folder with the four files, compressed or not, as <see cref="FindDirectory"/> finds it.</param>
    /// <param name="train">The training images; otherwise the test images.</param>
    /// <exception cref="DataFileException">A file is damaged, or images and labels do not belong together.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    public static ImageDataset Load(string directory, bool train)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        string part = train ? "train" : "t10k";
        IdxArray images = Read(directory, $"{part}-images-idx3-ubyte"), labels = Read(directory, $"{part}-labels-idx1-ubyte");
        if (images.DType != DType.UInt8 || images.Shape.Rank != 3 || images.Shape.ElementCount == 0 || labels.DType != DType.UInt8 || labels.Shape.Rank != 1)
        {
            throw new DataFileException($"The {part} files in '{directory}' are {images.DType.ShortName()} {images.Shape} and {labels.DType.ShortName()} {labels.Shape}; u8 [N, height, width] and u8 [N] belong there.");
        }

        if (images.Shape[0] != labels.Shape[0])
        {
            throw new DataFileException($"The {part} files in '{directory}' have {images.Shape[0]} images and {labels.Shape[0]} labels; there must be as many.");
        }

        int wrong = labels.Bytes.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(ClassNames.Count - 1));
        if (wrong >= 0)
        {
            throw new DataFileException($"Label {wrong} of the {part} files in '{directory}' is {labels.Bytes[wrong]}; labels lie in 0 to {ClassNames.Count - 1}.");
        }

        return new ImageDataset(images.Bytes, labels.Bytes, [1, images.Shape[1], images.Shape[2]], new PixelNormalization(Mean, Std));
    }

    private static IdxArray Read(string directory, string name) => IdxArray.Read(
        FindFile(directory, name) ?? throw new FileNotFoundException($"'{directory}' has neither {name} nor {name}.gz.", Path.Combine(directory, name + ".gz")));

    private static string? FindFile(string directory, string name)
    {
        string plain = Path.Combine(directory, name);
        return File.Exists(plain) ? plain : File.Exists(plain + ".gz") ? plain + ".gz" : null;
    }
}

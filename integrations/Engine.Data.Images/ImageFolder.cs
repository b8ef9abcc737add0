using Engine.Nn;

namespace Engine.Data.Images;

/// <summary>A folder with a folder of images for each class, as torchvision's <c>ImageFolder</c> reads it: <c>root/cat/1.jpg</c>, <c>root/dog/a/2.png</c>.</summary>
/// <remarks>Classes are numbered in the order of their names, files in the order of their paths; both orders are by character codes, on every system the same.</remarks>
public sealed class ImageFolder : ImageFileDataset
{
    private const int NamesShown = 10;

    private static readonly string[] s_extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];

    /// <summary>Lists the files; none is opened.</summary>
    /// <param name="root">The folder of the classes' folders.</param>
    /// <param name="options">How files are read.</param>
    /// <param name="extensions">The endings of image files, case ignored; those of the formats that are read, if null.</param>
    /// <param name="isValid">Which files are images, instead of their endings; it gets the path.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or no folder of a class in it.</exception>
    /// <exception cref="FileNotFoundException">A class has no image.</exception>
    public ImageFolder(string root, ImageOptions? options = null, IEnumerable<string>? extensions = null, Func<string, bool>? isValid = null)
        : this(FolderScan.OfClasses(root, FolderScan.Filter(extensions ?? s_extensions, isValid)), options)
    {
    }

    private ImageFolder(FolderScan scan, ImageOptions? options)
        : base(scan.Files, scan.Classes, options)
    {
        Root = scan.Root;
        ClassNames = scan.ClassNames;
        ClassToIndex = scan.ClassNames.Index().ToDictionary(static pair => pair.Item, static pair => pair.Index, StringComparer.Ordinal);
    }

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The names of the classes; a class's number is its place here.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of each class.</summary>
    public IReadOnlyDictionary<string, int> ClassToIndex { get; }

    /// <summary>All images below a folder, without classes: the target of a sample is its number, so that a prediction finds its file.</summary>
    /// <inheritdoc cref="ImageFolder(string, ImageOptions, IEnumerable{string}, Func{string, bool})"/>
    public static ImageFileDataset Unlabeled(string root, ImageOptions? options = null, IEnumerable<string>? extensions = null, Func<string, bool>? isValid = null)
    {
        string[] files = FolderScan.FilesBelow(FolderScan.Existing(root), FolderScan.Filter(extensions ?? s_extensions, isValid));
        return files.Length > 0 ? new ImageFileDataset(files, null, options) : throw new FileNotFoundException($"ImageFolder: there is no image below {root}.");
    }

    /// <summary>"ImageFolder(photos: 80 images of 2 classes: cat, dog)".</summary>
    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"ImageFolder({Root}: {Count:N0} images of {ClassNames.Count} classes: {string.Join(", ", ClassNames.Take(NamesShown))}{(ClassNames.Count > NamesShown ? ", …" : string.Empty)})");

    /// <inheritdoc cref="ImageFileDataset.With"/>
    public new ImageFolder With(params IImageTransform[] transforms) => (ImageFolder)base.With(transforms);

    /// <inheritdoc cref="ImageFileDataset.WithoutRandomChanges"/>
    public new ImageFolder WithoutRandomChanges() => (ImageFolder)base.WithoutRandomChanges();
}

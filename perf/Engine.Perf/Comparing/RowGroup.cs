using System.IO.Enumeration;

namespace Engine.Perf.Comparing;

/// <summary>Rows of one kind, and what they aim at.</summary>
/// <param name="Title">What they are.</param>
/// <param name="Least">The ratio peer/ours that every row should reach.</param>
/// <param name="Mean">The geometric mean of the ratios.</param>
/// <param name="Scaling">How much faster each row should be with two threads than with one; 0 for no aim.</param>
/// <param name="Patterns">Shell patterns over names.</param>
internal sealed record RowGroup(string Title, double Least, double Mean, double Scaling, params string[] Patterns)
{
    public static IReadOnlyList<RowGroup> All { get; } =
    [
        new("products", 1, 1.15, 1.85, "sgemm/*", "dgemm/*", "linear/*"),
        new("convolutions", 1, 2, 1.7, "conv2d_*"),
        new("attention", 1, 2, 1.7, "attention_*"),
        new("normalisation, pooling, softmax, embedding, optimizer, transpose", 1.5, 3, 0, "batchnorm*", "layernorm*", "maxpool*", "softmax*", "cross_entropy*", "embedding*", "optimizer/*", "transpose*"),
        new("elementwise, sums", 1, 1.3, 0, "copy/*", "add/*", "exp/*", "tanh/*", "chain*", "sum_*"),
        new("train_step", 1.7, 2.2, 1.7, "train_step/*"),
        new("infer", 1.3, 2.2, 0, "infer/*"),
    ];

    /// <summary>Rows that read and write memory and do little else: they are held against a copy.</summary>
    public static RowGroup Elementwise { get; } = All.Single(static group => group.Has("add/4M"));

    public bool Has(string name) => Patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
}

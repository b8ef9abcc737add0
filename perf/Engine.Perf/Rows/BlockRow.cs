namespace Engine.Perf.Rows;

/// <summary>
/// A part of a network. A step of training takes a fixed gradient of its output: zero gradients, forward, backward, Adam's update. Both sides check that
/// theirs has so many parameters.
/// </summary>
/// <param name="Name">The row's name behind <c>train_step/</c> and <c>infer/</c>.</param>
/// <param name="Input">The shape of a batch: [N, L, E] of transformers, [L, N, E] of recurrent networks, [N, C, H, W] of images.</param>
/// <param name="Parameters">The number of values that are trained.</param>
/// <param name="Flop">Operations of the products of a forward pass; 0 where products are not what takes the time.</param>
/// <param name="TrainingFlop">The same of a step of training.</param>
internal sealed record BlockRow(string Name, int[] Input, long Parameters, long Flop = 0, long TrainingFlop = 0)
{
    public const int Heads = 8, RecurrentLayers = 2;

    public static IReadOnlyList<BlockRow> All { get; } =
    [
        Transformer("transformer_128x256", [8, 128, 256]),
        Transformer("transformer_512x768", [1, 512, 768]),
        Recurrent("lstm_2x256", gates: 4, [64, 32, 256]),
        Recurrent("gru_2x256", gates: 3, [64, 32, 256]),
        new("mobilenet_block", [16, 256, 28, 28], (256 * 9) + (256 * 256) + (4 * 256)),
    ];

    /// <summary>The last size of the input, which is also that of the output and of what is in between.</summary>
    public int Size => Input[^1];

    /// <exception cref="InvalidOperationException">A side built something else than the row says.</exception>
    public void Check(long parameters) => NetworkRow.CheckCount(Name, Parameters, parameters);

    // Four projections of E × E, two of E × 4E, their biases, two layer norms; queries times keys and weights times values. Each product has two gradients.
    private static BlockRow Transformer(string name, int[] input)
    {
        long size = input[^1], tokens = (long)input[0] * input[1];
        long flop = 2 * tokens * ((12 * size * size) + (2 * input[1] * size));
        return new(name, input, (12 * size * size) + (13 * size), flop, 3 * flop);
    }

    // In each layer two products and two biases for all gates. Each product has two gradients, but that of the first layer's input is not asked for.
    private static BlockRow Recurrent(string name, int gates, int[] input)
    {
        long size = input[^1];
        long product = 2L * input[0] * input[1] * gates * size * size, flop = RecurrentLayers * 2 * product;
        return new(name, input, RecurrentLayers * gates * ((2 * size * size) + (2 * size)), flop, (3 * flop) - product);
    }
}

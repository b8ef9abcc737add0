namespace Engine.Nn;

/// <summary>One module in a <see cref="ModelSummary"/>.</summary>
/// <param name="Name">Its path in the model; empty for the model itself.</param>
/// <param name="Description">The layer and its sizes.</param>
/// <param name="OutputShape">The shape of its last result; null if it was not called or does not report.</param>
/// <param name="Parameters">The number of values in its own parameters, without those of modules below it and those counted before.</param>
/// <param name="Flops">Floating-point operations of all its calls, a multiply-add counted as two; only products are counted.</param>
/// <param name="Depth">0 for the model itself.</param>
public sealed record SummaryRow(string Name, string Description, Shape? OutputShape, long Parameters, long Flops, int Depth);

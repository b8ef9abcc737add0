namespace Engine.Nn;

/// <summary>One layer in a <see cref="ModelProfile"/>.</summary>
/// <param name="Name">Its path in the model; empty for the model itself.</param>
/// <param name="Description">The layer and its sizes.</param>
/// <param name="OutputShape">The shape of its first result.</param>
/// <param name="Time">The median over the runs of the time of all its calls in a run.</param>
/// <param name="Flops">Floating-point operations of these calls, a multiply-add counted as two; only products are counted.</param>
public sealed record ProfileRow(string Name, string Description, Shape OutputShape, TimeSpan Time, long Flops);

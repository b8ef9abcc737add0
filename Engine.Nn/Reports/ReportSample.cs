namespace Engine.Nn;

/// <summary>Values of which a <see cref="Report"/> shows the histogram.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Values">The values, in any order; NaN and infinities are counted apart.</param>
public sealed record ReportSample(string Name, IReadOnlyList<double> Values);

/// <summary>One bar of a chart of a <see cref="Report"/>.</summary>
/// <param name="Name">The text beside it.</param>
/// <param name="Value">How long it is; NaN and infinities are told in words.</param>
public sealed record ReportBar(string Name, double Value);

/// <summary>A picture in a <see cref="Report"/>.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Pixels">Row by row, one byte a pixel (gray) or three (red, green, blue).</param>
/// <param name="Caption">The text below it.</param>
public sealed record ReportImage(int Width, int Height, byte[] Pixels, string Caption);

/// <summary>One axis of <see cref="Report.AddParallelCoordinates"/>: of numbers, or of words where its column has a word.</summary>
/// <param name="Name">The text above it.</param>
/// <param name="IsLog">Whether equal ratios lie equally far apart; the values must then be positive.</param>
public sealed record ReportAxis(string Name, bool IsLog = false);

using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>Where the outputs of a correlation lie in an image: element (p, q) of channel k at k·Plane + First + p·RowStep + q·ColumnStep.</summary>
/// <remarks>The gradient to the input of a strided convolution is computed for one residue of rows and columns at a time, which interleave.</remarks>
internal readonly record struct OutputGrid(nint Plane, nint First, nint RowStep, nint ColumnStep)
{
    /// <summary>Planes of outputs and nothing else.</summary>
    public static OutputGrid Dense(in Correlation task) => new(task.OutPlane, 0, task.Columns.OutSize, 1);

    /// <summary>Whether an image's outputs are one flat run.</summary>
    public bool IsDense(in Correlation task) => First == 0 && ColumnStep == 1 && RowStep == task.Columns.OutSize && Plane == task.OutPlane;

    /// <summary>Copies planes of <paramref name="rows"/> × <paramref name="width"/> outputs to their places, which begin at <paramref name="output"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Scatter<T>(T* planes, int channels, int rows, int width, T* output) where T : unmanaged
    {
        nint step = ColumnStep;
        for (int k = 0; k < channels; k++)
        {
            for (int p = 0; p < rows; p++, planes += width)
            {
                T* row = output + k * Plane + p * RowStep;
                for (int q = 0; q < width; q++)
                {
                    row[q * step] = planes[q];
                }
            }
        }
    }
}

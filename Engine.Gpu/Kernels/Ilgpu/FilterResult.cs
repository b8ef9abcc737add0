using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>The gradient to the filters at one tap, sum + beta · before: rows are channels of the result, columns channels of the image.</summary>
internal readonly struct FilterResult<T>(ArrayView<T> memory, int origin, FilterSteps steps, int rows, int columns, ProductEnding<T> ending) : IBlockResult<T>
    where T : unmanaged, INumber<T>
{
    private readonly ArrayView<T> _memory = memory;
    private readonly int _origin = origin;
    private readonly FilterSteps _steps = steps;
    private readonly int _rows = rows;
    private readonly int _columns = columns;
    private readonly ProductEnding<T> _ending = ending;

    /// <inheritdoc/>
    public void Write(int row, int column, T sum)
    {
        if (row >= _rows || column >= _columns)
        {
            return;
        }

        int offset = _origin + (row * _steps.Output) + (column * _steps.Input);
        T before = default;
        if (_ending.ReadsResult)
        {
            before = _memory[offset];
        }

        _memory[offset] = _ending.Of(sum, before, default);
    }
}

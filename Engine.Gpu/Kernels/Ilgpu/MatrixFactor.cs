using System.Numerics;
using ILGPU;

namespace Engine.Gpu;

/// <summary>Where the elements of a batch of matrices lie: steps of 0 repeat, negative ones run backwards.</summary>
/// <param name="origin">The offset of the first element; no element lies before offset 0.</param>
/// <param name="row">From one row to the next.</param>
/// <param name="column">From one column to the next.</param>
/// <param name="outer">From one matrix to the next along the outer axis of the batch.</param>
/// <param name="inner">The same along the inner axis.</param>
internal readonly struct MatrixSteps(int origin, int row, int column, int outer, int inner)
{
    private readonly int _origin = origin;

    /// <summary>From one row to the next.</summary>
    public readonly int Row = row;

    /// <summary>From one column to the next.</summary>
    public readonly int Column = column;

    private readonly int _outer = outer;
    private readonly int _inner = inner;

    /// <summary>The offset of a matrix of the batch.</summary>
    public int Matrix(int outer, int inner) => _origin + (outer * _outer) + (inner * _inner);
}

/// <summary>A matrix as a factor: element (line, depth) lies at origin + line · lineStep + depth · depthStep, so any transposition is one of steps.</summary>
internal readonly struct MatrixFactor<T>(ArrayView<T> memory, int origin, int lines, int lineStep, int depthStep) : IBlockFactor<T>
    where T : unmanaged
{
    private readonly ArrayView<T> _memory = memory;
    private readonly int _origin = origin;
    private readonly int _lines = lines;
    private readonly int _lineStep = lineStep;
    private readonly int _depthStep = depthStep;

    /// <inheritdoc/>
    public bool AlongDepth => _depthStep < _lineStep;

    /// <inheritdoc/>
    public int Locate(int index) => AlongDepth ? _origin + (index * _depthStep) : index < _lines ? _origin + (index * _lineStep) : -1;

    /// <inheritdoc/>
    public T Read(int offset, int index)
    {
        if (offset < 0 || (AlongDepth && index >= _lines))
        {
            return default;
        }

        return _memory[offset + (index * (AlongDepth ? _lineStep : _depthStep))];
    }
}

/// <summary>The result of a matrix product with its epilogue.</summary>
internal readonly struct MatrixResult<T>(
    ArrayView<T> memory, int origin, MatrixSteps steps, ArrayView<T> bias, int biasOrigin, MatrixSteps biasSteps, int rows, int columns, ProductEnding<T> ending)
    : IBlockResult<T>
    where T : unmanaged, INumber<T>
{
    private readonly ArrayView<T> _memory = memory;
    private readonly int _origin = origin;
    private readonly MatrixSteps _steps = steps;
    private readonly ArrayView<T> _bias = bias;
    private readonly int _biasOrigin = biasOrigin;
    private readonly MatrixSteps _biasSteps = biasSteps;
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

        int offset = _origin + (row * _steps.Row) + (column * _steps.Column);
        T before = default, added = default;
        if (_ending.ReadsResult)
        {
            before = _memory[offset];
        }

        if (_ending.ReadsBias)
        {
            added = _bias[_biasOrigin + (row * _biasSteps.Row) + (column * _biasSteps.Column)];
        }

        _memory[offset] = _ending.Of(sum, before, added);
    }
}

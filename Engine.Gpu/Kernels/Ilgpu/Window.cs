namespace Engine.Gpu;

/// <summary>A pixel: its image, row and column.</summary>
internal readonly struct PixelIndex(int image, int row, int column)
{
    /// <summary>The image.</summary>
    public readonly int Image = image;

    /// <summary>The row in the image.</summary>
    public readonly int Row = row;

    /// <summary>The column in the image.</summary>
    public readonly int Column = column;
}

/// <summary>How results of one channel are numbered: image, row, column, the column fastest.</summary>
internal readonly struct PixelGrid(int images, int rows, int columns)
{
    private readonly int _images = images;
    private readonly int _rows = rows;
    private readonly int _columns = columns;

    /// <summary>All results of one channel.</summary>
    public int Pixels => _images * _rows * _columns;

    /// <summary>The pixel with a number.</summary>
    public PixelIndex At(int pixel) => new(pixel / _columns / _rows, pixel / _columns % _rows, pixel % _columns);

    /// <summary>The pixel that lies a number of pixels, given as an index, after another one: a sum with two carries instead of divisions.</summary>
    public PixelIndex Sum(PixelIndex pixel, PixelIndex step)
    {
        int image = pixel.Image + step.Image, row = pixel.Row + step.Row, column = pixel.Column + step.Column;
        if (column >= _columns)
        {
            column -= _columns;
            row++;
        }

        if (row >= _rows)
        {
            row -= _rows;
            image++;
        }

        return new PixelIndex(image, row, column);
    }
}

/// <summary>Where the elements of images [N, C, H, W] lie; no element lies before offset 0.</summary>
internal readonly struct ImageStrides(int origin, int image, int channel, int row, int column)
{
    private readonly int _origin = origin;
    private readonly int _image = image;
    private readonly int _channel = channel;
    private readonly int _row = row;
    private readonly int _column = column;

    /// <summary>From one channel to the next.</summary>
    public int Channel => _channel;

    /// <summary>The offset of an element.</summary>
    public int At(int image, int channel, int row, int column) => _origin + (image * _image) + (channel * _channel) + (row * _row) + (column * _column);
}

/// <summary>Where the elements of filters lie, or of their gradient: [groups · K, C, R, S].</summary>
internal readonly struct FilterSteps(int origin, int group, int output, int input, int row, int column)
{
    private readonly int _origin = origin;
    private readonly int _group = group;

    /// <summary>From one channel of the result to the next, in a group.</summary>
    public readonly int Output = output;

    /// <summary>From one channel of the image to the next, in a group.</summary>
    public readonly int Input = input;

    private readonly int _row = row;
    private readonly int _column = column;

    /// <summary>The offset of a tap of the first filter of a group.</summary>
    public int Tap(int group, int row, int column) => _origin + (group * _group) + (row * _row) + (column * _column);
}

/// <summary>One direction of a window that moves over an image: result i and tap t meet at index from + i · step + t · tapStep.</summary>
internal readonly struct WindowIndices(int size, int taps, int from, int step, int tapStep)
{
    private readonly int _size = size;

    /// <summary>How many taps.</summary>
    public readonly int Taps = taps;

    private readonly int _from = from;
    private readonly int _step = step;
    private readonly int _tapStep = tapStep;

    /// <summary>The index in the image.</summary>
    public int At(int result, int tap) => _from + (result * _step) + (tap * _tapStep);

    /// <summary>Whether an index is in the image and not in its padding.</summary>
    public bool Contains(int index) => index >= 0 && index < _size;
}

/// <summary>The channels of one group of a convolution, and how many groups there are.</summary>
internal readonly struct ConvolutionChannels(int groups, int output, int input)
{
    /// <summary>Groups of channels.</summary>
    public readonly int Groups = groups;

    /// <summary>Channels of the result in a group.</summary>
    public readonly int Output = output;

    /// <summary>Channels of the image in a group.</summary>
    public readonly int Input = input;
}

using System.Runtime.CompilerServices;

namespace Engine.Cpu;

/// <summary>[N, C, L], and how it is cut for the statistics of its channels.</summary>
/// <remarks>
/// A <b>group</b> is the work of one thread from the statistics to the result, while its numbers are in the L2 cache: one channel, or, where L is
/// shorter than two vectors, neighbouring columns of the matrix [N, C·L]. The numbers of a group fall into <b>blocks</b> for the L1 cache, each
/// with statistics of its own. Groups and blocks follow from the shape and the width of the vectors, and a group's blocks are always joined in
/// ascending order; so results do not depend on the number of threads.
/// </remarks>
internal readonly struct BatchNormShape
{
    /// <summary>Numbers in a block: 16 KB of float32, half of a small L1 cache.</summary>
    private const int BlockNumbers = 4096;

    /// <summary>Columns in a group, at least: four cache lines of float32 in each row, and rows enough to make the sums of a block worth joining.</summary>
    private const int GroupColumns = 64;

    public BatchNormShape(int images, int channels, nint length, int lanes)
    {
        Images = images;
        Channels = channels;
        Length = length;
        IsColumns = length < 2 * lanes;
        if (IsColumns)
        {
            GroupChannels = (int)Math.Min(channels, (GroupColumns + length - 1) / length);
            Groups = (channels + GroupChannels - 1) / GroupChannels;
            BlockSize = Math.Min(images, Math.Max(1, BlockNumbers / GroupColumns));
            Blocks = (images + (int)BlockSize - 1) / (int)BlockSize;
        }
        else
        {
            GroupChannels = 1;
            Groups = channels;
            BlockSize = length <= BlockNumbers ? BlockNumbers / length * length : BlockNumbers;
            Blocks = (int)((Count + BlockSize - 1) / BlockSize);
        }
    }

    public readonly int Images, Channels;

    /// <summary>L.</summary>
    public readonly nint Length;

    /// <summary>Whether groups are columns of a matrix.</summary>
    public readonly bool IsColumns;

    public readonly int Groups, GroupChannels, Blocks;

    /// <summary>The size of each block but the last: rows of a matrix, or numbers of a channel.</summary>
    public readonly nint BlockSize;

    /// <summary>N·L, the numbers of a channel.</summary>
    public nint Count => Images * Length;

    /// <summary>Numbers of a channel in a block.</summary>
    public nint BlockCount(int block) => Math.Min(BlockSize, Count - (block * BlockSize));

    /// <summary>Rows of a matrix in a block.</summary>
    public nint BlockRows(int block) => Math.Min(BlockSize, Images - (block * BlockSize));

    /// <summary>A block of columns.</summary>
    public ColumnRange Columns(int group, int block) => new(
        (nint)group * GroupChannels * Length, Math.Min((group + 1) * (nint)GroupChannels, Channels) * Length, Channels * Length, block * BlockSize, BlockRows(block));

    /// <summary>The pieces of memory that make up a block of a channel.</summary>
    public Strips Strips(int channel, int block) => new(this, channel, block * BlockSize, BlockCount(block));
}

/// <summary>Part of a matrix: columns [First, End) of Rows rows from Row on; a row is Pitch numbers long.</summary>
internal readonly record struct ColumnRange(nint First, nint End, nint Pitch, nint Row, nint Rows);

/// <summary>Walks over pieces of memory that belong to one channel.</summary>
internal struct Strips
{
    private readonly nint _pitch, _length;
    private nint _next, _within, _left;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Strips(in BatchNormShape shape, int channel, nint first, nint count)
    {
        _length = shape.Length;
        _pitch = shape.Channels * _length;
        nint image = first / _length;
        _within = first - (image * _length);
        _next = (image * _pitch) + (channel * _length);
        _left = count;
        (Offset, Size, Image) = (0, 0, image - 1);
    }

    /// <summary>Where the piece begins, in numbers from the first of a tensor without gaps.</summary>
    public nint Offset;

    /// <summary>The image that it is of: in a tensor with gaps behind its images it begins so many gaps later.</summary>
    public nint Image;

    /// <summary>How many numbers it has.</summary>
    public nint Size;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        if (_left == 0)
        {
            return false;
        }
        Offset = _next + _within;
        Size = Math.Min(_length - _within, _left);
        _left -= Size;
        _within = 0;
        _next += _pitch;
        Image++;
        return true;
    }
}

using System.Runtime.CompilerServices;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The selected elements: an integer picks one element of an axis (which vanishes), a range a stretch of it; axes not mentioned are taken
    /// whole. <c>x[.., ..3]</c> is the first three columns. With integers and ranges alone the result is a view.
    /// </summary>
    /// <remarks>
    /// <para>A mask or an index (see <see cref="TensorIndex"/>) chooses elements, which are copied; the gradient goes back to where they lay, and
    /// adds up where one was chosen twice. Several of them are broadcast together. Their axes stand where the first of them stood if they are
    /// neighbours, and in front if others lie between: NumPy's rule. Integers in C# pick before, as in PyTorch. As indices of whole rows
    /// they may be negative.</para>
    /// <para>How many elements a mask chooses is known to the device alone, so that the host waits for it, and a captured step refuses. Assigning
    /// one number (or one row) under a mask needs no wait. Numbers outside of the axis are an error in host memory; on a card they
    /// give NaN (0 in integer types), and write nothing.</para>
    /// <para>Assignment broadcasts and converts the value. Where one element is named more than once, the last of its values stays, on every
    /// device. No gradient is recorded: <see cref="IndexPut"/> is the form that does.</para>
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside its axis.</exception>
    /// <exception cref="ArgumentException">There are more entries than axes.</exception>
    /// <exception cref="ShapeMismatchException">A mask has other sizes than the axes it chooses from, or indices do not broadcast.</exception>
    /// <exception cref="CaptureException">The number of chosen elements is asked for while a step is captured.</exception>
    [IndexerName("Elements")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get
        {
            if (AdvancedIndex.Has(indices))
            {
                return AdvancedIndex.Get(this, indices);
            }

            return this.Own(ViewOf(indices, chosen: null));
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckInPlace("Index");
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            if (AdvancedIndex.Has(indices))
            {
                AdvancedIndex.Set(this, indices, value);
            }
            else
            {
                ViewOf(indices, chosen: null).CopyFrom(value);
            }
        }
    }

    /// <summary>The view that integers, ranges and new axes make. Masks and indices leave their axes whole and are noted with the first of them.</summary>
    internal Tensor ViewOf(ReadOnlySpan<TensorIndex> indices, List<(int Axis, TensorIndex Entry)>? chosen)
    {
        int consumed = 0;
        foreach (TensorIndex index in indices)
        {
            consumed += index.Axes;
        }

        if (consumed > Rank)
        {
            throw new ArgumentException($"Index: {consumed} entries for {Shape}, which has {Rank} axes.", nameof(indices));
        }

        Tensor y = this;
        int axis = 0;
        foreach (TensorIndex index in indices)
        {
            switch (index.Form)
            {
                case TensorIndex.Kind.Index:
                    // A coordinate before the start of the axis must not count from the end a second time.
                    int offset = index.Index.GetOffset(y.Shape[axis]);
                    if (offset < 0)
                    {
                        throw new ArgumentOutOfRangeException(nameof(indices), index.Index, $"Select: axis {axis} of {y.Shape} has {y.Shape[axis]} elements.");
                    }

                    y = y.Select(axis, offset);
                    break;
                case TensorIndex.Kind.NewAxis:
                    y = y.Unsqueeze(axis++);
                    break;
                case TensorIndex.Kind.Ellipsis:
                    axis += Rank - consumed;
                    break;
                case TensorIndex.Kind.Range:
                    // Clipped to the axis as in Python and NumPy.
                    int size = y.Shape[axis];
                    int start = Math.Clamp(index.Range.Start.GetOffset(size), 0, size);
                    int stop = Math.Clamp(index.Range.End.GetOffset(size), start, size);
                    y = y.SliceOrSelf(axis++, start, (int)(((long)stop - start + index.Step - 1) / index.Step), index.Step);
                    break;
                default:
                    // A mask without axes chooses from an axis of its own, of size 1.
                    y = index.Axes == 0 ? y.Unsqueeze(axis) : y;
                    chosen!.Add((axis, index));
                    axis += Math.Max(1, index.Axes);
                    break;
            }
        }

        return y;
    }
}

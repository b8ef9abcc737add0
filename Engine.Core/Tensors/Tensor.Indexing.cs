using System.Runtime.CompilerServices;

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// A view of the selected elements: an integer picks one element of an axis (which vanishes), a range a stretch of it; axes not
    /// mentioned are taken whole. <c>x[.., ..3]</c> is the first three columns.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An index lies outside its axis.</exception>
    /// <exception cref="ArgumentException">There are more entries than axes.</exception>
    [IndexerName("Elements")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get
        {
            int consumed = 0;
            foreach (TensorIndex index in indices)
            {
                consumed += index.Form is TensorIndex.Kind.Index or TensorIndex.Kind.Range ? 1 : 0;
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
                    default:
                        // Clipped to the axis as in Python and NumPy.
                        int size = y.Shape[axis];
                        int start = Math.Clamp(index.Range.Start.GetOffset(size), 0, size);
                        int stop = Math.Clamp(index.Range.End.GetOffset(size), start, size);
                        y = y.SliceOrSelf(axis++, start, (int)(((long)stop - start + index.Step - 1) / index.Step), index.Step);
                        break;
                }
            }

            return this.Own(y);
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            CheckInPlace("Index");
            using TensorScope scope = TensorScope.Begin();
            using GradMode.Scope mode = GradMode.Off();
            this[indices].CopyFrom(value);
        }
    }
}

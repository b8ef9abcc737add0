namespace Engine.Cpu;

/// <summary>The window of a pooling together with the sizes of one image and its result.</summary>
internal readonly struct PoolPlane(in PoolGeometry geometry, int height, int width, int outHeight, int outWidth)
{
    public readonly PoolGeometry Geometry = geometry;

    /// <summary>H and W.</summary>
    public readonly int Height = height, Width = width;

    /// <summary>P and Q.</summary>
    public readonly int OutHeight = outHeight, OutWidth = outWidth;

    /// <summary>H·W.</summary>
    public nint Size => (nint)Height * Width;

    /// <summary>P·Q.</summary>
    public nint OutSize => (nint)OutHeight * OutWidth;

    /// <summary>Whether each output takes a 2×2 block of its own, all of it inside the image.</summary>
    public bool IsHalving => Geometry is
    {
        KernelH: 2, KernelW: 2, StrideH: 2, StrideW: 2, PadH: 0, PadW: 0, DilationH: 1, DilationW: 1,
    } && OutHeight <= Height / 2 && OutWidth <= Width / 2;

    /// <summary>The output columns whose windows lie inside the image from left to right.</summary>
    public (int First, int End) InnerColumns
    {
        get
        {
            int first = (Geometry.PadW + Geometry.StrideW - 1) / Geometry.StrideW, last = Width - 1 - ((Geometry.KernelW - 1) * Geometry.DilationW) + Geometry.PadW;
            int end = last < 0 ? 0 : (last / Geometry.StrideW) + 1;
            return (Math.Min(first, OutWidth), Math.Clamp(end, Math.Min(first, OutWidth), OutWidth));
        }
    }

    /// <summary>The rows under the window of output row p.</summary>
    public Taps Rows(int p) => new((p * Geometry.StrideH) - Geometry.PadH, Geometry.KernelH, Geometry.DilationH, Height);

    /// <summary>The columns under the window of output column q.</summary>
    public Taps Columns(int q) => new((q * Geometry.StrideW) - Geometry.PadW, Geometry.KernelW, Geometry.DilationW, Width);

    /// <summary>The divisor of the sum of a window.</summary>
    public int Divisor(in Taps rows, in Taps columns) =>
        Geometry.CountIncludePad ? Geometry.KernelH * Geometry.KernelW : rows.Count * columns.Count;

    /// <summary>The cells of a window along one axis that lie inside the image: First, First + step, …, below End.</summary>
    internal readonly struct Taps
    {
        public readonly int First, End, Step, Count;

        public Taps(int start, int window, int step, int size)
        {
            int skipped = start < 0 ? (step - 1 - start) / step : 0;
            int last = start + ((window - 1) * step);
            First = start + (skipped * step);
            End = Math.Min(last + 1, size);
            Step = step;
            Count = First < End ? ((End - 1 - First) / step) + 1 : 0;
        }
    }
}

namespace Engine.Gpu;

/// <summary>Running sums, sorting, and the norm of many tensors.</summary>
internal partial class GpuBackend
{
    protected override void CumSumCore(in Operand x, in Operand y, int axis)
    {
        bool fits = RowSplit.TrySplit(x.Shape, axis, out RowSplit split) & !(x.DType.IsFloatingPoint() && !y.DType.IsFloatingPoint());
        if (!fits || !split.TryView(x, out Operand xView) || !split.TryView(y, out Operand yView))
        {
            base.CumSumCore(x, y, axis);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(xView, yView);
        int width = ShapeOf(split).Width == 1 ? 1 : Target.GroupSize;
        RunningSumKernel kernel = new(x.DType, y.DType, width, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[24]);
        kernel.Bind(ref arguments, xView, yView, split);
        Launch(kernel, new RowShape(width, 0).Grid(Target, split.Rows), arguments.Span);
    }

    protected override void ArgSortCore(in Operand x, in Operand indices, int axis, bool descending)
    {
        bool fits = RowSplit.TrySplit(x.Shape, axis, out RowSplit split) & x.Shape.ElementCount <= MaxItems & indices.DType == DType.Int64;
        if (!fits || !split.TryView(x, out Operand keys) || !split.TryView(indices, out Operand output))
        {
            base.ArgSortCore(x, indices, axis, descending);
            return;
        }

        bool is64Bit = StridesParameter.Is64Bit(keys, output);
        if (split.Length > RankKernel.MostElements)
        {
            MergeSort(keys, output, split, descending, is64Bit);
            return;
        }

        RankKernel kernel = new(x.DType, descending, is64Bit);
        ArgumentList arguments = new(stackalloc KernelArgument[24]);
        kernel.Bind(ref arguments, keys, output, split);
        Launch(kernel, Cover(x.Shape.ElementCount), arguments.Span);
    }

    // Chunks in shared memory, then ever longer runs from one pair of temporaries to the other; the last pass writes the result.
    private void MergeSort(in Operand x, in Operand indices, in RowSplit split, bool descending, bool is64Bit)
    {
        using TensorScope scope = TensorScope.Begin();
        int chunk = SortChunksKernel.Keys(Target, x.DType), count = (int)split.Rows * split.Length;
        int chunks = (split.Length + chunk - 1) / chunk;
        bool isLast = chunks == 1;
        Operand? keys = isLast ? null : Tensor.Empty([count], x.DType, _device).Operand, nextKeys = chunks <= 2 ? null : Tensor.Empty([count], x.DType, _device).Operand;
        Operand order = isLast ? indices : Tensor.Empty([count], DType.Int32, _device).Operand;
        Operand nextOrder = chunks <= 2 ? indices : Tensor.Empty([count], DType.Int32, _device).Operand;

        ArgumentList arguments = new(stackalloc KernelArgument[32]);
        SortChunksKernel sort = new(x.DType, descending, is64Bit, isLast);
        sort.Bind(ref arguments, x, keys, order, split, chunk);
        Launch(sort, new LaunchGrid((int)split.Rows * chunks), arguments.Span);

        for (long width = chunk; width < split.Length; width *= 2)
        {
            isLast = 2 * width >= split.Length;
            arguments.Clear();
            SortMergeKernel merge = new(x.DType, descending, is64Bit, isLast);
            merge.Bind(ref arguments, keys!.Value, order, isLast ? null : nextKeys, isLast ? indices : nextOrder, split, (int)width);
            Launch(merge, Cover(count), arguments.Span);
            (keys, nextKeys) = (nextKeys, keys);
            (order, nextOrder) = (nextOrder, order);
        }
    }

    protected override void GlobalNormCore(ReadOnlySpan<Operand> tensors, in Operand result)
    {
        const int MostGroups = 64, ElementsOfItem = 16;
        DType type = tensors.IsEmpty ? result.DType : tensors[0].DType;
        long largest = 0;
        bool fits = !tensors.IsEmpty;
        foreach (Operand x in tensors)
        {
            largest = Math.Max(largest, x.Shape.ElementCount);
            fits &= x.DType == type && x.Layout.IsContiguous;
        }

        if (!fits || largest > MaxItems)
        {
            base.GlobalNormCore(tensors, result);
            return;
        }

        using TensorScope scope = TensorScope.Begin();
        int groups = (int)Math.Clamp(largest / (ElementsOfItem * Target.GroupSize), 1, MostGroups);
        DType sums = type == DType.Float64 ? DType.Float64 : DType.Float32;
        Operand partials = Tensor.Empty([tensors.Length * groups * SquareSumKernel.Sums], sums, _device).Operand;
        Span<KernelArgument> space = stackalloc KernelArgument[2 + (2 * SquareSumKernel.Slots)];
        for (int first = 0; first < tensors.Length; first += SquareSumKernel.Slots)
        {
            int used = Math.Min(SquareSumKernel.Slots, tensors.Length - first);
            ArgumentList arguments = new(space);
            SquareSumKernel.Bind(ref arguments, partials, tensors, first);
            Launch(new SquareSumKernel(type), new LaunchGrid(groups, used), arguments.Span);
        }

        ArgumentList last = new(space);
        RootOfSumKernel.Bind(ref last, partials, result, tensors.Length * groups);
        Launch(new RootOfSumKernel(sums, result.DType), new LaunchGrid(1), last.Span);
    }
}

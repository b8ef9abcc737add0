namespace Engine.Gpu;

/// <summary>Gradient of layer normalisation to its input: invStd·(g − (Σg + x̂·Σ g·x̂)/length) with g = dy·scale.</summary>
internal readonly record struct LayerNormBackwardKernel(DType Element, DType Affine, bool HasScale, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("layer_norm_backward", target, target.GroupSize);
        RegisterType type = Element.InRegister();
        Memory input = k.Buffer("x", Element, readOnly: true), gradient = k.Buffer("dy", Element, readOnly: true), output = k.Buffer("dx", Element);
        RowItems rows = new(k, Shape);
        RowOperand x = rows.Operand(input, new StridesParameter(k, "x", 3, Is64Bit));
        RowOperand dy = rows.Operand(gradient, new StridesParameter(k, "dy", 3, Is64Bit)), dx = rows.Operand(output, new StridesParameter(k, "dx", 3, Is64Bit));
        ChannelVector row = new(k, rows.Row, Element.ComputeType(), Is64Bit);
        Value mean = row.Load("mean"), inverse = row.Load("inverse_std");
        ColumnVector? scale = HasScale ? new(k, "scale", Affine, Is64Bit) : null;

        // Both are 0 where there is no element: the gradient is.
        (Value Gradient, Value Normalized) Of(Value[] values) =>
            (values.Length == 2 ? values[1] : values[1] * values[2].To(type), (values[0] - mean) * inverse);

        RowReader reader = rows.Reader(x, dy);
        Variable sum = k.Variable(k.Constant(type, 0)), product = k.Variable(k.Constant(type, 0));
        RowOperand[] also = ColumnVector.Operands(scale);
        List<(Value Gradient, Value Normalized)> kept = [];
        reader.ForEach(
            (_, _, values) =>
            {
                (Value g, Value normalized) = Of(values);
                kept.Add((g, normalized));
                sum.Value += g;
                product.Value = k.Fma(g, normalized, product.Value);
            },
            also);
        Value[] sums = rows.Reduction(type, type).Sums(sum.Value, product.Value);
        Value share = 1 / rows.Length.To(type), meanSum = sums[0] * share, meanProduct = sums[1] * share;
        bool keeps = Shape.Kept > 0;
        int at = 0;
        reader.Write(
            dx,
            (_, _, values) =>
            {
                (Value g, Value normalized) = keeps ? kept[at++] : Of(values);
                return inverse * (g - k.Fma(normalized, meanProduct, meanSum));
            },
            keeps ? [] : also);
        return k.Build();
    }

    /// <summary>Adds the arguments for operands in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in LayerNormBackwardArgs args, in Operand x, in Operand dy, in Operand dx, in RowSplit split)
    {
        arguments.Add(x);
        arguments.Add(dy);
        arguments.Add(dx);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(x, Is64Bit);
        arguments.AddStrides(dy, Is64Bit);
        arguments.AddStrides(dx, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Mean, Is64Bit);
        ChannelVector.Bind(ref arguments, args.InverseStd, Is64Bit);
        ChannelVector.Bind(ref arguments, args.Scale, Is64Bit);
    }
}

/// <summary>Gradients to scale and shift: Σ dy·x̂ and Σ dy of each column; one launch, or two where chunks of rows are summed apart.</summary>
internal readonly record struct LayerNormColumnsKernel(ChannelStage Stage, ChannelShape Shape, DType Element, DType Gradients, bool HasScale, bool HasShift, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("layer_norm_columns", target, target.GroupSize);
        RegisterType type = Element.InRegister();
        Memory? partial = Stage == ChannelStage.Whole ? null : k.Buffer("partials", type.InMemory());
        ChannelItems items = new(k, Shape);
        Variable sum = k.Variable(k.Constant(type, 0)), product = k.Variable(k.Constant(type, 0));
        if (Stage == ChannelStage.Apply)
        {
            items.ForEachChunk(chunk =>
            {
                sum.Value += items.LoadPartial(partial!, 0, chunk)[0];
                product.Value += items.LoadPartial(partial!, 1, chunk)[0];
            });
        }
        else
        {
            SumRows(k, items, sum, product);
        }

        Value[] sums = items.Reduction(type, type).Sums(sum.Value, product.Value);
        if (Stage == ChannelStage.Partial)
        {
            items.StorePartial(partial!, 0, [sums[0]], items.IsFirst);
            items.StorePartial(partial!, 1, [sums[1]], items.IsFirst);
            return k.Build();
        }

        ChannelVector column = new(k, items.Channel, Gradients, Is64Bit);
        if (HasShift)
        {
            column.Update("dshift", items.IsFirst & k.GroupY.Is(0), _ => sums[0]);
        }

        if (HasScale)
        {
            column.Update("dscale", items.IsFirst & k.GroupY.Is(0), _ => sums[1]);
        }

        return k.Build();
    }

    /// <summary>Adds the arguments for operands as [rows, columns, 1], in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in LayerNormBackwardArgs args, in Operand x, in Operand dy, in ChannelTiles tiles, in Operand? partials)
    {
        arguments.AddOptional(partials);
        ChannelItems.Bind(ref arguments, tiles, 1);
        if (Stage != ChannelStage.Apply)
        {
            arguments.Add(x);
            arguments.Add(dy);
            arguments.AddStrides(x, Is64Bit);
            arguments.AddStrides(dy, Is64Bit);
            ChannelVector.Bind(ref arguments, args.Mean, Is64Bit);
            ChannelVector.Bind(ref arguments, args.InverseStd, Is64Bit);
        }

        if (Stage != ChannelStage.Partial)
        {
            ChannelVector.Bind(ref arguments, args.GradShift, Is64Bit);
            ChannelVector.Bind(ref arguments, args.GradScale, Is64Bit);
        }
    }

    private void SumRows(KernelBuilder k, ChannelItems items, Variable sum, Variable product)
    {
        Memory input = k.Buffer("x", Element), gradient = k.Buffer("dy", Element);
        StridesParameter x = new(k, "x", 3, Is64Bit), dy = new(k, "dy", 3, Is64Bit);
        ColumnVector means = new(k, "mean", Element.ComputeType(), Is64Bit), inverses = new(k, "inverse_std", Element.ComputeType(), Is64Bit);
        Value xStart = x.Along(1, items.Channel), dyStart = dy.Along(1, items.Channel);
        RegisterType type = Element.InRegister();
        items.ForEach(elements =>
        {
            foreach ((Value row, _, _) in elements)
            {
                Value g = k.Load(gradient, dyStart + dy.Along(0, row));
                Value number = k.Load(input, xStart + x.Along(0, row));
                sum.Value += g;
                product.Value = k.Fma(g, (number - means.Load(row, k.Bool(true), type)) * inverses.Load(row, k.Bool(true), type), product.Value);
            }
        });
    }
}

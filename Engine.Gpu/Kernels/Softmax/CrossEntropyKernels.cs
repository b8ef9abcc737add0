namespace Engine.Gpu;

/// <summary>Losses and log Σ eᶻ of rows of logits.</summary>
/// <remarks>loss = (1 − s)·w_t·(lse − z_t) + s/C·Σ w·(lse − z), with lse − z as (max − z) + log: nothing large cancels.</remarks>
internal readonly record struct CrossEntropyForwardKernel(DType Element, bool HasWeights, bool Smooth, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    /// <summary>Whether the mean of the losses that count is computed as well.</summary>
    public bool HasMean { get; init; }

    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("cross_entropy", target, target.GroupSize);
        Memory logits = k.Buffer("z", Element, readOnly: true), losses = k.Buffer("losses", Element), lse = k.Buffer("lse", Element);
        CrossEntropyTarget targets = new(k, Element, HasWeights, Is64Bit);
        RowItems rows = new(k, Shape);
        StridesParameter strides = new(k, "z", 3, Is64Bit), lossSteps = new(k, "losses", 1, Is64Bit), lseSteps = new(k, "lse", 1, Is64Bit);
        RowOperand z = rows.Operand(logits, strides);
        RowReader reader = rows.Reader(z);
        (Value max, Value sum, _) = RowExp.MaxAndSum(k, rows, reader);
        Value logarithm = MathFunctions.Log(k, sum);
        Value smooth = Smooth ? SumOverClasses(k, rows, reader, targets, max, logarithm) : max.Like(0);
        bool isSmooth = Smooth;
        Variable ownLoss = k.Variable(max.Like(0)), ownCount = k.Variable(max.Like(0));
        k.If(rows.IsFirst, () =>
        {
            (Value number, Value isClass, Value counts, Value mass) = targets.Of(rows);
            Value loss = mass * (max - k.Load(logits, z.Offset(number), isClass) + logarithm);
            if (isSmooth)
            {
                // A mass of 0 would turn the infinite loss of an impossible class into NaN.
                loss = k.Select(mass.Is(0), mass, loss) + (targets.Shared * smooth);
            }

            loss = k.Select(isClass, loss, loss.Like(double.NaN));
            loss = k.Select(counts, loss, loss.Like(0));
            k.Store(losses, lossSteps.Along(0, rows.Row), loss);
            k.Store(lse, lseSteps.Along(0, rows.Row), logarithm + max);
            (ownLoss.Value, ownCount.Value) = (loss, k.Select(counts, loss.Like(1), loss.Like(0)));
        });
        if (HasMean)
        {
            Memory mean = k.Buffer("mean", Element), share = k.Buffer("share", Element);
            new LaunchSums(k, max.Type, max.Type).Sum([ownLoss.Value, ownCount.Value], sums =>
            {
                k.Store(mean, k.Int32(0), sums[0] / sums[1]);
                k.Store(share, k.Int32(0), 1 / sums[1]);
            });
        }

        return k.Build();
    }

    /// <summary>Adds the arguments for logits in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in CrossEntropyForwardArgs args, in Operand logits, in RowSplit split)
    {
        arguments.Add(logits);
        arguments.Add(args.Losses);
        arguments.Add(args.LogSumExp);
        CrossEntropyTarget.BindBuffers(ref arguments, args.Targets, args.ClassWeights);
        CrossEntropyTarget.BindScalars(ref arguments, args.Logits, args.Targets, args.ClassWeights, args.IgnoreIndex, args.LabelSmoothing, Is64Bit);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(logits, Is64Bit);
        arguments.AddStrides(args.Losses, Is64Bit);
        arguments.AddStrides(args.LogSumExp, Is64Bit);
        if (HasMean)
        {
            arguments.AddOptional(args.Mean);
            arguments.AddOptional(args.Share);
        }
    }

    private static Value SumOverClasses(KernelBuilder k, RowItems rows, RowReader reader, CrossEntropyTarget targets, Value max, Value logarithm)
    {
        Variable sum = k.Variable(max.Like(0));
        reader.ForEach((index, exists, values) =>
        {
            Value term = targets.Weight(index, exists) * (max - values[0] + logarithm);
            sum.Value += k.Select(exists, term, term.Like(0));
        });
        return rows.Reduction(max.Type).Sum(sum.Value);
    }
}

/// <summary>Gradient of the losses to the logits: dy·(Σ(q·w)·softmax − q·w), 0 in rows that are ignored.</summary>
internal readonly record struct CrossEntropyBackwardKernel(DType Element, bool HasWeights, bool Smooth, RowShape Shape, bool Is64Bit) : IKernelDefinition
{
    public Kernel Build(GpuTarget target)
    {
        KernelBuilder k = new("cross_entropy_backward", target, target.GroupSize);
        Memory logits = k.Buffer("z", Element, readOnly: true), gradient = k.Buffer("dlosses", Element, readOnly: true);
        Memory lse = k.Buffer("lse", Element, readOnly: true), output = k.Buffer("dz", Element);
        CrossEntropyTarget targets = new(k, Element, HasWeights, Is64Bit);
        RowItems rows = new(k, Shape);
        StridesParameter strides = new(k, "z", 3, Is64Bit), outputStrides = new(k, "dz", 3, Is64Bit);
        StridesParameter gradientSteps = new(k, "dlosses", 1, Is64Bit), lseSteps = new(k, "lse", 1, Is64Bit);
        RowOperand dz = rows.Operand(output, outputStrides);
        (Value number, Value isClass, Value counts, Value mass) = targets.Of(rows);
        Value dy = k.Load(gradient, gradientSteps.Along(0, rows.Row), rows.Exists);
        dy = k.Select(isClass, dy, dy.Like(double.NaN));
        Value logSumExp = k.Load(lse, lseSteps.Along(0, rows.Row), rows.Exists);
        Value total = mass;
        if (Smooth)
        {
            total += targets.Shared * TotalWeight(k, rows, targets, mass.Type, HasWeights);
        }

        bool smooth = Smooth;
        rows.Reader(rows.Operand(logits, strides)).Write(dz, (index, exists, values) =>
        {
            Value share = k.Select(index.Is(number), mass, mass.Like(0));
            if (smooth)
            {
                share += targets.Shared * targets.Weight(index, exists);
            }

            Value dzValue = dy * ((MathFunctions.ExpUpToOne(k, values[0] - logSumExp) * total) - share);
            return k.Select(counts, dzValue, dzValue.Like(0));
        });
        return k.Build();
    }

    /// <summary>Adds the arguments for logits and their gradient in the form of <paramref name="split"/>, in the order of the parameters.</summary>
    public void Bind(ref ArgumentList arguments, in CrossEntropyBackwardArgs args, in Operand logits, in Operand gradLogits, in RowSplit split)
    {
        arguments.Add(logits);
        arguments.Add(args.GradLosses);
        arguments.Add(args.LogSumExp);
        arguments.Add(gradLogits);
        CrossEntropyTarget.BindBuffers(ref arguments, args.Targets, args.ClassWeights);
        CrossEntropyTarget.BindScalars(ref arguments, args.Logits, args.Targets, args.ClassWeights, args.IgnoreIndex, args.LabelSmoothing, Is64Bit);
        RowItems.Bind(ref arguments, split);
        arguments.AddStrides(logits, Is64Bit);
        arguments.AddStrides(gradLogits, Is64Bit);
        arguments.AddStrides(args.GradLosses, Is64Bit);
        arguments.AddStrides(args.LogSumExp, Is64Bit);
    }

    private static Value TotalWeight(KernelBuilder k, RowItems rows, CrossEntropyTarget targets, RegisterType type, bool hasWeights)
    {
        if (!hasWeights)
        {
            return rows.Length.To(type);
        }

        Variable sum = k.Variable(k.Constant(type, 0));
        rows.ForEach((index, exists) => sum.Value += targets.Weight(index, exists));
        return rows.Reduction(type).Sum(sum.Value);
    }
}

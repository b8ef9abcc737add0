namespace Engine.Cpu;

internal sealed partial class CpuBackend
{
    /// <summary>
    /// Stands in for the backend on the thread that records a step: keeps each call with the operands that it had, for <see cref="CpuRecording"/>. What the
    /// backend does not override, or makes of other calls, is recorded as these.
    /// </summary>
    internal sealed class Recorder(CpuBackend present) : Backend
    {
        private readonly List<Action<CpuBackend>> _calls = [];

        /// <summary>The thread that records.</summary>
        public int Thread { get; } = Environment.CurrentManagedThreadId;

        /// <inheritdoc/>
        public override bool ComputesOnParts => present.ComputesOnParts;

        /// <summary>The calls so far, in their order.</summary>
        public Action<CpuBackend>[] ToArray() => [.. _calls];

        /// <summary>Keeps work that is no call of a backend.</summary>
        public void Add(Action work) => _calls.Add(_ => work());

        protected override void MapCore(in MapArgs args)
        {
            (MapProgram program, DType type, Shape shape, Operand? memory, Operand? offset) = (args.Program, args.ComputeType, args.Shape, Lasting(args.ParameterMemory), Lasting(args.DrawOffset));
            (Operand[] inputs, Operand[] outputs, double[] parameters) = (Lasting(args.Inputs), Lasting(args.Outputs), [.. args.Parameters]);
            _calls.Add(backend => backend.MapCore(new MapArgs
            {
                Program = program,
                ComputeType = type,
                Shape = shape,
                Inputs = inputs,
                Outputs = outputs,
                Parameters = parameters,
                ParameterMemory = memory,
                DrawOffset = offset,
            }));
        }

        protected override void ReduceCore(in ReduceArgs args)
        {
            (ReduceProgram program, DType type, Shape shape, AxisSet axes) = (args.Program, args.ComputeType, args.Shape, args.Axes);
            (Operand[] inputs, Operand[] outputs, double[] parameters) = (Lasting(args.Inputs), Lasting(args.Outputs), [.. args.Parameters]);
            _calls.Add(backend => backend.ReduceCore(new ReduceArgs
            {
                Program = program,
                ComputeType = type,
                Shape = shape,
                Axes = axes,
                Inputs = inputs,
                Outputs = outputs,
                Parameters = parameters,
            }));
        }

        protected override void GemmCore(in GemmArgs args)
        {
            DType type = MultipliedAs(args);
            if (type != args.C.DType)
            {
                MultiplyAs(this, type, args);
                return;
            }

            (Operand a, Operand b, Operand c, Operand? bias) = (Lasting(args.A), Lasting(args.B), Lasting(args.C), Lasting(args.Bias));
            (double alpha, double beta, MapProgram? activation) = (args.Alpha, args.Beta, args.Activation);
            _calls.Add(backend => backend.GemmCore(new GemmArgs { A = a, B = b, C = c, Alpha = alpha, Beta = beta, Bias = bias, Activation = activation }));
        }

        protected override void ConvForwardCore(in ConvForwardArgs args)
        {
            (ConvGeometry geometry, Operand x, Operand w, Operand y) = (args.Geometry, Lasting(args.X), Lasting(args.W), Lasting(args.Y));
            (Operand? bias, MapProgram? activation) = (Lasting(args.Bias), args.Activation);
            _calls.Add(backend => backend.ConvForwardCore(new ConvForwardArgs { Geometry = geometry, X = x, W = w, Y = y, Bias = bias, Activation = activation }));
        }

        protected override void ConvBackwardDataCore(in ConvBackwardDataArgs args)
        {
            (ConvGeometry geometry, Operand dy, Operand w, Operand dx) = (args.Geometry, Lasting(args.GradY), Lasting(args.W), Lasting(args.GradX));
            _calls.Add(backend => backend.ConvBackwardDataCore(new ConvBackwardDataArgs { Geometry = geometry, GradY = dy, W = w, GradX = dx }));
        }

        protected override void ConvBackwardWeightCore(in ConvBackwardWeightArgs args)
        {
            (ConvGeometry geometry, Operand x, Operand dy, Operand dw) = (args.Geometry, Lasting(args.X), Lasting(args.GradY), Lasting(args.GradW));
            _calls.Add(backend => backend.ConvBackwardWeightCore(new ConvBackwardWeightArgs { Geometry = geometry, X = x, GradY = dy, GradW = dw }));
        }

        protected override void PoolForwardCore(in PoolForwardArgs args)
        {
            (PoolKind kind, PoolGeometry geometry, Operand x, Operand y, Operand? indices) = (args.Kind, args.Geometry, Lasting(args.X), Lasting(args.Y), Lasting(args.Indices));
            _calls.Add(backend => backend.PoolForwardCore(new PoolForwardArgs { Kind = kind, Geometry = geometry, X = x, Y = y, Indices = indices }));
        }

        protected override void PoolBackwardCore(in PoolBackwardArgs args)
        {
            (PoolGeometry geometry, Operand dy, Operand? indices, Operand dx) = (args.Geometry, Lasting(args.GradY), Lasting(args.Indices), Lasting(args.GradX));
            _calls.Add(backend => backend.PoolBackwardCore(new PoolBackwardArgs { Geometry = geometry, GradY = dy, Indices = indices, GradX = dx }));
        }

        protected override void GatherCore(in Operand x, in Operand index, in Operand y, int axis)
        {
            (Operand source, Operand places, Operand destination) = (Lasting(x), Lasting(index), Lasting(y));
            _calls.Add(backend => backend.GatherCore(source, places, destination, axis));
        }

        protected override void ScatterAddCore(in Operand destination, in Operand index, in Operand source, int axis)
        {
            (Operand from, Operand places, Operand to) = (Lasting(source), Lasting(index), Lasting(destination));
            _calls.Add(backend => backend.ScatterAddCore(to, places, from, axis));
        }

        protected override void ScatterCore(in Operand destination, in Operand index, in Operand source, int axis, bool distinct)
        {
            (Operand from, Operand places, Operand to) = (Lasting(source), Lasting(index), Lasting(destination));
            _calls.Add(backend => backend.ScatterCore(to, places, from, axis, distinct));
        }

        protected override void GatherSumCore(in Operand table, in Operand index, in Operand? weights, in Operand y)
        {
            if (!HasPlainRows(table))
            {
                base.GatherSumCore(table, index, weights, y);
                return;
            }

            (Operand rows, Operand places, Operand? factors, Operand sums) = (Lasting(table), Lasting(index), Lasting(weights), Lasting(y));
            _calls.Add(backend => backend.GatherSumCore(rows, places, factors, sums));
        }

        protected override void ScatterSumCore(in Operand source, in Operand index, in Operand? weights, in Operand table)
        {
            if (!SortsTerms(source, index, weights, table))
            {
                base.ScatterSumCore(source, index, weights, table);
                return;
            }

            (Operand from, Operand places, Operand? factors, Operand to) = (Lasting(source), Lasting(index), Lasting(weights), Lasting(table));
            _calls.Add(backend => backend.ScatterSumCore(from, places, factors, to));
        }

        protected override void BatchNormForwardCore(in BatchNormForwardArgs args)
        {
            (Operand x, Operand y, Operand? residual, Operand? scale, Operand? shift) = (Lasting(args.X), Lasting(args.Y), Lasting(args.Residual), Lasting(args.Scale), Lasting(args.Shift));
            (Operand? runningMean, Operand? runningVariance, Operand? count) = (Lasting(args.RunningMean), Lasting(args.RunningVariance), Lasting(args.BatchCount));
            (Operand mean, Operand inverse, double momentum, double epsilon, bool relu) = (Lasting(args.Mean), Lasting(args.InverseStd), args.Momentum, args.Epsilon, args.Relu);
            _calls.Add(backend => backend.BatchNormForwardCore(new BatchNormForwardArgs
            {
                X = x,
                Y = y,
                Residual = residual,
                Scale = scale,
                Shift = shift,
                RunningMean = runningMean,
                RunningVariance = runningVariance,
                BatchCount = count,
                Mean = mean,
                InverseStd = inverse,
                Momentum = momentum,
                Epsilon = epsilon,
                Relu = relu,
            }));
        }

        protected override void BatchNormBackwardCore(in BatchNormBackwardArgs args)
        {
            if (IsComposed(args))
            {
                base.BatchNormBackwardCore(args);
                return;
            }

            (Operand x, Operand dy, Operand? more, Operand? y, Operand? scale) = (Lasting(args.X), Lasting(args.GradY), Lasting(args.GradYMore), Lasting(args.Y), Lasting(args.Scale));
            (Operand mean, Operand inverse, Operand? dx, bool adds) = (Lasting(args.Mean), Lasting(args.InverseStd), Lasting(args.GradX), args.AddsToGradX);
            (Operand? residual, Operand gradScale, Operand gradShift) = (Lasting(args.GradResidual), Lasting(args.GradScale), Lasting(args.GradShift));
            _calls.Add(backend => backend.BatchNormBackwardCore(new BatchNormBackwardArgs
            {
                X = x,
                GradY = dy,
                GradYMore = more,
                Y = y,
                Scale = scale,
                Mean = mean,
                InverseStd = inverse,
                GradX = dx,
                AddsToGradX = adds,
                GradResidual = residual,
                GradScale = gradScale,
                GradShift = gradShift,
            }));
        }

        protected override void LayerNormForwardCore(in LayerNormForwardArgs args)
        {
            (Operand x, Operand y, Operand? scale, Operand? shift) = (Lasting(args.X), Lasting(args.Y), Lasting(args.Scale), Lasting(args.Shift));
            (Operand mean, Operand inverse, double epsilon) = (Lasting(args.Mean), Lasting(args.InverseStd), args.Epsilon);
            _calls.Add(backend => backend.LayerNormForwardCore(new LayerNormForwardArgs { X = x, Y = y, Scale = scale, Shift = shift, Mean = mean, InverseStd = inverse, Epsilon = epsilon }));
        }

        protected override void LayerNormBackwardCore(in LayerNormBackwardArgs args)
        {
            (Operand x, Operand dy, Operand? scale, Operand mean, Operand inverse) = (Lasting(args.X), Lasting(args.GradY), Lasting(args.Scale), Lasting(args.Mean), Lasting(args.InverseStd));
            (Operand? dx, Operand? gradScale, Operand? gradShift) = (Lasting(args.GradX), Lasting(args.GradScale), Lasting(args.GradShift));
            _calls.Add(backend => backend.LayerNormBackwardCore(new LayerNormBackwardArgs
            {
                X = x,
                GradY = dy,
                Scale = scale,
                Mean = mean,
                InverseStd = inverse,
                GradX = dx,
                GradScale = gradScale,
                GradShift = gradShift,
            }));
        }

        protected override void SoftmaxCore(in Operand x, in Operand y, int axis, bool log)
        {
            (Operand from, Operand to) = (Lasting(x), Lasting(y));
            _calls.Add(backend => backend.SoftmaxCore(from, to, axis, log));
        }

        protected override void SoftmaxBackwardCore(in Operand y, in Operand gradY, in Operand gradX, int axis, bool log)
        {
            (Operand result, Operand dy, Operand dx) = (Lasting(y), Lasting(gradY), Lasting(gradX));
            _calls.Add(backend => backend.SoftmaxBackwardCore(result, dy, dx, axis, log));
        }

        protected override bool FusesAttentionCore(in Operand query, in Operand key, in Operand value, in Operand? mask) => present.FusesAttentionCore(query, key, value, mask);

        protected override void AttentionForwardCore(in AttentionForwardArgs args)
        {
            if (!present.FusesAttentionCore(args.Query, args.Key, args.Value, args.Mask))
            {
                base.AttentionForwardCore(args);
                return;
            }

            (Operand q, Operand k, Operand v, Operand? mask) = (Lasting(args.Query), Lasting(args.Key), Lasting(args.Value), Lasting(args.Mask));
            (Operand y, Operand lse, bool causal, double scale) = (Lasting(args.Output), Lasting(args.LogSumExp), args.Causal, args.Scale);
            _calls.Add(backend => backend.AttentionForwardCore(new AttentionForwardArgs { Query = q, Key = k, Value = v, Mask = mask, Causal = causal, Scale = scale, Output = y, LogSumExp = lse }));
        }

        protected override void AttentionBackwardCore(in AttentionBackwardArgs args)
        {
            if (!present.FusesAttentionCore(args.Query, args.Key, args.Value, args.Mask))
            {
                base.AttentionBackwardCore(args);
                return;
            }

            (Operand q, Operand k, Operand v, Operand? mask) = (Lasting(args.Query), Lasting(args.Key), Lasting(args.Value), Lasting(args.Mask));
            (Operand y, Operand lse, Operand dy, bool causal, double scale) = (Lasting(args.Output), Lasting(args.LogSumExp), Lasting(args.GradOutput), args.Causal, args.Scale);
            (Operand? dq, Operand? dk, Operand? dv) = (Lasting(args.GradQuery), Lasting(args.GradKey), Lasting(args.GradValue));
            _calls.Add(backend => backend.AttentionBackwardCore(new AttentionBackwardArgs
            {
                Query = q,
                Key = k,
                Value = v,
                Mask = mask,
                Causal = causal,
                Scale = scale,
                Output = y,
                LogSumExp = lse,
                GradOutput = dy,
                GradQuery = dq,
                GradKey = dk,
                GradValue = dv,
            }));
        }

        protected override void CrossEntropyForwardCore(in CrossEntropyForwardArgs args)
        {
            (Operand logits, Operand targets, Operand? weights, double smoothing, long ignore) = (Lasting(args.Logits), Lasting(args.Targets), Lasting(args.ClassWeights), args.LabelSmoothing, args.IgnoreIndex);
            (Operand sums, Operand losses, Operand? mean, Operand? share) = (Lasting(args.LogSumExp), Lasting(args.Losses), Lasting(args.Mean), Lasting(args.Share));
            _calls.Add(backend => backend.CrossEntropyForwardCore(new CrossEntropyForwardArgs
            {
                Logits = logits,
                Targets = targets,
                ClassWeights = weights,
                LabelSmoothing = smoothing,
                IgnoreIndex = ignore,
                LogSumExp = sums,
                Losses = losses,
                Mean = mean,
                Share = share,
            }));
        }

        protected override void CrossEntropyBackwardCore(in CrossEntropyBackwardArgs args)
        {
            (Operand logits, Operand targets, Operand? weights, double smoothing, long ignore) = (Lasting(args.Logits), Lasting(args.Targets), Lasting(args.ClassWeights), args.LabelSmoothing, args.IgnoreIndex);
            (Operand sums, Operand gradLosses, Operand gradLogits) = (Lasting(args.LogSumExp), Lasting(args.GradLosses), Lasting(args.GradLogits));
            _calls.Add(backend => backend.CrossEntropyBackwardCore(new CrossEntropyBackwardArgs
            {
                Logits = logits,
                Targets = targets,
                ClassWeights = weights,
                LabelSmoothing = smoothing,
                IgnoreIndex = ignore,
                LogSumExp = sums,
                GradLosses = gradLosses,
                GradLogits = gradLogits,
            }));
        }

        protected override void CumSumCore(in Operand x, in Operand y, int axis)
        {
            (Operand from, Operand to) = (Lasting(x), Lasting(y));
            _calls.Add(backend => backend.CumSumCore(from, to, axis));
        }

        protected override void ArgSortCore(in Operand x, in Operand indices, int axis, bool descending)
        {
            (Operand from, Operand to) = (Lasting(x), Lasting(indices));
            _calls.Add(backend => backend.ArgSortCore(from, to, axis, descending));
        }

        protected override void GlobalNormCore(ReadOnlySpan<Operand> tensors, in Operand result)
        {
            (Operand[] from, Operand to) = (Lasting(tensors), Lasting(result));
            _calls.Add(backend => backend.GlobalNormCore(from, to));
        }

        /// <summary>The address alone: the tensor may go back to the pool, whose block then belongs to the recording.</summary>
        private static Operand Lasting(in Operand operand) => new(Storage.Wrap(operand.Storage.Device, operand.Storage.Handle, operand.Storage.Bytes), operand.DType, operand.Layout);

        private static Operand? Lasting(in Operand? operand) => operand is { } given ? Lasting(given) : null;

        private static Operand[] Lasting(ReadOnlySpan<Operand> operands)
        {
            Operand[] lasting = operands.ToArray();
            for (int i = 0; i < lasting.Length; i++)
            {
                lasting[i] = Lasting(lasting[i]);
            }

            return lasting;
        }
    }
}

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>softmax(q·kᵀ/√d + mask)·v: each query takes the mean of the values, weighted by how well their keys fit.</summary>
    /// <param name="query">[…, L, d].</param>
    /// <param name="key">[…, S, d].</param>
    /// <param name="value">[…, S, e].</param>
    /// <param name="attnMask">
    /// Broadcastable to […, L, S]: bool, <b>true where a query may see a key</b>, as in PyTorch's function (the masks of its module, and of
    /// <c>MultiheadAttention</c> here, are the other way round); or floating, added to the scores.
    /// </param>
    /// <param name="dropoutP">The probability with which a weight is dropped; give it while training only.</param>
    /// <param name="isCausal">Whether query i sees keys 0 … i only; together with a mask both count.</param>
    /// <param name="scale">1/√d if left out.</param>
    /// <param name="enableGqa">
    /// Whether query [N, H, L, d] may have a multiple of the heads of key and value [N, H/g, S, …]: g neighbouring query heads share a key and value head
    /// (Ainslie et al. 2023).
    /// </param>
    /// <returns>[…, L, e].</returns>
    /// <exception cref="ShapeMismatchException">Sizes do not fit.</exception>
    /// <exception cref="DTypeMismatchException">The element types differ, outside of <see cref="Autocast"/>.</exception>
    /// <remarks>
    /// (Vaswani et al. 2017.) A query whose mask hides all keys gives 0 and has the gradient 0, as in PyTorch since 2.5. Without dropout and where the
    /// backend can (CUDA and OpenCL in float32 and half precision with d and e up to 256, the CPU in float32) the weights are never in memory, but computed in tiles,
    /// forward and backward (Dao 2023).
    /// A NaN or infinity in a value that is hidden may come through or not.
    /// </remarks>
    public static Tensor ScaledDotProductAttention(
        Tensor query, Tensor key, Tensor value, Tensor? attnMask = null, double dropoutP = 0, bool isCausal = false, double? scale = null, bool enableGqa = false)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (query.Rank < 2 || key.Rank < 2 || value.Rank < 2 || query.Shape[-1] != key.Shape[-1] || key.Shape[-2] != value.Shape[-2])
        {
            throw new ShapeMismatchException(
                $"ScaledDotProductAttention: query is {query.Shape}, key is {key.Shape}, value is {value.Shape}; they must be […, L, d], […, S, d] and […, S, e].");
        }

        if (enableGqa)
        {
            (key, value) = (AttentionOps.ForEachHead(query, key, nameof(key)), AttentionOps.ForEachHead(query, value, nameof(value)));
        }

        Guard.ProductTypes(nameof(ScaledDotProductAttention), query, key, nameX: nameof(query));
        Guard.ProductTypes(nameof(ScaledDotProductAttention), query, value, nameX: nameof(query));
        if (attnMask is not null && attnMask.DType != DType.Bool && attnMask.DType != DType.Float32 && attnMask.DType != query.DType && !Autocast.Bridges(attnMask.DType, query.DType))
        {
            throw new DTypeMismatchException(
                $"ScaledDotProductAttention: attnMask is {attnMask.DType.ShortName()}, query is {query.DType.ShortName()}; a mask is bool, f32 or of the query's type. Use attnMask.To(DType.Bool) to hide keys, attnMask.To(DType.{query.DType}) to add to scores.");
        }

        Guard.SameDevice(nameof(ScaledDotProductAttention), query, key);
        Guard.SameDevice(nameof(ScaledDotProductAttention), query, value);
        if (attnMask is not null)
        {
            Guard.SameDevice(nameof(ScaledDotProductAttention), query, attnMask);
        }

        double factor = scale ?? 1 / Math.Sqrt(query.Shape[-1]);
        return (dropoutP == 0 ? AttentionOps.Fused(query, key, value, attnMask, isCausal, factor) : null)
            ?? AttentionOps.Composed(query, key, value, attnMask, isCausal, dropoutP, factor);
    }
}

/// <summary>The two ways of attention: one operation of the backend, or its parts.</summary>
file static class AttentionOps
{
    /// <summary>One operation without the weights in memory; null where the backend, the types or the shapes have no such thing.</summary>
    public static Tensor? Fused(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double scale)
    {
        bool isLearned = mask is not null && Tensor.ShouldTrack(mask);
        int rank = Math.Max(query.Rank, Math.Max(key.Rank, value.Rank));
        if (isLearned || rank > 4 || query.ElementCount == 0 || key.ElementCount == 0 || value.ElementCount == 0)
        {
            return null;
        }

        Tensor q = Autocast.Operand(query, key), k = Autocast.Operand(key, query), v = Autocast.Operand(value, query);
        Shape batch = Guard.Broadcast(nameof(Tensor.ScaledDotProductAttention), Batch(q), Guard.Broadcast(nameof(Tensor.ScaledDotProductAttention), Batch(k), Batch(v)));
        Shape scores = new(batch[0], batch[1], q.Shape[-2], k.Shape[-2]);
        if (q.DType != k.DType || q.DType != v.DType || (mask is not null && !(Shape.TryBroadcast(mask.Shape, scores, out Shape masked) && masked == scores)))
        {
            return null;
        }

        (q, k, v) = (Heads(q, batch), Heads(k, batch), Heads(v, batch));
        Tensor? m = mask?.Detach().ExpandOrSelf(scores);
        if (!q.Device.Backend.FusesAttention(q.Operand, k.Operand, v.Operand, m?.Operand))
        {
            return null;
        }

        Tensor y = LyingAs(q, v.Shape[3]), lse = Tensor.Allocate([batch[0], batch[1], q.Shape[2]], q.DType.ComputeType(), q.Device);
        q.Device.Backend.AttentionForward(new AttentionForwardArgs
        {
            Query = q.Operand,
            Key = k.Operand,
            Value = v.Operand,
            Mask = m?.Operand,
            Causal = causal,
            Scale = scale,
            Output = y.Operand,
            LogSumExp = lse.Operand,
        });
        if (Tensor.ShouldTrack(q, k, v))
        {
            _ = new AttentionNode(q, k, v, m, causal, scale, y, lse).Reading(mask);
        }

        lse.Dispose();
        return rank == 4 ? y : y.ReshapeOrSelf(shape: new Shape([.. batch.AsSpan()[^(rank - 2)..], q.Shape[2], v.Shape[3]])).InsteadOf(y);
    }

    /// <summary>Keys or values of grouped heads, once for each query head.</summary>
    public static Tensor ForEachHead(Tensor query, Tensor x, string name)
    {
        if (query.Rank != 4 || x.Rank != 4 || x.Shape[1] == 0 || query.Shape[1] % x.Shape[1] != 0)
        {
            throw new ShapeMismatchException(
                $"ScaledDotProductAttention: query is {query.Shape}, {name} is {x.Shape}; with enableGqa they must be [N, H, L, d] and [N, H/g, S, …], so that groups of g query heads share one head of keys.");
        }

        int each = query.Shape[1] / x.Shape[1];
        return each == 1
            ? x
            : x.Unsqueeze(2).Expand([x.Shape[0], x.Shape[1], each, x.Shape[2], x.Shape[3]]).Reshape(x.Shape[0], query.Shape[1], x.Shape[2], x.Shape[3]);
    }

    /// <summary>Its parts, with the weights in memory.</summary>
    public static Tensor Composed(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double dropout, double scale)
    {
        Tensor scores = (query * scale).MatMul(key.T);
        Tensor? seesAny = null;
        Tensor? visible = causal ? Tensor.Ones([query.Shape[-2], key.Shape[-2]], DType.Bool, query.Device).Tril() : null;
        if (mask is null || key.Shape[-2] == 0)
        {
            scores = visible is null ? scores : scores.MaskedFill(visible.Not(), double.NegativeInfinity);
        }
        else if (mask.DType == DType.Bool)
        {
            Tensor shown = visible is null ? mask : mask.And(visible);
            seesAny = OverKeys(shown, ReduceProgram.Any);
            scores = Pointwise.Apply("MaskedFill", AttentionPrograms.Hide, [scores, shown, seesAny], computeAs: scores.DType);
        }
        else
        {
            Tensor added = visible is null ? mask : mask.MaskedFill(visible.Not(), double.NegativeInfinity);
            using (GradMode.Off())
            {
                seesAny = Pointwise.Apply("NotEqual", AttentionPrograms.SeesAny, [OverKeys(added.Detach(), ReduceProgram.Max)], resultAs: DType.Bool);
            }

            scores = Pointwise.Apply("Add", AttentionPrograms.AddMask, [scores, added, seesAny], computeAs: TypePromotion.Common(scores, added));
        }

        // A float32 mask makes the scores float32; the weights get the type of the values again.
        Tensor weights = scores.Softmax(-1).Dropout(dropout);
        Tensor y = (Autocast.Type is null ? weights.ToOrSelf(value.DType) : weights).MatMul(value);
        return seesAny is null ? y : Pointwise.Apply("Where", AttentionPrograms.Seen, [y, seesAny], computeAs: y.DType);
    }

    private static Tensor OverKeys(Tensor mask, ReduceProgram program) =>
        mask.Rank == 0 ? mask : mask.Reduce(program, default(AxisSet).With(mask.Rank - 1), mask.DType, []);

    /// <summary>The axes N and H of a tensor with two to four axes.</summary>
    private static Shape Batch(Tensor x) => new(x.Rank > 3 ? x.Shape[0] : 1, x.Rank > 2 ? x.Shape[-3] : 1);

    /// <summary>As [N, H, rows, columns].</summary>
    private static Tensor Heads(Tensor x, Shape batch)
    {
        while (x.Rank < 4)
        {
            x = x.Unsqueeze(0);
        }

        return x.ExpandOrSelf(new Shape(batch[0], batch[1], x.Shape[2], x.Shape[3]));
    }

    /// <summary>[N, H, L, columns] that lies in memory as [N, H, L, …] does, so that heads that were cut from one axis are joined again without a copy.</summary>
    public static Tensor LyingAs(Tensor x, int columns)
    {
        ReadOnlySpan<long> strides = x.Layout.Strides;
        return strides[1] < strides[2] && x.Shape[1] > 1
            ? HeadsInside(Tensor.Allocate([x.Shape[0], x.Shape[2], x.Shape[1], columns], x.DType, x.Device))
            : Tensor.Allocate([x.Shape[0], x.Shape[1], x.Shape[2], columns], x.DType, x.Device);
    }

    private static Tensor HeadsInside(Tensor x) => x.ViewAs(x.Layout.Permute([0, 2, 1, 3])).InsteadOf(x);

    private sealed class AttentionNode : GradNode
    {
        private const string Op = nameof(Tensor.ScaledDotProductAttention);

        private readonly SavedTensor _q, _k, _v, _y, _lse;
        private readonly SavedTensor? _mask;
        private readonly bool _causal;
        private readonly double _scale;

        public AttentionNode(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, double scale, Tensor y, Tensor lse)
            : base(q, k, v)
        {
            (_causal, _scale) = (causal, scale);
            y.Record(this);
            (_q, _k, _v, _y, _lse) = (new(Op, q), new(Op, k), new(Op, v), SavedTensor.OfOutput(Op, y), new(Op, lse));
            _mask = SavedTensor.Of(Op, mask);
        }

        public override string Name => Op;

        internal override void Backward(Tensor dy, GradSink sink)
        {
            Tensor q = _q.Value, k = _k.Value, v = _v.Value;
            if (GradMode.IsEnabled)
            {
                Differentiable(q, k, v, dy, sink);
                return;
            }

            Tensor? dq = sink.Needs(0) ? LyingAs(q, q.Shape[3]) : null, dk = sink.Needs(1) ? LyingAs(k, k.Shape[3]) : null;
            Tensor? dv = sink.Needs(2) ? LyingAs(v, v.Shape[3]) : null;
            q.Device.Backend.AttentionBackward(new AttentionBackwardArgs
            {
                Query = q.Operand,
                Key = k.Operand,
                Value = v.Operand,
                Mask = _mask?.Value.Operand,
                Causal = _causal,
                Scale = _scale,
                Output = _y.Value.Operand,
                LogSumExp = _lse.Value.Operand,
                GradOutput = dy.Operand,
                GradQuery = dq?.Operand,
                GradKey = dk?.Operand,
                GradValue = dv?.Operand,
            });
            foreach ((int i, Tensor? gradient) in (ReadOnlySpan<(int, Tensor?)>)[(0, dq), (1, dk), (2, dv)])
            {
                if (gradient is not null)
                {
                    sink.Add(i, gradient);
                }
            }
        }

        private protected override bool SavesValues => true;

        private protected override void ReleaseSaved()
        {
            _q.Release();
            _k.Release();
            _v.Release();
            _y.Release();
            _lse.Release();
            _mask?.Release();
        }

        /// <summary>The gradients in tensor operations, for second derivatives: with the weights in memory.</summary>
        private void Differentiable(Tensor q, Tensor k, Tensor v, Tensor dy, GradSink sink)
        {
            Tensor scores = (q * _scale).MatMul(k.T);
            Tensor? seesAny = null;
            Tensor? hidden = _causal ? Tensor.Ones([q.Shape[2], k.Shape[2]], DType.Bool, q.Device).Tril().Not() : null;
            if (_mask?.Value is { } mask)
            {
                bool isBool = mask.DType == DType.Bool;
                Tensor added = isBool ? Tensor.Zeros(Shape.Scalar, DType.Float32, q.Device).MaskedFill(mask.Not(), double.NegativeInfinity) : mask;
                added = hidden is null ? added : added.MaskedFill(hidden, double.NegativeInfinity);
                seesAny = Pointwise.Apply("NotEqual", AttentionPrograms.SeesAny, [OverKeys(added, ReduceProgram.Max)], resultAs: DType.Bool);
                scores = Pointwise.Apply("Add", AttentionPrograms.AddMask, [scores, added, seesAny], computeAs: TypePromotion.Common(scores, added));
            }
            else if (hidden is not null)
            {
                scores = scores.MaskedFill(hidden, double.NegativeInfinity);
            }

            Tensor weights = scores.Softmax(-1).ToOrSelf(q.DType);
            dy = seesAny is null ? dy : Pointwise.Apply("Where", AttentionPrograms.Seen, [dy, seesAny], computeAs: dy.DType);
            if (sink.Needs(2))
            {
                sink.Add(2, weights.T.MatMul(dy));
            }

            if (!sink.Needs(0) && !sink.Needs(1))
            {
                return;
            }

            Tensor gradWeights = dy.MatMul(v.T);
            Tensor gradScores = weights * (gradWeights - (weights * gradWeights).Sum(-1, keepDims: true)) * _scale;
            if (sink.Needs(0))
            {
                sink.Add(0, gradScores.MatMul(k));
            }

            if (sink.Needs(1))
            {
                sink.Add(1, gradScores.T.MatMul(q));
            }
        }
    }
}

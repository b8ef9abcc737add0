namespace Engine;

/// <summary>
/// Mixed precision: a stretch of code on this thread in which products take half-precision operands, while operations that need range or digits
/// stay in float32: <c>using Autocast.Scope _ = Autocast.To(DType.BFloat16);</c>
/// </summary>
/// <remarks>
/// <para>Parameters stay float32; a product converts its operands itself. The conversion is recorded, so that gradients are float32. A
/// parameter is converted once in a scope. After a write to it, it is converted again.</para>
/// <list type="table">
/// <listheader><term>operations</term><description>operands and result</description></listheader>
/// <item>
/// <term>MatMul, Linear, Einsum, Conv1d, Conv2d, ConvTranspose2d; so attention's and recurrent layers' products</term>
/// <description>float32 and the other half type are converted to the scope's type; the result is of that type.</description>
/// </item>
/// <item>
/// <term>Softmax, LogSoftmax, all losses; LayerNorm, GroupNorm, RmsNorm; Sum, Mean, Prod, CumSum, Var, Std, Norm, LogSumExp; Exp, Expm1,
/// Log, Log1p, Log2, Log10, Exp2, Pow, Square, Rsqrt, Reciprocal, number / x, Tan, Asin, Acos, Sinh, Cosh, Erfinv, Lgamma, Digamma, Trigamma, Logit,
/// Softplus; CumProd, LogCumSumExp, VectorNorm</term>
/// <description>Float16 and bfloat16 are read as float32; the result is float32. These operations sum many numbers, or leave the range of float16.</description>
/// </item>
/// <item>
/// <term>everything else: + − · /, Relu and most activations, Dropout, pooling, Concat, Max, Where, BatchNorm …</term>
/// <description>As without a scope: one half type stays as it is; with float32 it becomes float32.</description>
/// </item>
/// </list>
/// <para>float64 and integers are left alone; a product of one of them with another type is an error, here as outside of a scope. A backward pass takes the types of its forward
/// pass, not those of the scope around it; it may run inside the scope or after it. The list is PyTorch's, but for Mean, Var and Std
/// (float32 here) and BceLoss (refused there).</para>
/// <para>bfloat16 has the range of float32 and 8 binary digits. float16 has 11 digits, but small gradients become 0 in it: scale the loss
/// (<c>Engine.Nn.LossScaler</c>).</para>
/// </remarks>
public static class Autocast
{
    // Bool, the default of a new thread, means no type: nothing is ever cast to it.
    private const DType None = default;

    // Scopes in the process. Operations look at a static field first; thread statics cost more.
    private static volatile int s_scopes;

    [ThreadStatic]
    private static DType t_type;

    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static CastCache? t_cache;

    /// <summary>The type that products convert to on this thread; null outside of a scope and inside <see cref="Off"/>.</summary>
    public static DType? Type => IsOn ? t_type : null;

    private static bool IsOn => s_scopes != 0 && t_type != None;

    /// <summary>Begins a scope in which products are computed from <paramref name="dtype"/>.</summary>
    /// <exception cref="DTypeMismatchException">The type is neither float16 nor bfloat16.</exception>
    public static Scope To(DType dtype) => dtype.IsHalf()
        ? Begin(dtype)
        : throw new DTypeMismatchException($"Autocast.To: {dtype.ShortName()} is no half-precision type; use bf16, or f16 with a loss scaler. Autocast.Off() computes in the tensors' own types.");

    /// <summary>Begins a stretch, perhaps inside a scope, in which operations take tensors as they are.</summary>
    public static Scope Off() => IsOn ? Begin(None) : default;

    /// <summary>An operand as a product next to <paramref name="other"/> wants it.</summary>
    internal static Tensor Operand(Tensor x, Tensor other) => !IsOn || other.DType == DType.Float64 ? x : Narrow(x);

    /// <summary>An operand of a product as the scope wants it.</summary>
    internal static Tensor? Operand(Tensor? x, Tensor first, Tensor second) =>
        x is null || !IsOn || first.DType == DType.Float64 || second.DType == DType.Float64 ? x : Narrow(x);

    /// <summary>Whether operands of these two types may meet because the scope converts them: float32 with float16 or bfloat16.</summary>
    public static bool Bridges(DType a, DType b) =>
        IsOn && a.IsFloatingPoint() && b.IsFloatingPoint() && a != DType.Float64 && b != DType.Float64;

    /// <summary>The type in which an operation that needs range or digits reads elements of <paramref name="dtype"/>.</summary>
    internal static DType Wide(DType dtype) => dtype.IsHalf() && IsOn ? DType.Float32 : dtype;

    /// <summary>The tensor as an operation that needs range or digits wants it.</summary>
    internal static Tensor Widen(Tensor x) => x.ToOrSelf(Wide(x.DType));

    private static Tensor Narrow(Tensor x)
    {
        if (x.DType == t_type || x.DType == DType.Float64 || !x.DType.IsFloatingPoint())
        {
            return x;
        }

        // Parameters come again, results of other operations hardly ever do: holding on to those would only cost memory.
        return x.History is LeafNode ? (t_cache ??= new CastCache()).Get(x, t_type) : x.ToOrSelf(t_type);
    }

    private static Scope Begin(DType type)
    {
        Interlocked.Increment(ref s_scopes);
        Scope scope = new(t_type);
        t_type = type;
        t_depth++;
        return scope;
    }

    private static void End(DType before)
    {
        t_type = before;
        if (--t_depth == 0)
        {
            t_cache?.Clear();
        }

        Interlocked.Decrement(ref s_scopes);
    }

    /// <summary>
    /// Restores the state before the scope; the outermost scope releases the converted parameters. The compiler refuses to carry it across an
    /// <c>await</c>.
    /// </summary>
    public ref struct Scope : IDisposable
    {
        private readonly DType _before;
        private bool _isOpen;

        internal Scope(DType before) => (_before, _isOpen) = (before, true);

        /// <summary>Ends the scope.</summary>
        public void Dispose()
        {
            if (_isOpen)
            {
                _isOpen = false;
                End(_before);
            }
        }
    }
}

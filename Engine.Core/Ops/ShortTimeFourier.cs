namespace Engine;

/// <summary>The short-time Fourier transform: the spectra of overlapping pieces of a signal, and the signal of spectra.</summary>
public sealed partial class Tensor
{
    /// <summary>
    /// The spectra of windows that step over a signal: y[…, f, t] = Σₖ wₖ·x[…, t·hop + k]·e^(−2πi·fk/n), real [..., L] → complex pairs
    /// [..., frequencies, frames, 2].
    /// </summary>
    /// <param name="nFft">Length n of a frame and of its transform.</param>
    /// <param name="hopLength">From frame to frame; null for ⌊n/4⌋.</param>
    /// <param name="winLength">Length of the window, at most n; null for n. A shorter window has zeros on both sides.</param>
    /// <param name="window">[winLength], such as <see cref="HannWindow"/>; null for ones. Gradients reach it.</param>
    /// <param name="center">Whether frame t is centred at t·hop: the signal gets borders of ⌊n/2⌋ at both ends. Otherwise it begins there.</param>
    /// <param name="padMode">What the borders hold.</param>
    /// <param name="normalized">Whether the result is divided by √n.</param>
    /// <param name="onesided">Whether only the ⌊n/2⌋ + 1 frequencies are given that are not conjugates of others.</param>
    /// <remarks>
    /// PyTorch's <c>torch.stft(…, return_complex=True)</c> of real signals, as pairs and with any number of leading axes. ⌊(L − n)/hop⌋ + 1 frames, L with
    /// its borders; what the last frame does not reach is left out. Half types and integers are computed in float32.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A length is not positive, or the window is longer than n.</exception>
    /// <exception cref="ShapeMismatchException">The signal has no axis, is shorter than a frame or than its borders need, or the window is not [winLength].</exception>
    /// <exception cref="DeviceMismatchException">The window is on another device.</exception>
    public Tensor Stft(
        int nFft,
        int? hopLength = null,
        int? winLength = null,
        Tensor? window = null,
        bool center = true,
        PaddingMode padMode = PaddingMode.Reflect,
        bool normalized = false,
        bool onesided = true)
    {
        const string Op = nameof(Stft);
        if (Rank == 0)
        {
            throw new ShapeMismatchException($"{Op}: the signal is a single number; it must be [..., L].");
        }

        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(nFft);
        int hop = FrameOps.Hop(hopLength, nFft), border = center ? nFft / 2 : 0;
        Shape.CheckRank(Rank + 2, nameof(nFft));
        FrameOps.CheckWindow(Op, this, window, nFft, winLength);
        FrameOps.CheckLength(Op, Shape, nFft, border, padMode);
        using TensorScope scope = TensorScope.Begin();
        Tensor x = this.ToFourierType();
        x = border > 0 ? x.Pad([(border, border)], mode: padMode) : x;
        Tensor frames = x.Windows(-1, nFft, hop);
        if (FrameOps.Window(window, nFft, winLength, x) is { } w)
        {
            frames *= w;
        }

        FftNorm norm = normalized ? FftNorm.Ortho : FftNorm.Backward;
        Tensor y = onesided ? frames.Rfft(norm: norm) : Stack([frames, frames.Detach().ZerosLike()], -1).Fft(norm: norm);
        return scope.Keep(y.Transpose(-3, -2));
    }

    /// <summary>
    /// The signal of spectra, the inverse of <see cref="Stft"/> where its windows overlap: the transforms back, times the window, added up where they lie, over
    /// the sum of the squared windows there: complex pairs [..., frequencies, frames, 2] → real [..., L].
    /// </summary>
    /// <param name="nFft">Length n of a frame; with the number of frequencies it says whether they are one-sided.</param>
    /// <param name="hopLength">From frame to frame, at most the window's length; null for ⌊n/4⌋.</param>
    /// <param name="winLength">Length of the window, at most n; null for n.</param>
    /// <param name="window">[winLength]; null for ones.</param>
    /// <param name="center">Whether the signal had borders of ⌊n/2⌋, which are cut off.</param>
    /// <param name="normalized">Whether the spectra were divided by √n.</param>
    /// <param name="onesided">Whether the frequencies are the first ⌊n/2⌋ + 1; null finds out: they are unless there are n of them.</param>
    /// <param name="length">Elements of the result: more are cut off, missing ones are 0. Null for as many as the frames reach, which may be fewer than the signal had.</param>
    /// <remarks>
    /// PyTorch's <c>torch.istft</c>. The sum of the squared windows must not vanish where the signal is: the host waits for the device to look at it, except while
    /// a step is recorded. What a real signal does not have does not matter: an imaginary part at frequency 0, and of two-sided spectra the second half.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A length is not positive, the window is longer than n, or the hop longer than the window.</exception>
    /// <exception cref="ArgumentException">The squared windows add up to 0 somewhere: nothing there says what the signal was.</exception>
    /// <exception cref="ShapeMismatchException">The spectra are not [..., frequencies, frames, 2] with frequencies that belong to n, there is no frame, or the window is not [winLength].</exception>
    /// <exception cref="DeviceMismatchException">The window is on another device.</exception>
    public Tensor Istft(
        int nFft,
        int? hopLength = null,
        int? winLength = null,
        Tensor? window = null,
        bool center = true,
        bool normalized = false,
        bool? onesided = null,
        int? length = null)
    {
        const string Op = nameof(Istft);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(nFft);
        int hop = FrameOps.Hop(hopLength, nFft);
        FrameOps.CheckSpectra(Op, Shape, nFft, onesided);
        FrameOps.CheckWindow(Op, this, window, nFft, winLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hop, winLength ?? nFft, nameof(hopLength));
        if (length is { } wanted)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted, nameof(length));
        }

        int frameCount = Shape[-2], all = Guard.Size(Op, nFft + (hop * (frameCount - 1L))), border = center ? nFft / 2 : 0;
        int kept = Math.Min(length ?? all - (2 * border), all - border);
        if (kept <= 0)
        {
            throw new ShapeMismatchException($"{Op}: {frameCount} frames of {nFft} at distance {hop} reach over {all} elements; the borders of {border} leave none. Give more frames, or center: false.");
        }

        using TensorScope scope = TensorScope.Begin();
        Tensor spectra = this.ToFourierType().Transpose(-3, -2);
        FftNorm norm = normalized ? FftNorm.Ortho : FftNorm.Backward;
        Tensor frames = spectra.SliceOrSelf(spectra.Rank - 2, 0, (nFft / 2) + 1, 1).Irfft(nFft, norm: norm);
        Tensor w = FrameOps.Window(window, nFft, winLength, frames) ?? Ones([nFft], frames.DType, Device);
        Tensor sum = (frames * w).OverlapAdd(frames.Rank - 2, all, hop, 1).Narrow(-1, border, kept);
        Tensor weight = w.Square().Expand([frameCount, nFft]).OverlapAdd(0, all, hop, 1).Narrow(0, border, kept);
        FrameOps.CheckWeight(Op, weight);
        Tensor y = sum / weight;
        return scope.Keep(length > kept ? y.Pad([(0, length.Value - kept)]) : y);
    }
}

/// <summary>Frames, their windows and their checks.</summary>
file static class FrameOps
{
    /// <summary>PyTorch's: less than this is nothing.</summary>
    private const double Nothing = 1e-11;

    public static int Hop(int? hopLength, int nFft)
    {
        int hop = hopLength ?? nFft / 4;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hop, nameof(hopLength));
        return hop;
    }

    public static void CheckWindow(string op, Tensor x, Tensor? window, int nFft, int? winLength)
    {
        int length = winLength ?? nFft;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length, nameof(winLength));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, nFft, nameof(winLength));
        if (window is null)
        {
            return;
        }

        Guard.SameDevice(op, x, window);
        if (window.Rank != 1 || window.Shape[0] != length)
        {
            throw new ShapeMismatchException($"{op}: the window is {window.Shape}; it must be [{length}], {(winLength is null ? "as long as nFft. A shorter one needs winLength." : "as winLength says.")}");
        }
    }

    public static void CheckLength(string op, Shape shape, int nFft, int border, PaddingMode padMode)
    {
        int least = border == 0 || padMode == PaddingMode.Constant ? 0 : padMode == PaddingMode.Reflect ? border + 1 : padMode == PaddingMode.Circular ? border : 1;
        if (shape[-1] < least)
        {
            throw new ShapeMismatchException($"{op}: the signal is {shape}; borders of {border} by PaddingMode.{padMode} need {least} elements. Use a smaller nFft, PaddingMode.Constant or center: false.");
        }

        if (shape[-1] + (2L * border) < nFft)
        {
            throw new ShapeMismatchException($"{op}: the signal is {shape}; a frame of {nFft} does not fit into it. Use a smaller nFft, or Pad.");
        }
    }

    public static void CheckSpectra(string op, Shape shape, int nFft, bool? onesided)
    {
        if (shape.Rank < 3 || shape[-1] != 2)
        {
            throw new ShapeMismatchException($"{op}: the spectra are {shape}; they must be pairs [..., frequencies, frames, 2], as Stft gives them.");
        }

        int half = (nFft / 2) + 1;
        if (shape[-3] != (onesided ?? shape[-3] != nFft ? half : nFft) || shape[-2] == 0)
        {
            throw new ShapeMismatchException($"{op}: the spectra are {shape}, pairs of [..., {shape[-3]} frequencies, {shape[-2]} frames]; with nFft {nFft} there must be {half} frequencies (onesided) or {nFft}, and at least one frame.");
        }
    }

    /// <summary>The window with zeros on both sides, as long as a frame; null if there is nothing to multiply by.</summary>
    public static Tensor? Window(Tensor? window, int nFft, int? winLength, Tensor like)
    {
        int length = winLength ?? nFft, before = (nFft - length) / 2;
        Tensor? w = window?.ToOrSelf(window.DType == DType.Float64 ? DType.Float64 : like.DType) ?? (length < nFft ? Tensor.Ones([length], like.DType, like.Device) : null);
        return w is null || length == nFft ? w : w.Pad([(before, nFft - length - before)]);
    }

    public static void CheckWeight(string op, Tensor weight)
    {
        if (CapturePass.RecordingOn(weight.Device) is not null)
        {
            return;
        }

        using GradMode.Scope off = GradMode.Off();
        if (weight.Min().Item() < Nothing)
        {
            throw new ArgumentException($"{op}: the squared windows add up to 0 at some element, where nothing says what the signal was. Use center: true, a smaller hopLength, or a window without zeros.", "window");
        }
    }
}

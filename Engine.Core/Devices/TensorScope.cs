using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>
/// Disposes at its end every tensor that was made on this thread since its beginning, unless it was kept: the memory of a training
/// step becomes deterministic.
/// </summary>
/// <remarks>
/// <code>
/// using TensorScope step = TensorScope.Begin();
/// Tensor loss = model.Forward(x).CrossEntropy(y);
/// loss.Backward();
/// optimizer.Step();
/// </code>
/// The values that the computation graph saved for these tensors are disposed too, also without a backward pass, unless a kept tensor was
/// computed from them. A <c>ref struct</c>: the compiler refuses to carry it across an <c>await</c>, where the thread could change.
/// Parameters, gradients and optimizer state are never scoped.
/// </remarks>
public ref struct TensorScope : IDisposable
{
    [ThreadStatic]
    private static Frame? t_current;

    [ThreadStatic]
    private static Frame? t_spare;

    private Frame? _frame;

    private TensorScope(Frame frame) => _frame = frame;

    /// <summary>Begins a scope on this thread.</summary>
    public static TensorScope Begin()
    {
        Frame frame = t_spare ?? new Frame();
        t_spare = frame.Outer;
        frame.Outer = t_current;
        t_current = frame;
        return new TensorScope(frame);
    }

    /// <summary>Begins a stretch in which tensors belong to no scope: for state that outlives the step in which it is made.</summary>
    public static TensorScope Suspend()
    {
        TensorScope scope = Begin();
        scope._frame!.Suspended = true;
        return scope;
    }

    /// <summary>Whether tensors that are made on this thread now belong to a scope.</summary>
    public static bool IsActive => t_current is { Suspended: false };

    /// <summary>Hands a tensor to the enclosing scope, or to the caller if there is none.</summary>
    public readonly Tensor Keep(Tensor tensor)
    {
        _ = TryKeep(tensor);
        return tensor;
    }

    /// <summary>As <see cref="Keep"/>; false where the tensor was not made inside, so that nothing had to be done.</summary>
    public readonly bool TryKeep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (_frame is not { } frame || tensor.IsKept || !frame.Tensors.Remove(tensor))
        {
            return false;
        }

        frame.Outer?.Add(tensor);
        return true;
    }

    /// <summary>Disposes the tensors that were made inside.</summary>
    public void Dispose()
    {
        Frame? frame = _frame;
        if (frame is null)
        {
            return;
        }

        _frame = null;
        while (t_current is not null && t_current != frame)
        {
            // An inner scope that was never ended: its tensors end here.
            End(t_current);
        }

        if (t_current == frame)
        {
            End(frame);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Register(Tensor tensor) => t_current?.Add(tensor);

    private static void End(Frame frame)
    {
        t_current = frame.Outer;
        foreach (Tensor tensor in frame.Tensors)
        {
            if (!tensor.IsKept)
            {
                tensor.Dispose();
            }
        }

        frame.Tensors.Clear();
        frame.Suspended = false;
        frame.Outer = t_spare;
        t_spare = frame;
    }

    private sealed class Frame
    {
        public List<Tensor> Tensors { get; } = [];

        public Frame? Outer { get; set; }

        public bool Suspended { get; set; }

        public void Add(Tensor tensor)
        {
            if (!Suspended)
            {
                Tensors.Add(tensor);
            }
        }
    }
}

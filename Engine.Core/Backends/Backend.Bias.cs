namespace Engine.Backends;

/// <summary>The backward pass of the bias and the ReLU after a product or a convolution.</summary>
public abstract partial class Backend
{
    /// <summary>gradX = gradY where y &gt; 0, else 0, and gradBias = Σ gradX over all axes but the channels'.</summary>
    /// <param name="gradY">[N, C, L].</param>
    /// <param name="y">[N, C, L], the result of the ReLU.</param>
    /// <param name="gradX">[N, C, L], written.</param>
    /// <param name="gradBias">[C], written.</param>
    public void BiasReluBackward(in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias)
    {
        using OperandLease lease = OperandLease.Of(gradY, y, gradX, gradBias);
        BiasReluBackwardCore(gradY, y, gradX, gradBias);
    }

    /// <summary>Carries <see cref="BiasReluBackward"/> out, while something holds the memory of all operands.</summary>
    protected virtual void BiasReluBackwardCore(in Operand gradY, in Operand y, in Operand gradX, in Operand gradBias)
    {
        using TensorScope scope = TensorScope.Begin();
        using GradMode.Scope mode = GradMode.Off();
        Tensor dx = Tensor.Wrap(gradX);
        Pointwise.Into(dx, Programs.ReluBackward, [Tensor.Wrap(gradY), Tensor.Wrap(y)]);
        Reductions.Into(ReduceProgram.Sum, default(AxisSet).With(0).With(2), [dx], [PerChannel(gradBias)], []);
    }
}

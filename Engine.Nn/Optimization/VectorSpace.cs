using System.Numerics.Tensors;

namespace Engine.Nn;

/// <summary>The vector operations of L-BFGS: one piece of code serves arrays on the host and tensors on a device.</summary>
internal abstract class VectorSpace<T>
{
    /// <summary>The distance from 1 to the next number.</summary>
    public abstract double Epsilon { get; }

    public abstract double Dot(T a, T b);

    /// <summary>−a, as a new vector.</summary>
    public abstract T Negate(T a);

    /// <summary>a ← a + scale·b.</summary>
    public abstract void AddScaled(T a, double scale, T b);

    /// <summary>a ← scale·a.</summary>
    public abstract void Scale(T a, double scale);

    /// <summary>Gives back the memory of a vector that is not needed any more.</summary>
    public abstract void Release(T a);
}

/// <summary>Arrays on the host.</summary>
internal sealed class HostVectorSpace : VectorSpace<double[]>
{
    public override double Epsilon => Math.BitIncrement(1.0) - 1;

    public override double Dot(double[] a, double[] b) => Vectors.Dot(a, b);

    public override double[] Negate(double[] a) => Vectors.Scale(-1, a);

    public override void AddScaled(double[] a, double scale, double[] b) => TensorPrimitives.MultiplyAdd(b, scale, a, a);

    public override void Scale(double[] a, double scale) => TensorPrimitives.Multiply(a, scale, a);

    public override void Release(double[] a)
    {
    }
}

/// <summary>Flat tensors, on their device.</summary>
internal sealed class TensorVectorSpace : VectorSpace<Tensor>
{
    // Of float32: in which, at least, optimizers compute.
    public override double Epsilon => MathF.BitIncrement(1f) - 1;

    public override double Dot(Tensor a, Tensor b)
    {
        using TensorScope scope = TensorScope.Begin();
        return (a * b).Sum().Item();
    }

    public override Tensor Negate(Tensor a) => -a;

    public override void AddScaled(Tensor a, double scale, Tensor b) => a.AddInPlace(b, scale);

    public override void Scale(Tensor a, double scale) => a.MulInPlace(scale);

    public override void Release(Tensor a) => a.Dispose();
}

namespace Engine;

public sealed partial class Tensor
{
    /// <summary>√Σ over all tensors of Σx²: their length as one vector, a scalar that nothing has waited for. No gradient flows.</summary>
    /// <param name="tensors">Floating point, on one device; of any shapes. The norm of none is 0.</param>
    /// <returns>float64 where one of the tensors is, otherwise float32. NaN where an element is NaN.</returns>
    public static Tensor GlobalNorm(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Operand[] operands = new Operand[tensors.Count];
        int count = 0;
        DType result = DType.Float32;
        foreach (Tensor x in tensors)
        {
            ArgumentNullException.ThrowIfNull(x, nameof(tensors));
            Guard.FloatingPoint(nameof(GlobalNorm), x);
            Guard.SameDevice(nameof(GlobalNorm), tensors[0], x);
            result = TypePromotion.Promote(result, x.DType);
            if (x.ElementCount > 0)
            {
                Operand operand = x.Operand;
                operands[count++] = operand.With(operand.Layout.InOrderOfMemory);
            }
        }

        if (count == 0)
        {
            return Zeros(Shape.Scalar, result, tensors.Count > 0 ? tensors[0].Device : null);
        }

        Tensor norm = Allocate(Shape.Scalar, result, tensors[0].Device);
        norm.Device.Backend.GlobalNorm(operands.AsSpan(0, count), norm.Operand);
        return norm;
    }
}

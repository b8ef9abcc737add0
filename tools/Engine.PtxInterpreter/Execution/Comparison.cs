namespace Engine.PtxInterpreter;

/// <summary>How a comparison is joined with a further predicate.</summary>
internal enum Junction : byte
{
    None,
    And,
    Or,
    Xor,
}

/// <summary>
/// Joins the outcome of a comparison, found in <paramref name="outcome"/>, with a predicate and writes it and its complement;
/// -1 stands for operands that are not there.
/// </summary>
internal sealed unsafe class CombinePredicates(Operation comparison, int outcome, int first, int second, Junction junction, int other, bool otherNegated) : Operation
{
    public override void Execute(Block block)
    {
        comparison.Execute(block);
        byte* result = block.Frame + outcome;
        byte* with = block.Frame + other;
        byte flip = otherNegated ? (byte)1 : (byte)0;
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            byte value = result[i];
            byte complement = (byte)(value ^ 1);
            if (junction != Junction.None)
            {
                byte term = (byte)(with[i] ^ flip);
                value = Join(value, term);
                complement = Join(complement, term);
            }

            if (first >= 0)
            {
                block.Frame[first + i] = value;
            }

            if (second >= 0)
            {
                block.Frame[second + i] = complement;
            }
        }
    }

    private byte Join(byte a, byte b) => (byte)(junction switch
    {
        Junction.And => a & b,
        Junction.Or => a | b,
        _ => a ^ b,
    });
}

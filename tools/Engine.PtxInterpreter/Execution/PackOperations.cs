namespace Engine.PtxInterpreter;

/// <summary>mov with a vector as its source: the elements make one register, the first one lowest.</summary>
internal sealed unsafe class Pack(int d, int registerBytes, int[] elements) : Operation
{
    public override void Execute(Block block)
    {
        int bytes = registerBytes / elements.Length;
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            byte* to = block.Frame + d + (i * registerBytes);
            for (int k = 0; k < elements.Length; k++)
            {
                Buffer.MemoryCopy(block.Frame + elements[k] + (i * bytes), to + (k * bytes), bytes, bytes);
            }
        }
    }
}

/// <summary>mov with a vector as its destination; -1 for elements that are not wanted.</summary>
internal sealed unsafe class Unpack(int[] elements, int a, int registerBytes) : Operation
{
    public override void Execute(Block block)
    {
        int bytes = registerBytes / elements.Length;
        for (int j = 0; j < block.Count; j++)
        {
            int i = block.ActiveThread(j);
            byte* from = block.Frame + a + (i * registerBytes);
            for (int k = 0; k < elements.Length; k++)
            {
                if (elements[k] >= 0)
                {
                    Buffer.MemoryCopy(from + (k * bytes), block.Frame + elements[k] + (i * bytes), bytes, bytes);
                }
            }
        }
    }
}

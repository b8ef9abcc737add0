namespace Engine.Cpu;

/// <summary>A reduction in the form that the interpreter runs; the epilogue's compute type is the type of the accumulated values.</summary>
internal sealed record TileReduction(TileProgram Prologue, TileProgram Epilogue, ReduceKernels[] Kernels);

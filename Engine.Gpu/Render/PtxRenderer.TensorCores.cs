using System.Diagnostics;

namespace Engine.Gpu;

internal sealed partial class PtxRenderer
{
    private string? _true;

    private void RenderMma(MmaStatement mma)
    {
        string shape = mma.Shape switch
        {
            MmaShape.M16N8K8Tf32 => "m16n8k8.row.col.f32.tf32.tf32.f32",
            MmaShape.M16N8K16Float16 => "m16n8k16.row.col.f32.f16.f16.f32",
            MmaShape.M16N8K16BFloat16 => "m16n8k16.row.col.f32.bf16.bf16.f32",
            _ => throw new UnreachableException(),
        };
        Emit($"mma.sync.aligned.{shape} {Listed(mma.Results)}, {Listed(mma.A)}, {Listed(mma.B)}, {Listed(mma.C)};");
    }

    private void RenderLoadMatrix(LoadMatrixStatement matrix)
    {
        string transposed = matrix.Transposed ? ".trans" : string.Empty;
        Emit($"ldmatrix.sync.aligned.m8n8.x4{transposed}.shared.b16 {Listed(matrix.Results)}, {Address(matrix.Memory, matrix.Index, matrix.Offset)};");
    }

    private void RenderCopyAsync(CopyAsyncStatement copy)
    {
        string to = Address(copy.Shared, copy.SharedIndex, copy.SharedOffset);
        string from = Address(copy.Global, copy.GlobalIndex, copy.GlobalOffset);

        // Copies of sixteen bytes bypass the first-level cache, since nothing reads them again; PTX has no such form for fewer bytes.
        string cache = copy.Bytes == 16 ? "cg" : "ca";
        string read = string.Empty;
        if (copy.Condition is { } condition)
        {
            // Bytes that are not read are filled with zeros.
            string bytes = _registers.New(RegisterType.Int32);
            Emit($"selp.b32 {bytes}, {copy.Bytes}, 0, {Register(condition)};");
            read = $", {bytes}";
        }

        Emit($"cp.async.{cache}.shared.global {to}, {from}, {copy.Bytes}{read};");
    }

    private void RenderWarpgroupMultiply(WarpgroupMultiplyStatement product)
    {
        (string type, int depth) = product.Format switch
        {
            WarpgroupFormat.Tf32 => ("tf32", 8),
            WarpgroupFormat.Float16 => ("f16", 16),
            WarpgroupFormat.BFloat16 => ("bf16", 16),
            _ => throw new UnreachableException(),
        };
        if (_true is null)
        {
            _true = _registers.New(RegisterType.Bool);
            Prologue($"setp.eq.u32 {_true}, 0, 0;");
        }

        // Sums are added to, factors are not negated; only formats of 16 bits can be read across the depth, and registers have no direction.
        string left = product.IsAInRegisters ? Listed(product.A) : Register(product.A[0]);
        string directions = product.Format == WarpgroupFormat.Tf32 ? string.Empty : $"{(product.IsAInRegisters ? string.Empty : product.AIsAlongRows ? ", 1" : ", 0")}{(product.BIsAlongColumns ? ", 1" : ", 0")}";
        string sums = string.Join(", ", product.Sums.Select(sum => _variables[sum.Number]));
        Emit($"wgmma.mma_async.sync.aligned.m64n{2 * product.Sums.Length}k{depth}.f32.{type}.{type} {{{sums}}}, {left}, {Register(product.B)}, {_true}, 1, 1{directions};");
    }

    private string Listed(Value[] values) => $"{{{string.Join(", ", values.Select(Register))}}}";
}

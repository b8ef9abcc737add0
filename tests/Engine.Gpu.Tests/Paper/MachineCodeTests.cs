using Engine.Perf.Paper;
using NUnit.Framework;

namespace Engine.Gpu.Tests.Paper;

internal sealed class MachineCodeTests
{
    // As nvdisasm prints it: a loop in a loop, a second loop, and the jump to itself that ends a text.
    private const string Listing = """
        .text.k:
                /*0000*/                   LDC R1, c[0x0][0x28] ;
        .L_x_0:
                /*0010*/                   LDG.E R2, desc[UR4][R4.64] ;
        .L_x_1:
                /*0020*/                   LDS.128 R8, [R6] ;
                /*0030*/                   FFMA R3, R8, R9, R3 ;
                /*0040*/                   FFMA.FTZ R7, R8, R10, R7 ;
                /*0050*/              @!P0 BRA `(.L_x_1) ;
                /*0060*/               @P1 BRA `(.L_x_0) ;
        .L_x_2:
                /*0070*/                   HMMA.16816.F32.BF16 R4, R8, R10, R4 ;
                /*0080*/              @!P0 BRA `(.L_x_2) ;
                /*0090*/                   EXIT ;
        .L_x_3:
                /*00a0*/                   BRA `(.L_x_3);
                /*00b0*/                   NOP;
        """;

    [Test]
    public void Parse_NestedLoops_TheInnermostWithTheMostProductsIsTheHottest()
    {
        MachineCode code = MachineCode.Parse(Listing);
        Assert.That(code.Instructions, Is.EqualTo(11));
        Assert.That(code.Hottest, Is.EqualTo(new MachineLoop(Instructions: 4, Float32Products: 2, TensorProducts: 0, GlobalLoads: 0, SharedLoads: 1)));
        Assert.That(code.Hottest.ProductShare, Is.EqualTo(0.5));
    }

    [Test]
    public void Parse_NoLoop_HasNoHottest() => Assert.That(MachineCode.Parse("        /*0000*/                   EXIT ;\n").Hottest, Is.EqualTo(default(MachineLoop)));
}

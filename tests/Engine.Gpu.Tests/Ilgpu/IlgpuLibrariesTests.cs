using NUnit.Framework;

namespace Engine.Gpu.Tests;

[TestFixture]
internal sealed class IlgpuLibrariesTests
{
    [Test]
    public void Register_Again_DoesNothing()
    {
        IlgpuLibraries.Register();
        Assert.That(IlgpuLibraries.Register, Throws.Nothing);
    }

    [Test]
    public void NamesOf_IlgpusImports_AreTheLibrariesOfOurDrivers()
    {
        Assert.Multiple(() =>
        {
            Assert.That(IlgpuLibraries.NamesOf("OpenCL"), Is.EqualTo(ClLibrary.LoaderNames));
            Assert.That(IlgpuLibraries.NamesOf("cuda"), Is.EqualTo(CudaApi.LibraryNames));
            Assert.That(IlgpuLibraries.NamesOf("libcublas.so.12"), Is.EqualTo(new[] { "libcublas.so.13" }));
            Assert.That(IlgpuLibraries.NamesOf("something"), Is.Empty);
        });
    }
}

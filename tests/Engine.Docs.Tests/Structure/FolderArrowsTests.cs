using NUnit.Framework;

namespace Engine.Docs.Tests.Structure;

/// <summary>
/// Which folder of a library may use which other. Folders stand in an order, from the ground up, and use what stands below them. What must look
/// upwards is a row with the names that it may use there.
/// </summary>
internal sealed class FolderArrowsTests
{
    private const string All = "*", Root = "";

    private static readonly string[] s_core =
        ["Errors", "Expressions", "Random", "Devices", "Capture", "Tensors", "Autograd", "Precision", "Backends", "Calls", "Ops", "LinearAlgebra"];

    private static readonly (string From, string To, string Names)[] s_coreUpwards =
    [
        ("Errors", "Devices", "DeviceReport MemoryReport"),
        ("Expressions", "Random", "NormalTransform Philox"),
        ("Expressions", "Tensors", "DType DTypes Guard Guard.NoNulls Guard.Size TypePromotion"),
        ("Random", "Capture", All),
        ("Random", "Tensors", "Guard Guard.HostArray"),
        ("Devices", "Capture", All),
        ("Devices", "Tensors", "DType DTypes Guard Guard.NoNulls Layout Tensor Tensor.Dispose Tensor.IsKept"),
        ("Devices", "Backends", "Backend"),
        ("Capture", "Tensors", All),
        ("Capture", "Autograd", "GradMode Scope"),
        ("Capture", "Backends", "Operand"),
        ("Tensors", "Autograd", All),
        ("Tensors", "Precision", "Autocast"),
        ("Tensors", "Backends", "Backend.PrefersChannelsLast Operand"),
        ("Tensors", "Calls", "Pointwise"),
        ("Tensors", "Ops", "AdvancedIndex InPlaceOps Tensor.Concat Tensor.EqualTo Tensor.Floor Tensor.SumTo"),
        ("Autograd", "Precision", "Autocast Scope"),
        ("Autograd", "Calls", "Pointwise Reductions"),
        ("Autograd", "Ops", "FusedMap Tensor.AddInPlace Tensor.EqualTo Tensor.Stack"),
        ("Backends", "Calls", "BinarySearch Pointwise Reductions"),
        ("Backends", "Ops", "Tensor.MaskedFill Tensor.MatMul Tensor.Norm Tensor.Not Tensor.Tril"),
    ];

    private static readonly string[] s_nn =
    [
        "Arguments", "State", "Files", "Data", "Init", "Modules", "Containers", "Layers", "Losses", "Distributions", "Metrics", "Models", "Optimization", "Optim", "Training", "Regularization", "Search",
        "Inspection", "Reports",
    ];

    private static readonly (string From, string To, string Names)[] s_nnUpwards =
    [
        ("Files", "Data", "HostArray"),
        ("Files", "Training", "Trainer Trainer.Load"),
        ("Modules", "Containers", "Sequential"),
        ("Modules", "Layers", "Residual"),
        ("Modules", "Inspection", "ForwardTrace FusedInference ModuleText Substitute"),
        ("Containers", "Layers", "BatchNorm Relu"),
        ("Containers", "Inspection", "ForwardTrace"),
        ("Layers", "Inspection", "ForwardTrace FusedInference"),
        ("Models", "Inspection", "ForwardTrace"),
        ("Regularization", "Inspection", "ForwardTrace"),
        ("Optimization", "Optim", "Optimizer Optimizer.NeedsClosure Optimizer.Parameters Optimizer.Step"),
        ("Inspection", "Reports", All),
    ];

    // The root of a backend has the device and what all parts of the backend's class share; each operation's folder has its part.
    private static readonly string[] s_cpu =
        ["Simd", "Memory", "Threads", Root, "Rows", "Map", "Copies", "Reduction", "Gemm", "Conv", "Indexing", "Pooling", "Normalization", "Softmax", "Attention", "Ordering", "Capture"];

    private static readonly (string From, string To, string Names)[] s_cpuUpwards =
    [
        ("Map", "Copies", "CpuBackend.Copy"),
        ("Map", "Normalization", "ScaleShift"),
        (Root, "Capture", "CpuRecording Recorder"),
    ];

    private static readonly string[] s_gpu =
    [
        "Ir", "Drivers", "Render", "Drivers/Cuda", "Drivers/OpenCl", "Compilation", "Kernels/Arguments", "Kernels/Math", "Kernels/Rows", Root, "Kernels/Map", "Kernels/Reduction",
        "Kernels/Gemm", "Kernels/Attention", "Kernels/Conv", "Kernels/Indexing", "Kernels/Pooling", "Kernels/Normalization", "Kernels/Softmax", "Kernels/Ordering", "Ilgpu", "Kernels/Ilgpu",
    ];

    private static readonly (string From, string To, string Names)[] s_gpuUpwards =
    [
        ("Ir", "Drivers", "GpuTarget"),
        ("Compilation", Root, "GpuDevice"),
        (Root, "Kernels/Gemm", "LibraryProducts PlanBook PlanTuner WarpgroupTrial"),
        (Root, "Kernels/Ilgpu", "IlgpuBackend"),
        (Root, "Ilgpu", "IlgpuCompiler"),
    ];

    [Test]
    public void Folders_UseWhatStandsBelow()
    {
        FolderArrows core = FolderArrows.Of("Engine.Core", 1);
        Assert.That(core.Arrows.Keys, Does.Contain(("Ops", "Calls")), "the sources were read");
        using (Assert.EnterMultipleScope())
        {
            Check("Engine.Core", core, s_core, s_coreUpwards);
            Check("Engine.Nn", FolderArrows.Of("Engine.Nn", 1, core.Compilation), s_nn, s_nnUpwards);
            Check("Engine.Cpu", FolderArrows.Of("Engine.Cpu", 1, core.Compilation), s_cpu, s_cpuUpwards);
            Check("Engine.Gpu", FolderArrows.Of("Engine.Gpu", 2, core.Compilation), s_gpu, s_gpuUpwards);
        }
    }

    private static void Check(string library, FolderArrows found, string[] order, (string From, string To, string Names)[] upwards)
    {
        string[] folders = [.. found.Arrows.Keys.SelectMany(static arrow => (string[])[arrow.From, arrow.To]).Distinct().Except(order)];
        Assert.That(folders, Is.Empty, $"{library}: folders without a place in the order");
        Dictionary<(string, string), string> allowed = upwards.ToDictionary(static row => (row.From, row.To), static row => row.Names);
        foreach (((string from, string to), SortedSet<string> names) in found.Arrows.Where(a => Array.IndexOf(order, a.Key.To) > Array.IndexOf(order, a.Key.From)))
        {
            string row = allowed.GetValueOrDefault((from, to), string.Empty);
            Assert.That(row == All ? [] : names.Except(row.Split(' ')), Is.Empty, $"{library}: {from} stands below {to} and uses these of it");
            Assert.That(row == All ? [] : row.Split(' ', StringSplitOptions.RemoveEmptyEntries).Except(names), Is.Empty, $"{library}: the row of {from} and {to} allows what is no longer used");
        }

        Assert.That(allowed.Keys.Where(key => !found.Arrows.ContainsKey(key)), Is.Empty, $"{library}: rows that are no longer needed");
    }
}

using System.Reflection;
using System.Runtime.CompilerServices;
using Engine.Cpu;
using Engine.Gpu;
using Engine.Nn;
using Engine.Tests.OpCases;
using NUnit.Framework;

namespace Engine.Tests.RollCall;

/// <summary>
/// Every public member that gives a tensor has a row in the table of operations, which tries it on all layouts, sizes and devices. Modules and
/// distributions, which operations make up, have tables of their own.
/// </summary>
internal sealed class OperationRollCallTests
{
    private const string Creation = "makes a tensor from none: no layouts, no gradient";
    private const string Draws = "draws random numbers: no value to compare, no gradient; SamplingTests";
    private const string Handle = "the same tensor, under another handle or with a mark";
    private const string Holder = "hands out a tensor that it was given";

    private const string Function = "differentiates a function; FunctionalTests";

    private const string Composed = "a program of other operations; SpecialFunctionTests";
    private const string Called = "calls operations that have rows; TensorMathematicsTests";
    private const string Changed = "changes images by operations that have rows; TensorTransformTests";
    private const string Arithmetic = "a program of other operations; ArithmeticTests";

    private static readonly Dictionary<string, string> s_exempt = new()
    {
        ["Tensor.Empty"] = Creation,
        ["PackedSequence"] = "hands out what it holds; SequencesTests",
        ["Sequences"] = "lengths are arguments; SequencesTests and TorchLayerTests",
        ["Tensor.Zeros"] = Creation,
        ["Tensor.Ones"] = Creation,
        ["Tensor.Full"] = Creation,
        ["Tensor.Scalar"] = Creation,
        ["Tensor.Arange"] = Creation,
        ["Tensor.Linspace"] = Creation,
        ["Tensor.From"] = Creation,
        ["Tensor.Rand"] = Creation,
        ["Tensor.Randn"] = Creation,
        ["Tensor.RandInt"] = Creation,
        ["Tensor.RandPerm"] = Creation,
        ["Tensor.Bernoulli"] = Draws,
        ["Tensor.Exponential"] = Draws,
        ["Tensor.Normal"] = Draws,
        ["Tensor.Poisson"] = Draws,
        ["Tensor.Multinomial"] = Draws,
        ["Tensor.Asin"] = Composed,
        ["Tensor.Acos"] = Composed,
        ["Tensor.Atan"] = Composed,
        ["Tensor.Atan2"] = Composed,
        ["Tensor.Sinh"] = Composed,
        ["Tensor.Cosh"] = Composed,
        ["Tensor.Asinh"] = Composed,
        ["Tensor.Acosh"] = Composed,
        ["Tensor.Atanh"] = Composed,
        ["Tensor.Hypot"] = Composed,
        ["Tensor.Sinc"] = Composed,
        ["Tensor.Log2"] = Composed,
        ["Tensor.Log10"] = Composed,
        ["Tensor.Exp2"] = Composed,
        ["Tensor.Erfc"] = Composed,
        ["Tensor.Erfinv"] = Composed,
        ["Tensor.Lgamma"] = Composed,
        ["Tensor.Digamma"] = Composed,
        ["Tensor.Trigamma"] = Composed,
        ["Tensor.LogAddExp"] = Composed,
        ["Tensor.Xlogy"] = Composed,
        ["Tensor.Logit"] = Composed,
        ["Tensor.Remainder"] = Arithmetic,
        ["Tensor.Fmod"] = Arithmetic,
        ["Tensor.Frac"] = Arithmetic,
        ["Tensor.Lerp"] = Arithmetic,
        ["Tensor.NanToNum"] = Arithmetic,
        ["Tensor.IsFinite"] = Arithmetic,
        ["Tensor.IsInf"] = Arithmetic,
        ["Tensor.Heaviside"] = Arithmetic,
        ["Tensor.CopySign"] = Arithmetic,
        ["Tensor.Xor"] = Arithmetic,
        ["Tensor.FftFreq"] = Creation,
        ["Tensor.RfftFreq"] = Creation,
        ["Tensor.HannWindow"] = Creation,
        ["Tensor.HammingWindow"] = Creation,
        ["Tensor.BlackmanWindow"] = Creation,
        ["Tensor.BartlettWindow"] = Creation,
        ["Tensor.KaiserWindow"] = Creation,
        ["Tensor.CumMin"] = Called,
        ["Tensor.Diff"] = Called,
        ["Tensor.NanMedian"] = Called,
        ["Tensor.Mode"] = Called,
        ["Tensor.CountNonZero"] = Called,
        ["Tensor.NanSum"] = Called,
        ["Tensor.NanMean"] = Called,
        ["Tensor.VarMean"] = Called,
        ["Tensor.StdMean"] = Called,
        ["Tensor.Aminmax"] = Called,
        ["Tensor.Outer"] = Called,
        ["Tensor.Dot"] = Called,
        ["Tensor.Kron"] = Called,
        ["Tensor.Cross"] = Called,
        ["Tensor.Trace"] = Called,
        ["Tensor.CosineSimilarity"] = Called,
        ["Tensor.MeshGrid"] = Called,
        ["Tensor.CartesianProduct"] = Called,
        ["Tensor.Combinations"] = Called,
        ["Tensor.Vander"] = Called,
        ["Tensor.Ifft"] = Called,
        ["Tensor.Rfft"] = Called,
        ["Tensor.Irfft"] = Called,
        ["Tensor.Fft2"] = Called,
        ["Tensor.Ifft2"] = Called,
        ["Tensor.Rfft2"] = Called,
        ["Tensor.Irfft2"] = Called,
        ["Tensor.FftShift"] = Called,
        ["Tensor.IfftShift"] = Called,
        ["Tensor.ComplexMul"] = Called,
        ["Tensor.ComplexConj"] = Called,
        ["Tensor.TensorDot"] = Called,
        ["Tensor.Median"] = Called,
        ["Tensor.NanQuantile"] = Called,
        ["Tensor.EmptyLike"] = Creation,
        ["Tensor.Keep"] = Handle,
        ["Tensor.Named"] = Handle,
        ["Tensor.RetainGrad"] = Handle,
        ["TensorScope.Keep"] = Handle,
        ["Autograd.Jacobian"] = Function,
        ["Autograd.Hessian"] = Function,
        ["Autograd.Hvp"] = Function,
        ["Autograd.Vjp"] = Function,
        ["Autograd.Jvp"] = Function,
        ["Init"] = "fills a tensor in place; InitTests",
        ["Losses"] = "LossCases",
        ["Batch"] = Holder,
        ["Tensors"] = Holder,
        ["CapturedOutput"] = Holder,
        ["ChordCounterexample"] = Holder,
        ["CriticalPoint"] = Holder,
        ["CurvatureCounterexample"] = Holder,
        ["CapturePass"] = "numbers of a recorded step; CapturedStepTests",
        ["ComputationGraph"] = Holder,
        ["GraphEdge"] = Holder,
        ["GraphNode"] = Holder,
        ["GraphStep"] = Holder,
        ["Operand"] = Handle,
        ["Storage"] = "wraps memory that somebody else owns; PoolTests",
        ["Optimizer"] = Holder,
        ["Lbfgs"] = "LbfgsOptimizerTests",
        ["MinimizeResult"] = Holder,
        ["ConstrainedResult"] = Holder,
        ["Projection"] = "ProjectionTests",
        ["TestFunction"] = "TestFunctionTests",
        ["CenterCrop"] = Changed,
        ["Normalize"] = Changed,
        ["Pad"] = Changed,
        ["RandomCrop"] = Changed,
        ["RandomErasing"] = Changed,
        ["RandomHorizontalFlip"] = Changed,
        ["RandomVerticalFlip"] = Changed,
        ["RandomResizedCrop"] = Changed,
        ["Resize"] = Changed,
        ["IdxArray"] = "reads a file; IdxArrayTests",
        ["SafetensorsFile"] = "reads a file; SafetensorsTests",
        ["KerasLayout"] = "turns the axes of weights; KerasFileTests",
        ["Npy"] = "reads a file; NumpyTests",
        ["TrainingState"] = Holder,
        ["LossScaler"] = "LossScalerTests",
        ["TokenSampler"] = "TokenSamplerTests",
        ["Trainer"] = "TrainerTests",
        ["Regularizers"] = "RegularizerTests",
        ["BatchNormSteps"] = "BatchNormStepsTests",
        ["FusedInference"] = "FusedInferenceTests",
        ["KernelFunction"] = "a user's kernel; KernelFunctionTests",
        ["AcceleratorTensors"] = "wraps an accelerator's memory; CpuAcceleratorTests",
        ["CudaDevice"] = "wraps a card's memory",
        ["OpenClDevice"] = "wraps a card's memory",
    };

    [Test]
    public void Operations_AllHaveARow() => Roll.Call("OpTable", Operations(), CalledMembers.Of(OpTable.All.Select(static row => (Delegate)row.Run)), s_exempt);

    private static IEnumerable<MethodBase> Operations() =>
        from type in Roll.Types(typeof(Tensor), typeof(Layer), typeof(CpuDevice), typeof(GpuDevice))
        where !typeof(Engine.Nn.Module).IsAssignableFrom(type) && !typeof(Engine.Nn.Distributions.Distribution).IsAssignableFrom(type) && !typeof(Delegate).IsAssignableFrom(type) && !type.IsInterface
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where GivesTensors(method.ReturnType)
        select method;

    private static bool GivesTensors(Type type) =>
        type == typeof(Tensor) || type == typeof(Tensor[]) || (typeof(ITuple).IsAssignableFrom(type) && type.GetGenericArguments().Contains(typeof(Tensor)));
}

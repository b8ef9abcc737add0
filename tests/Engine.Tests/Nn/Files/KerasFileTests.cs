using Engine.Nn;
using Engine.Tests.Reference;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Files in Keras's form that h5py wrote (tests/golden_tools/make_keras_files.py), files that lie, and layers that compute as Keras's.</summary>
internal sealed class KerasFileTests
{
    private static readonly string s_folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "Nn", "data", "keras");

    [SetUp]
    public void MakeThemHere() => Device.Default = ReferenceDevice.Shared;

    [TestCase("keras3.weights.h5")]
    [TestCase("model.keras")]
    public void Keras3_HasPathsAndNumbers(string name)
    {
        Dictionary<string, Tensor> tensors = KerasFile.Load(Path.Combine(s_folder, name));
        Assert.That(tensors.Keys, Is.EquivalentTo((string[])
        [
            "layers/conv2d/vars/0", "layers/conv2d/vars/1", "layers/dense/vars/0", "layers/dense/vars/1", "layers/lstm/cell/vars/0", "layers/lstm/cell/vars/1", "layers/lstm/cell/vars/2",
            "layers/batch_normalization/vars/0", "layers/batch_normalization/vars/1", "layers/batch_normalization/vars/2", "layers/batch_normalization/vars/3", "layers/dropout/seed_generator/vars/0",
        ]));
        Check(tensors["layers/conv2d/vars/0"], [3, 3, 2, 4], 0);
        Check(tensors["layers/conv2d/vars/1"], [4], 1);
        Check(tensors["layers/dense/vars/0"], [4, 3], 2);
        Check(tensors["layers/lstm/cell/vars/2"], [8], 6);
        Check(tensors["layers/batch_normalization/vars/3"], [4], 10);
        Assert.That(tensors["layers/dropout/seed_generator/vars/0"].ToArray<long>(), Is.EqualTo((long[])[4000000000, 7]));
    }

    [Test]
    public void Keras2_LoadsIntoANetwork()
    {
        Dictionary<string, Tensor> tensors = KerasFile.Load(Path.Combine(s_folder, "keras2.h5"));
        Assert.That(tensors.Keys, Is.EquivalentTo((string[])["conv2d/conv2d/kernel:0", "conv2d/conv2d/bias:0", "dense/dense/kernel:0", "dense/dense/bias:0"]));
        Sequential model = new(new Conv2d(2, 4, 3), new AdaptiveMaxPool2d(1), new Flatten(), new Linear(4, 3));
        LoadReport report = model.LoadStateDict(new Dictionary<string, Tensor>
        {
            ["0.weight"] = KerasLayout.Conv2d(tensors["conv2d/conv2d/kernel:0"]),
            ["0.bias"] = tensors["conv2d/conv2d/bias:0"],
            ["3.weight"] = KerasLayout.Dense(tensors["dense/dense/kernel:0"]),
            ["3.bias"] = tensors["dense/dense/bias:0"],
        });
        Assert.That(report.IsComplete);
        Check(tensors["dense/dense/bias:0"], [3], 3);
    }

    [Test]
    public void Types_AreThoseOfNpy()
    {
        Dictionary<string, Tensor> tensors = KerasFile.Load(Path.Combine(s_folder, "types.h5"));
        double[] numbers = [.. Enumerable.Range(0, 10).Select(static i => Number(i, 0))];
        foreach ((string name, DType dtype) in ((string, DType)[])[("f2", DType.Float16), ("f4", DType.Float32), ("f8", DType.Float64), ("big_f4", DType.Float32), ("i1", DType.Int32), ("i2", DType.Int32), ("i4", DType.Int32), ("big_i4", DType.Int32), ("i8", DType.Int64)])
        {
            Assert.That(tensors[name].DType, Is.EqualTo(dtype), name);
            Assert.That(tensors[name].To(DType.Float64).ToArray<double>(), Is.EqualTo(name.Contains('f', StringComparison.Ordinal) ? numbers : numbers.Select(Math.Truncate)), name);
        }

        foreach ((string name, DType dtype, long modulus) in ((string, DType, long)[])[("u1", DType.UInt8, 1L << 8), ("u2", DType.Int32, 1L << 16), ("u4", DType.Int64, 1L << 32)])
        {
            Assert.That(tensors[name].DType, Is.EqualTo(dtype), name);
            Assert.That(tensors[name].To(DType.Int64).ToArray<long>(), Is.EqualTo(numbers.Select(v => (((long)v % modulus) + modulus) % modulus)), name);
        }

        Assert.That(tensors["bool"].ToArray<bool>(), Is.EqualTo((bool[])[true, false, true]));
        Assert.That(tensors["scalar"].Item(), Is.EqualTo(1.5));
        Assert.That((tensors["scalar"].Shape, tensors["empty"].Shape), Is.EqualTo((Shape.Scalar, new Shape(0, 3))));
        Assert.That(tensors.Keys.Count(static name => name.StartsWith("many/", StringComparison.Ordinal)), Is.EqualTo(40), "names in several nodes of a tree");
        Check(tensors["many/array39"], [3], 39);
        Assert.That(tensors.Keys.Intersect(["text", "u8", "complex", "nothing", "link"]), Is.Empty, "what is no array of numbers is left out");
    }

    [TestCase("latest.h5", "libver or track_order")]
    [TestCase("chunks.h5", "compressed or in another file")]
    [TestCase("twice.h5", "two of its HDF5 structures")]
    [TestCase("deflated.keras", "model.weights.h5 is compressed")]
    public void WhatIsNotRead_IsRefusedByName(string name, string reason) =>
        Assert.That(() => KerasFile.Load(Path.Combine(s_folder, name)), Throws.TypeOf<ModelFileException>().With.Message.Contains(reason));

    [Test]
    public void NoHdf5_IsRefused()
    {
        using TemporaryFolder folder = new();
        Assert.That(() => KerasFile.Load(folder.Write("empty", [])), Throws.TypeOf<ModelFileException>().With.Message.Contains("no HDF5 file"));
        Assert.That(() => KerasFile.Load(folder.Write("text", [.. Enumerable.Repeat((byte)'x', 200)])), Throws.TypeOf<ModelFileException>().With.Message.Contains("no HDF5 file"));
        Npz.Save(folder.File("x.zip"), new Dictionary<string, Tensor> { ["a"] = Tensor.Ones([2]) });
        Assert.That(() => KerasFile.Load(folder.File("x.zip")), Throws.TypeOf<ModelFileException>().With.Message.Contains("without model.weights.h5"));
        Assert.That(() => KerasFile.Load(folder.File("none")), Throws.TypeOf<FileNotFoundException>());
    }

    /// <summary>Any damage is refused or read, in little time and memory.</summary>
    [TestCase("keras3.weights.h5")]
    [TestCase("types.h5")]
    [TestCase("model.keras")]
    public void DamagedFiles_AreRefused(string name)
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(s_folder, name));
        using TemporaryFolder folder = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        int refused = 0;
        for (int seed = 0; seed < 1000; seed++)
        {
            string path = folder.Write("x", seed % 2 == 0 ? Mutation.Apply(valid, seed) : Changed(valid, seed));
            try
            {
                foreach (Tensor tensor in KerasFile.Load(path).Values)
                {
                    tensor.Dispose();
                }
            }
            catch (ModelFileException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(100));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1000L * valid.Length * 40), "bytes of memory by those of the files");
    }

    [Test]
    public void EveryTruncation_IsRefused()
    {
        byte[] valid = File.ReadAllBytes(Path.Combine(s_folder, "keras2.h5"));
        using TemporaryFolder folder = new();
        for (int length = 0; length < valid.Length - 2000; length += 61)
        {
            Assert.That(() => KerasFile.Load(folder.Write("x", valid[..length])), Throws.TypeOf<ModelFileException>(), $"{length} bytes");
        }
    }

    [Test]
    public void Layouts_AreTurned()
    {
        Tensor conv = Ramp(2, 3, 4, 5);
        Assert.That(At(KerasLayout.Conv2d(conv), 4, 3, 1, 2), Is.EqualTo(At(conv, 1, 2, 3, 4)));
        Assert.That(KerasLayout.Conv2d(conv).Shape, Is.EqualTo(new Shape(5, 4, 2, 3)));
        Tensor depthwise = KerasLayout.DepthwiseConv2d(conv);
        Assert.That(depthwise.Shape, Is.EqualTo(new Shape(20, 1, 2, 3)));
        Assert.That(At(depthwise, (3 * 5) + 2, 0, 1, 2), Is.EqualTo(At(conv, 1, 2, 3, 2)));
        Tensor line = Ramp(3, 4, 5), volume = Ramp(2, 3, 2, 4, 5);
        Assert.That(At(KerasLayout.Conv1d(line), 4, 3, 2), Is.EqualTo(At(line, 2, 3, 4)));
        Assert.That(At(KerasLayout.Conv3d(volume), 4, 3, 1, 2, 0), Is.EqualTo(At(volume, 1, 2, 0, 3, 4)));
        Tensor dense = Ramp(4, 3);
        Assert.That(At(KerasLayout.Dense(dense), 2, 1), Is.EqualTo(At(dense, 1, 2)));

        // A flattened image of Keras [H, W, C] = [2, 3, 4] by its weights gives what the engine's [C, H, W] does.
        Tensor image = Tensor.Rand([2, 3, 4]), kernel = Tensor.Rand([24, 5]);
        Tensor wanted = image.Reshape(1, 24).MatMul(kernel), given = image.Permute(2, 0, 1).Reshape(1, 24).MatMul(KerasLayout.Dense(kernel, 4, 2, 3).T);
        Assert.That(given.ToArray<float>(), Is.EqualTo(wanted.ToArray<float>()).Within(1e-5));
        Assert.That(() => KerasLayout.Conv2d(dense), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[H, W, in, out]"));
        Assert.That(() => KerasLayout.Dense(kernel, 5, 2, 3), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[30, out]"));
    }

    /// <summary>Keras's cell in plain numbers: z = x·kernel + h·recurrent + bias, gates i, f, c, o.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Lstm_ComputesAsKeras(bool hasBias)
    {
        double[,] kernel = Matrix(3, 8, 1), recurrent = Matrix(2, 8, 2), bias = Matrix(1, 8, 3), x = Matrix(4, 3, 4);
        double[] h = new double[2], c = new double[2];
        for (int t = 0; t < 4; t++)
        {
            double Z(int gate, int unit) => Enumerable.Range(0, 3).Sum(i => x[t, i] * kernel[i, (gate * 2) + unit]) + Enumerable.Range(0, 2).Sum(i => h[i] * recurrent[i, (gate * 2) + unit]) + (hasBias ? bias[0, (gate * 2) + unit] : 0);
            c = [.. Enumerable.Range(0, 2).Select(u => (Sigmoid(Z(1, u)) * c[u]) + (Sigmoid(Z(0, u)) * Math.Tanh(Z(2, u))))];
            h = [.. Enumerable.Range(0, 2).Select(u => Sigmoid(Z(3, u)) * Math.Tanh(c[u]))];
        }

        Lstm lstm = new(3, 2, bias: hasBias);
        Assert.That(lstm.LoadStateDict(KerasLayout.Lstm(Of(kernel), Of(recurrent), hasBias ? Of(bias).Squeeze(0) : null)).IsComplete);
        (Tensor y, _, _) = lstm.Forward(Of(x).Unsqueeze(1), null, null);
        Assert.That(y.Select(0, 3).ToArray<float>(), Is.EqualTo(h).Within(1e-5));
        Assert.That(() => KerasLayout.Lstm(Of(kernel), Of(kernel), null), Throws.TypeOf<ShapeMismatchException>());
        Assert.That(() => KerasLayout.Lstm(Of(kernel), Of(recurrent), Of(bias)), Throws.TypeOf<ShapeMismatchException>());
    }

    /// <summary>Keras's cell with reset_after: h' = z·h + (1 − z)·tanh(x_h + r·(h·recurrent_h + b)), gates z, r, h.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public void Gru_ComputesAsKeras(bool hasBias)
    {
        double[,] kernel = Matrix(3, 6, 1), recurrent = Matrix(2, 6, 2), bias = Matrix(2, 6, 3), x = Matrix(4, 3, 4);
        double[] h = new double[2];
        for (int t = 0; t < 4; t++)
        {
            double X(int gate, int unit) => Enumerable.Range(0, 3).Sum(i => x[t, i] * kernel[i, (gate * 2) + unit]) + (hasBias ? bias[0, (gate * 2) + unit] : 0);
            double H(int gate, int unit) => Enumerable.Range(0, 2).Sum(i => h[i] * recurrent[i, (gate * 2) + unit]) + (hasBias ? bias[1, (gate * 2) + unit] : 0);
            h = [.. Enumerable.Range(0, 2).Select(u =>
            {
                double z = Sigmoid(X(0, u) + H(0, u)), r = Sigmoid(X(1, u) + H(1, u));
                return (z * h[u]) + ((1 - z) * Math.Tanh(X(2, u) + (r * H(2, u))));
            })];
        }

        Gru gru = new(3, 2, bias: hasBias);
        Assert.That(gru.LoadStateDict(KerasLayout.Gru(Of(kernel), Of(recurrent), hasBias ? Of(bias) : null)).IsComplete);
        (Tensor y, _) = gru.Forward(Of(x).Unsqueeze(1), null);
        Assert.That(y.Select(0, 3).ToArray<float>(), Is.EqualTo(h).Within(1e-5));
        Assert.That(() => KerasLayout.Gru(Of(kernel), Of(recurrent), Of(bias).Select(0, 0)), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("reset_after"));
    }

    private static double Number(long i, int key) => ((((i * 37) + (11 * key)) % 101) - 50) / 32.0;

    private static void Check(Tensor tensor, int[] shape, int key)
    {
        Assert.That(tensor.Shape, Is.EqualTo(new Shape(shape)));
        Assert.That(tensor.ToArray<float>(), Is.EqualTo(Enumerable.Range(0, (int)tensor.ElementCount).Select(i => (float)Number(i, key))));
    }

    /// <summary>A number in the structures of the file becomes another place in the file, or a huge one.</summary>
    private static byte[] Changed(byte[] valid, int seed)
    {
        Random random = new(seed);
        byte[] bytes = [.. valid];
        for (int changes = 1 + random.Next(3); changes > 0; changes--)
        {
            int at = random.Next(bytes.Length / 8) * 8;
            BitConverter.TryWriteBytes(bytes.AsSpan(at), random.Next(3) switch { 0 => random.Next(valid.Length), 1 => random.NextInt64(), _ => random.Next(64) });
        }

        return bytes;
    }

    private static double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));

    private static double[,] Matrix(int rows, int columns, int key)
    {
        double[,] values = new double[rows, columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i / columns, i % columns] = Number(i, key);
        }

        return values;
    }

    private static Tensor Of(double[,] values) => Tensor.From<float>([.. values.Cast<double>().Select(static v => (float)v)], [values.GetLength(0), values.GetLength(1)]);

    private static Tensor Ramp(params int[] shape) => Tensor.Arange((int)new Shape(shape).ElementCount).Reshape(shape: new Shape(shape));

    private static double At(Tensor x, params int[] index)
    {
        foreach (int i in index)
        {
            x = x.Select(0, i);
        }

        return x.To(DType.Float64).Item();
    }
}

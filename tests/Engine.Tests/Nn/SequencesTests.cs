using Engine.Nn;
using NUnit.Framework;

namespace Engine.Tests.Nn;

/// <summary>Padding and packing; what recurrent layers make of packed sequences is in TorchLayerTests.</summary>
internal sealed class SequencesTests
{
    private static readonly Tensor[] s_sequences = [Rows(2), Rows(4), Rows(1)];

    private static Tensor Rows(int length) => Tensor.Arange(1, 1 + (2 * length)).Reshape(length, 2) + (100 * length);

    [Test]
    public void PadSequence_PutsTheValueBehindTheEnd()
    {
        Tensor padded = Sequences.PadSequence(s_sequences, batchFirst: true, paddingValue: -1);
        Assert.That(padded.Shape, Is.EqualTo(new Shape(3, 4, 2)));
        Assert.That(padded[2].ToArray<float>(), Is.EqualTo(new float[] { 101, 102, -1, -1, -1, -1, -1, -1 }));
        Assert.That(Sequences.PadSequence(s_sequences).Transpose(0, 1).MaskedFill(padded.EqualTo(-1), -1).ToArray<float>(), Is.EqualTo(padded.ToArray<float>()));
    }

    [Test]
    public void PackSequence_HasTheStepsInOrderOfTime()
    {
        PackedSequence packed = Sequences.PackSequence(s_sequences, enforceSorted: false);
        Assert.That(packed.BatchSizes, Is.EqualTo(new[] { 3, 2, 1, 1 }));
        Assert.That(packed.SortedIndices!.ToArray<long>(), Is.EqualTo(new long[] { 1, 0, 2 }));
        Assert.That(packed.UnsortedIndices!.ToArray<long>(), Is.EqualTo(new long[] { 1, 0, 2 }));
        Assert.That(packed.Data.Select(1, 0).ToArray<float>(), Is.EqualTo(new float[] { 401, 201, 101, 403, 203, 405, 407 }));
    }

    [Test]
    public void PadPackedSequence_GivesBackWhatWasPacked([Values] bool batchFirst, [Values(null, 6)] int? totalLength)
    {
        PackedSequence packed = Sequences.PackSequence(s_sequences, enforceSorted: false);
        (Tensor padded, int[] lengths) = Sequences.PadPackedSequence(packed, batchFirst, paddingValue: 7, totalLength);
        Assert.That(lengths, Is.EqualTo(new[] { 2, 4, 1 }));
        Tensor expected = Sequences.PadSequence([.. s_sequences, Rows(totalLength ?? 4)], batchFirst, 7).Narrow(batchFirst ? 0 : 1, 0, 3);
        Assert.That(padded.Shape, Is.EqualTo(expected.Shape));
        Assert.That(padded.ToArray<float>(), Is.EqualTo(expected.ToArray<float>()));
        Assert.That(Sequences.UnpackSequence(packed).Select(static s => s.ToArray<float>()), Is.EqualTo(s_sequences.Select(static s => s.ToArray<float>())));
    }

    [Test]
    public void PackPaddedSequence_GradientsSkipThePadding()
    {
        Tensor x = Tensor.Ones([3, 2, 1]).WithGrad();
        PackedSequence packed = Sequences.PackPaddedSequence(x, [1, 3], enforceSorted: false);
        packed.With(packed.Data * 2).Data.Sum().Backward();
        Assert.That(x.Grad!.ToArray<float>(), Is.EqualTo(new float[] { 2, 2, 0, 2, 0, 2 }));
    }

    [Test]
    public void BadArguments_Throw()
    {
        Tensor x = Tensor.Zeros([4, 2, 3]);
        Assert.That(() => Sequences.PackPaddedSequence(x, [2, 3]), Throws.ArgumentException.With.Message.Contains("length 1 is 3, the one before 2; sort"));
        Assert.That(() => Sequences.PackPaddedSequence(x, [5, 1]), Throws.ArgumentException.With.Message.Contains("between 1 and the 4 steps"));
        Assert.That(() => Sequences.PackPaddedSequence(x, [3, 0]), Throws.ArgumentException.With.Message.Contains("length 1 is 0"));
        Assert.That(() => Sequences.PackPaddedSequence(x, [3]), Throws.ArgumentException.With.Message.Contains("there are 1 lengths"));
        Assert.That(() => Sequences.PackPaddedSequence(Tensor.Zeros([4]), [3]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[L, N, …]"));
        Assert.That(() => Sequences.PadSequence([]), Throws.ArgumentException);
        Assert.That(() => Sequences.PadSequence([Tensor.Zeros([2, 3]), Tensor.Zeros([2, 4])]), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("sequence 1 is [2, 4]"));
        PackedSequence packed = Sequences.PackPaddedSequence(x, [4, 2]);
        Assert.That(() => Sequences.PadPackedSequence(packed, totalLength: 3), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => packed.With(Tensor.Zeros([5, 3])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("6 steps"));
        Assert.That(() => new Gru(4, 2).Forward(packed), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[sum of lengths, 4]"));
        Assert.That(() => new Gru(3, 2).Forward(packed, Tensor.Zeros([1, 3, 2])), Throws.TypeOf<ShapeMismatchException>().With.Message.Contains("[1, 2, 2]"));
    }
}

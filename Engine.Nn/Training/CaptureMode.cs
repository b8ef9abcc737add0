namespace Engine.Nn;

/// <summary>Whether a <see cref="Trainer"/> captures its step (<see cref="Device.CaptureOnUse(Action, IReadOnlyList{Tensor}, int)"/>).</summary>
public enum CaptureMode : byte
{
    /// <summary>Every step runs the model's code.</summary>
    Never,

    /// <summary>
    /// Where the device records, and the step can be captured; otherwise steps run without capture. <see cref="Trainer.CaptureRefusal"/> says why a
    /// step could not be captured.
    /// </summary>
    Auto,

    /// <summary>On every device, under the rules of capturing; a step that cannot be captured is an error.</summary>
    Always,
}

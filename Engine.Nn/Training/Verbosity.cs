namespace Engine.Nn;

/// <summary>The output of a <see cref="Trainer"/> to the console.</summary>
public enum Verbosity : byte
{
    /// <summary>
    /// As <see cref="Bar"/>, and so plain lines where output goes into a file or to another program; nothing where the caller has passed a progress listener of
    /// his own.
    /// </summary>
    Auto,

    /// <summary>
    /// One line that is rewritten up to ten times a second, and stays as a summary at the end of the run and of each epoch of a second or more. Where output is
    /// not a terminal, as <see cref="Lines"/>.
    /// </summary>
    Bar,

    /// <summary>One plain line at the end of each epoch.</summary>
    Lines,

    /// <summary>Nothing.</summary>
    Quiet,
}

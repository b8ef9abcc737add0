namespace Engine.Nn;

/// <summary>What a <see cref="Trainer"/> writes to the console by itself.</summary>
public enum Verbosity : byte
{
    /// <summary>
    /// As <see cref="Bar"/> where standard output is a terminal and the caller has passed no progress listener of his own; nothing otherwise, so that a service, a
    /// test or a program whose output goes into a file or to another program gets no lines that it has not asked for.
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

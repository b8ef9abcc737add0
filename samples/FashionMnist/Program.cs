using System.CommandLine;
using System.CommandLine.Invocation;
using FashionMnistSample;

// From here: CommandLine.cs says which options there are, TrainCommand.cs tells the story of a run.
ParseResult command = CommandLine.Build().Parse(args);
if (command.Action is ParseErrorAction mistake)
{
    mistake.ShowHelp = false;
}

// Ctrl+C is ours (Interruption.cs), and so are errors (CommandLine.Guarded).
return command.Invoke(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });

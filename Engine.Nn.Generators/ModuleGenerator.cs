using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Engine.Nn.Generators;

/// <summary>
/// Writes, for every class that derives from Engine.Nn.Module, the override that lists its tensors and modules by name. No reflection, no
/// registration, and a compile-time error where a member could not be found. It marks the assembly, so that a module compiled without it can be
/// told from one that has nothing to list.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModuleGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ModuleModel> models = context.SyntaxProvider
            .CreateSyntaxProvider(static (node, _) => node is ClassDeclarationSyntax { BaseList: not null }, ModuleReader.Read)
            .Where(static model => model is not null)!;

        IncrementalValueProvider<bool> marks = context.CompilationProvider
            .Select(static (compilation, _) => compilation.GetTypeByMetadataName(KnownTypes.AssemblyMark) is not null);

        context.RegisterSourceOutput(marks, static (output, known) =>
        {
            if (known)
            {
                output.AddSource("GeneratedModules.g.cs", SourceText.From(ModuleWriter.AssemblyMark, Encoding.UTF8));
            }
        });

        context.RegisterSourceOutput(models, static (output, model) =>
        {
            foreach (Finding finding in model.Findings)
            {
                output.ReportDiagnostic(finding.ToDiagnostic());
            }

            if (model.Findings.Count == 0)
            {
                output.AddSource(model.HintName, SourceText.From(ModuleWriter.Write(model), Encoding.UTF8));
            }
        });
    }
}

using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Engine.Nn.Generators;

/// <summary>
/// Writes, for every class that derives from Engine.Nn.Module, the override that lists its tensors and modules by name. No reflection, no
/// registration, and a compile-time error where a member could not be found.
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

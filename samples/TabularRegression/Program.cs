using TabularRegressionSample;

// From a CSV file to a served model; README.md beside this file explains it:
//
//     dotnet run -c Release --project samples/TabularRegression -- train              learns, measures, writes progression.safetensors
//     dotnet run -c Release --project samples/TabularRegression -- predict            reads that file and a table, prints a prediction for each row
//     dotnet run -c Release --project samples/TabularRegression -- serve              the same on http://127.0.0.1:5081/predict, until Ctrl+C
//
//     dotnet run -c Release --project samples/TabularRegression -- ask                starts the server, asks it once, ends it
//
// --data FILE and --model FILE name other files, --epochs N is the most that train makes.
IConfiguration options = new ConfigurationBuilder().AddCommandLine(args).Build();
string data = options["data"] ?? Path.Combine(AppContext.BaseDirectory, "data", "diabetes.csv");
string model = options["model"] ?? "progression.safetensors";

switch (args.FirstOrDefault())
{
    case "train":
        Training.Run(data, model, options.GetValue("epochs", 500));
        return 0;
    case "predict":
        Prediction.Run(data, model);
        return 0;
    case "serve":
        await Server.RunAsync(model);
        return 0;
    case "ask":
        await Server.AskAsync(model);
        return 0;
    default:
        Console.Error.WriteLine("train, predict, serve or ask");
        return 2;
}

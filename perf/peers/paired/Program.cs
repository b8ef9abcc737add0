using Engine;
using Engine.Perf.Paired;
using TorchSharp;
using TorchSharpPeer;

// The peer's options; the results of both sides go to files beside each other.
Options options = Options.Parse(args[1..]);
Native.Prepare(options);
torch.set_num_threads(options.Threads);
torch.set_num_interop_threads(1);
torch.manual_seed(options.Seed);
Device device = Device.Cpu;
device.Threads = options.Threads;
Device.Default = device;
Pairs.Run(options, device, args[0]);

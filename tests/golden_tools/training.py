"""Trajectories: optimizers step by step, schedules, clipping, and a residual block trained for a few steps."""
import math

import torch
import torch.nn.functional as F
from torch import nn

EPOCHS = 30


def optimizer(case, tensors, g):
    a = dict(case["attrs"])
    kind = getattr(torch.optim, a.pop("kind"))
    param = torch.randn(4, 3, generator=g).double()
    grads = torch.randn(20, 4, 3, generator=g).double()
    tensors["in/param"], tensors["in/grads"] = param.clone(), grads
    param.requires_grad_()
    stepper, path = kind([param], **a), []
    for grad in grads:
        param.grad = grad.clone()
        stepper.step()
        path.append(param.detach().clone())
    tensors["out/0"] = torch.stack(path)


def schedule(case, tensors, g):
    tensors["out/0"] = torch.tensor(rates(case["attrs"]), dtype=torch.float64)


def rates(a):
    if a["kind"] == "inverse_time":
        return [a["base_lr"] / (1 + a["decay"] * t) for t in range(EPOCHS)]
    if a["kind"] == "inverse_sqrt":
        return [a["base_lr"] / math.sqrt(1 + t) for t in range(EPOCHS)]
    stepper = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=a["base_lr"])
    s = torch.optim.lr_scheduler
    plan = {
        "step": lambda: s.StepLR(stepper, a["step_size"], a["gamma"]),
        "multistep": lambda: s.MultiStepLR(stepper, a["milestones"], a["gamma"]),
        "exponential": lambda: s.ExponentialLR(stepper, a["gamma"]),
        "cosine": lambda: s.CosineAnnealingLR(stepper, a["t_max"], a["eta_min"]),
        "cosine_restarts": lambda: s.CosineAnnealingWarmRestarts(stepper, a["t_0"], a["t_mult"], a["eta_min"]),
        "linear": lambda: s.LinearLR(stepper, a["start_factor"], a["end_factor"], a["total"]),
        "polynomial": lambda: s.LambdaLR(stepper, lambda t: (1 - min(t, a["total"]) / a["total"]) ** a["power"]),
        "onecycle": lambda: s.OneCycleLR(
            stepper, a["max_lr"], a["total"], pct_start=a["pct_start"], anneal_strategy=a["anneal"], cycle_momentum=False,
            div_factor=a["div_factor"], final_div_factor=a["final_div_factor"]),
    }[a["kind"]]()
    path = []
    for _ in range(EPOCHS):
        path.append(stepper.param_groups[0]["lr"])
        stepper.step()
        plan.step()
    return path


def clip(case, tensors, g):
    params = [nn.Parameter(torch.zeros(s, dtype=torch.float64)) for s in ((3, 4), (5,))]
    for i, param in enumerate(params):
        param.grad = 3 * torch.randn(param.shape, generator=g).double()
        tensors[f"in/g{i}"] = param.grad.clone()
    norm = nn.utils.clip_grad_norm_(params, case["attrs"]["max_norm"])
    for i, param in enumerate(params):
        tensors[f"out/{i}"] = param.grad
    tensors["out/2"] = norm


class ResidualBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.skip = nn.Conv2d(2, 6, 1, bias=False)
        self.fc = nn.Linear(6, 4)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.skip(x))
        return self.fc(F.max_pool2d(y, 2).mean((2, 3)))


def residual_block(case, tensors, g):
    a = case["attrs"]
    torch.manual_seed(g.initial_seed())
    # Weights that float32 holds exactly, so that a float32 run starts from the very same numbers.
    net = ResidualBlock().float().double()
    for name, value in net.state_dict().items():
        tensors[f"in/{name}"] = value.clone()
    x = torch.randn(16, 2, 8, 8, generator=g).double()
    target = torch.randint(0, 4, (16,), generator=g)
    tensors["in/x"], tensors["in/target"] = x, target
    stepper, losses = getattr(torch.optim, a["optimizer"])(net.parameters(), lr=a["lr"]), []
    for _ in range(a["steps"]):
        stepper.zero_grad()
        loss = F.cross_entropy(net(x), target)
        loss.backward()
        stepper.step()
        losses.append(loss.detach())
    tensors["out/losses"] = torch.stack(losses)
    for name, value in net.state_dict().items():
        tensors[f"out/{name}"] = value.clone()
    tensors["out/eval_logits"] = net.eval()(x)


TRAINING = {"optimizer": optimizer, "lr_schedule": schedule, "clip_grad_norm": clip, "train_resblock": residual_block}

"""PyTorch's side of bench/cuda.ts: seconds of a ResNet-18 training step, by batch and work, as one JSON line."""
import json
import statistics
import sys
import time

import torch
import torchvision
from torch import nn

name, number, size, steps, batches = json.loads(sys.argv[1])
if name == 'cuda' and not torch.cuda.is_available():
    sys.exit('PyTorch here has no CUDA')
device = torch.device(name, number)
results = {}
for batch in batches:
    for work in ('frozen', 'finetune'):
        model = torchvision.models.resnet18()
        for parameter in model.parameters():
            parameter.requires_grad = work == 'finetune'
        model.fc = nn.Linear(512, 2)
        model.to(device).train()
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.SGD(trained, lr=0.001, momentum=0.9)
        # On the host, as ours are: the batch crosses at each step.
        x, y = torch.randn(batch, 3, size, size), torch.arange(batch) % 2
        times = []
        for _ in range(steps + 3):
            began = time.perf_counter()
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()
            loss.item()
            times.append(time.perf_counter() - began)
        results[f'{work} {batch}'] = statistics.median(times[3:])
where = torch.cuda.get_device_name(device) if name == 'cuda' else name
print(json.dumps({'version': torch.__version__, 'device': where, 'seconds': results}))

"""PyTorch's side of bench/step.ts: runs `steps` steps of a case and prints one line of seconds for each request on stdin."""
import sys, time
import torch, torchvision

weights, batch = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(2)
torch.manual_seed(0)


def make(frozen):
    model = torchvision.models.resnet18()
    if weights != '-':
        model.load_state_dict(torch.load(weights))
    for p in model.parameters():
        p.requires_grad = not frozen
    model.fc = torch.nn.Linear(512, 2)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.001, momentum=0.9)
    return model, optimizer


models = {'finetune': make(False), 'frozen': make(True)}
criterion = torch.nn.CrossEntropyLoss()
x, y = torch.randn(batch, 3, 224, 224), torch.arange(batch) % 2
for line in sys.stdin:
    case, steps = line.split()
    model, optimizer = models['finetune' if case == 'eval' else case]
    model.train(case != 'eval')
    times = []
    for _ in range(int(steps)):
        began = time.perf_counter()
        if case == 'eval':
            with torch.no_grad():
                criterion(model(x), y).item()
        else:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            loss.item()
        times.append(time.perf_counter() - began)
    print(*times, flush=True)

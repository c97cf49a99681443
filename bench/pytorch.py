"""PyTorch's side of the benchmark: answers the requests of bench/protocol.ts, with one JSON line each."""
import copy
import json
import os
import shutil
import sys
import tempfile
import time

clock = time.perf_counter
_began = clock()
import torch
import torchvision

IMPORT_SECONDS = clock() - _began
from torch import nn
from torchvision import datasets, models, transforms as T

settings = json.loads(sys.argv[1])
torch.set_num_threads(settings['threads'])
torch.manual_seed(0)


def small_net():
    """The net of bench/ours/networks.ts."""
    def unit(inside, out, kernel, stride=1):
        conv = nn.Conv2d(inside, out, kernel, stride, kernel // 2, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(out))

    block = models.resnet.BasicBlock
    return nn.Sequential(unit(3, 16, 3), nn.ReLU(inplace=True), block(16, 16), block(16, 32, 2, unit(16, 32, 1, 2)),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 2))


def make_network(network, work):
    if network == 'small':
        return small_net()
    model = getattr(models, network)()
    if network == 'resnet18' and settings.get('weights'):
        model.load_state_dict(torch.load(settings['weights']))
    for p in model.parameters():
        p.requires_grad = work != 'frozen'
    model.fc = nn.Linear(model.fc.in_features, 2)
    return model


def make_optimizer(model):
    return torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.001, momentum=0.9)


criterion = nn.CrossEntropyLoss()


def train_step(model, optimizer, x, y):
    optimizer.zero_grad()
    outputs = model(x)
    loss = criterion(outputs, y)
    loss.backward()
    optimizer.step()
    return loss.item(), outputs


def eval_step(model, x, y):
    with torch.no_grad():
        outputs = model(x)
        return criterion(outputs, y).item(), outputs


def time_steps(step, repeats):
    """`step` may return the seconds that count, where not all of it does."""
    for _ in range(repeats['warmUp']):
        step()
    times, end = [], clock() + repeats['seconds']
    while len(times) < repeats['least'] or (len(times) < repeats['most'] and clock() < end):
        began = clock()
        measured = step()
        times.append(measured if isinstance(measured, float) else clock() - began)
    return {'times': times}


def random_batch(batch, size):
    return torch.randn(batch, 3, size, size), torch.arange(batch) % 2


def step(request):
    work = request['work']
    model = make_network(request['network'], work)
    optimizer = make_optimizer(model)
    x, y = random_batch(request['batch'], request['size'])
    model.train(work != 'eval')

    def train():
        train_step(model, optimizer, x, y)

    def evaluate():
        eval_step(model, x, y)

    def evaluate_in_training():
        model.train()
        train()
        model.eval()
        began = clock()
        evaluate()
        return clock() - began

    works = {'eval': evaluate, 'evalInTraining': evaluate_in_training}
    return time_steps(works.get(work, train), request['repeats'])


def folder(phase):
    size, resized = settings['size'], settings['resized']
    geometry = ([T.RandomResizedCrop(size), T.RandomHorizontalFlip()] if phase == 'train'
                else [T.Resize(resized), T.CenterCrop(size)])
    tensor = [T.ToTensor(), T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])]
    return datasets.ImageFolder(settings[phase], T.Compose(geometry + tensor))


def make_loader(phase, batch, workers, **options):
    return torch.utils.data.DataLoader(folder(phase), batch_size=batch, shuffle=True, num_workers=workers,
                                       persistent_workers=workers > 0, **options)


def load(request):
    loader = make_loader('train', request['batch'], request['workers'], drop_last=True)

    def batches():
        while True:
            yield from loader

    source = batches()
    return time_steps(lambda: next(source) and None, request['repeats'])


def epoch(request):
    """The tutorial's train_model, one epoch after a few batches of each phase."""
    model = make_network('resnet18', 'finetune' if request['strategy'] == 'finetune' else 'frozen')
    optimizer = make_optimizer(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    loaders = {phase: make_loader(phase, request['batch'], request['workers']) for phase in ('train', 'val')}
    best, best_accuracy = copy.deepcopy(model.state_dict()), 0.0
    for limit in (request['warmUp'], request['most']):
        began = clock()
        for phase, loader in loaders.items():
            model.train(phase == 'train')
            running_loss, corrects, seen = 0.0, 0, 0
            for number, (x, y) in enumerate(loader):
                if number >= limit:
                    break
                loss, outputs = train_step(model, optimizer, x, y) if phase == 'train' else eval_step(model, x, y)
                running_loss += loss * len(y)
                corrects += (outputs.argmax(1) == y).sum().item()
                seen += len(y)
            if phase == 'train':
                scheduler.step()
            elif corrects / seen > best_accuracy:
                best, best_accuracy = copy.deepcopy(model.state_dict()), corrects / seen
        seconds = clock() - began
    return {'times': [seconds]}


def start(request):
    x, y = random_batch(request['batch'], settings['size'])
    began = clock()
    state = torch.load(settings['weights']) if settings.get('weights') else None
    weights_read = clock()
    model = models.resnet18()
    if state:
        model.load_state_dict(state)
    model.fc = nn.Linear(model.fc.in_features, 2)
    optimizer = make_optimizer(model)
    ready = clock()
    train_step(model, optimizer, x, y)
    first, first_at = clock(), time.time()
    train_step(model, optimizer, x, y)
    second = clock()
    return {'numbers': {
        'importSeconds': IMPORT_SECONDS, 'weightsSeconds': weights_read - began, 
        'sessionSeconds': ready - weights_read + (first - ready) - (second - first), 'stepSeconds': second - first,
        'firstStepAt': first_at,
    }}


def io(request):
    """Reads the weights, or writes them again and, as ours does, sees them to the disk."""
    path = settings.get('weights')
    if not path:
        return {'absent': 'there are no weights to read: --weights'}
    folder = tempfile.mkdtemp(prefix='bench-io-')

    def read():
        return torch.load(path)

    def write():
        with open(os.path.join(folder, 'weights.pth'), 'wb') as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())

    state = read() if request['work'] == 'write' else None
    before = reset_peak()
    began = clock()
    kept = write() if request['work'] == 'write' else read()
    seconds = clock() - began
    extra = resident('VmHWM') - before
    shutil.rmtree(folder)
    return {'times': [seconds], 'numbers': {'fileBytes': os.path.getsize(path), 'extraBytes': extra,
                                            'isKept': int(kept is not None)}}


def resident(field):
    with open('/proc/self/status') as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))


def reset_peak():
    with open('/proc/self/clear_refs', 'w') as file:
        file.write('5')
    return resident('VmRSS')


def about(request):
    return {'versions': {'python': sys.version.split()[0], 'torch': torch.__version__,
                         'torchvision': torchvision.__version__}}


handlers = {'step': step, 'load': load, 'epoch': epoch, 'start': start, 'io': io, 'about': about}
for line in sys.stdin:
    request = json.loads(line)
    handler = handlers.get(request['case'])
    try:
        reply = handler(request) if handler else {'absent': 'it has no such case'}
    except Exception as error:
        reply = {'absent': f'{type(error).__name__}: {error}'}
    print(json.dumps(reply), flush=True)

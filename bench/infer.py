"""Inference: forward passes from floats to probabilities, and one cold `alexnet predict`."""
import os
import random
import struct
import subprocess

import plans
from comparison import Comparison, Failed
from sides import environment, take_turns, whole_processes, why
from train import ROOT, explained

TOLERANCE = {'f32': 1e-3, 'bf16': 0.05}


def command(arguments, what):
    done = subprocess.run(arguments, env=environment(os.cpu_count()), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise Failed('%s: %s' % (what, why(done.stdout, done.returncode)))


def picture_file(settings, side):
    path = os.path.join(settings.scratch, 'picture-%d.jpg' % side)
    if not os.path.exists(path):
        command(plans.python('pictures.py', path, side), 'a picture cannot be written')
    return path


def model_files(settings, network):
    """The network as a run writes it, for two classes, and weights hardly from where they start: no two tensors are
    equal, as they are not in models that people have."""
    name = os.path.splitext(os.path.basename(network))[0]
    run = os.path.join(settings.scratch, 'model-' + name)
    weights = os.path.join(run, 'best.safetensors')
    if not os.path.exists(weights):
        folder = os.path.join(settings.scratch, 'few')
        command(plans.python('pictures.py', folder, 64, 4), 'pictures cannot be written')
        command([os.path.join(settings.build, 'alexnet'), 'train', '--model', os.path.join(ROOT, network),
                 '--data.train', folder, '--epochs', '1', '--batch-size', '4', '--learning-rate', '1e-6',
                 '--precision', 'f32', '--out', run, '--overwrite'], 'no model for the inference')
    return os.path.join(run, 'model.yaml'), weights


def batch_file(settings, network, batch):
    """Raw floats (batch, C, H, W) between 0 and 1, the same for all sides."""
    height, width, channels = explained(settings.build, os.path.join(ROOT, network))['input']
    path = os.path.join(settings.scratch, 'batch-%dx%dx%d-%d.f32' % (height, width, channels, batch))
    if not os.path.exists(path):
        count = height * width * channels
        numbers = random.Random(0)
        with open(path, 'wb') as file:
            for _ in range(batch):
                file.write(struct.pack('<%df' % count, *(numbers.random() for _ in range(count))))
    return path, [channels, height, width]


def exported(network, weights, batch, suffix):
    """As ONNX or TorchScript, which PyTorch writes; '' without it."""
    if not plans.version_of('torch'):
        return ''
    path = os.path.join(os.path.dirname(weights), 'batch-%d.%s' % (batch, suffix))
    if not os.path.exists(path):
        command(plans.python('torch_export.py', network, weights, batch, path),
                'the network cannot be exported')
    return path


def needs_file(plan, path):
    if not plan.missing and not path:
        plan.missing = 'its file is written by PyTorch, which is not installed'
    return plan


def check(comparison, precision):
    """All sides must give the same answer."""
    said = {r.name: r.about['first'] for r in comparison.results if 'first' in r.about}
    if len(said) < 2:
        return
    far = max(said.values()) - min(said.values())
    comparison.notes['answers differ by'] = far
    if far > TOLERANCE[precision]:
        raise Failed('the sides do not compute the same network: %s' % said)


def infer(settings, budget, network, batch, precision):
    described, weights = model_files(settings, network)
    images, shape = batch_file(settings, network, batch)
    onnx = exported(described, weights, batch, 'onnx')
    sides = [plans.ours(settings, 'bench_infer', weights, images, precision),
             *plans.torch('torch_infer.py', [described, weights, images], precision),
             needs_file(plans.onnxruntime(settings.scratch, onnx, images, *shape), onnx),
             needs_file(plans.opencv(onnx, images, *shape), onnx)]
    comparison = Comparison(take_turns(sides, settings, budget), 'ms')
    check(comparison, precision)
    return comparison


def predict(settings, budget, network):
    """One image, from the start of the process to its end; the page cache is warm. ONNX Runtime decodes no image."""
    described, weights = model_files(settings, network)
    images, shape = batch_file(settings, network, 1)
    image = picture_file(settings, 256)
    onnx, script = (exported(described, weights, 1, suffix) for suffix in ('onnx', 'pt'))
    torch = plans.Plan('PyTorch', plans.python('torch_predict.py', script, image, *shape[1:]), plans.TUNED,
                       missing=plans.without('torch', 'python3-torch'))
    sides = [plans.ours(settings, 'alexnet', 'predict', weights, image), torch,
             needs_file(plans.onnxruntime(settings.scratch, onnx, images, *shape), onnx),
             needs_file(plans.opencv(onnx, images, *shape), onnx)]
    return Comparison(whole_processes(sides, settings, budget), 'ms')

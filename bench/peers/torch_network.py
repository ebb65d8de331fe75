"""A network of ours as a PyTorch module, built from the same YAML: Network(yaml.safe_load(...)).

Layers and options that it does not know are errors. The last softmax is left to the loss; `weights` reads a model that
alexnet has trained.
"""
import json
import math
import struct

import torch
import torch.nn as nn
import torch.nn.functional as F

ACTIVATIONS = {'linear': nn.Identity, 'relu': nn.ReLU, 'tanh': nn.Tanh, 'sigmoid': nn.Sigmoid, 'gelu': nn.GELU,
               'softmax': nn.Identity}


def glorot_uniform(weight, value):
    nn.init.xavier_uniform_(weight)


def he_normal(weight, value):
    """As Keras: a normal cut at two deviations, widened so that its deviation is sqrt(2 / fan_in)."""
    deviation = math.sqrt(2 / math.prod(weight.shape[1:])) / 0.87962566103423978
    nn.init.trunc_normal_(weight, 0, deviation, -2 * deviation, 2 * deviation)


def normal(weight, value):
    nn.init.normal_(weight, 0, value)


INITIALIZERS = {'glorot_uniform': glorot_uniform, 'he_normal': he_normal, 'normal': normal,
                'constant': nn.init.constant_}


def pair(value):
    return tuple(value) if isinstance(value, list) else (value, value)


class Options(dict):
    """Of one layer; what is left at the end was not understood."""

    def take(self, name, default=None):
        return self.pop(name, default)

    def finish(self, kind):
        if self:
            raise ValueError('%s: options that are not known here: %s' % (kind, ', '.join(self)))


class Padded(nn.Module):
    """What Keras' `same` adds at the end only, where PyTorch pads both sides alike."""

    def __init__(self, more, fill, inner):
        super().__init__()
        self.more, self.fill, self.inner = more, fill, inner

    def forward(self, x):
        return self.inner(F.pad(x, self.more, value=self.fill))


def window(options, size, stride, shape, fill, make):
    """make(padding) with PyTorch's padding, or behind a padding of its own; and the height and width of the output."""
    padding, sides, begin, end = options.take('padding', 'valid'), shape[1:], [], []
    for i in (0, 1):
        if padding == 'same':
            total = max((-(-sides[i] // stride[i]) - 1) * stride[i] + size[i] - sides[i], 0)
        else:
            total = 0 if padding == 'valid' else 2 * pair(padding)[i]
        begin.append(total // 2)
        end.append(total - total // 2)
    out = tuple((n + b + e - k) // s + 1 for n, b, e, k, s in zip(sides, begin, end, size, stride))
    if begin == end:
        return make(tuple(begin)), out
    return Padded((begin[1], end[1], begin[0], end[0]), fill, make((0, 0))), out


# Each of these takes a layer's options, the shapes of its inputs (C, H, W) or (F), and the number of classes, and gives
# a module and the shape of its output.

def weighted(options, module):
    initialize = INITIALIZERS[options.take('kernel_initializer', 'glorot_uniform')]
    initialize(module.weight.data, float(options.take('initializer_value', 0.05)))
    bias = float(options.take('bias_value', 0))
    if module.bias is not None:
        nn.init.constant_(module.bias.data, bias)
    return module


def conv2d(options, inputs, classes):
    (channels, *_), filters = inputs[0], options.take('filters')
    size, stride = pair(options.take('kernel_size')), pair(options.take('strides', 1))
    groups, bias = options.take('groups', 1), options.take('use_bias', True)
    module, out = window(options, size, stride, inputs[0], 0.0, lambda padding: weighted(options, nn.Conv2d(
        channels, filters, size, stride, padding, groups=groups, bias=bias)))
    return with_activation(options, module), (filters,) + out


def dense(options, inputs, classes):
    units = options.take('units')
    units = classes if units == 'classes' else units
    module = weighted(options, nn.Linear(inputs[0][0], units, options.take('use_bias', True)))
    return with_activation(options, module), (units,)


def with_activation(options, module):
    name = options.take('activation', 'linear')
    return module if name in ('linear', 'softmax') else nn.Sequential(module, ACTIVATIONS[name]())


def activation(options, inputs, classes):
    return ACTIVATIONS[options.take('activation')](), inputs[0]


def batch_normalization(options, inputs, classes):
    kind = nn.BatchNorm2d if len(inputs[0]) == 3 else nn.BatchNorm1d
    return kind(inputs[0][0], float(options.take('epsilon', 1e-3)), 1 - options.take('momentum', 0.99)), inputs[0]


def lrn(options, inputs, classes):
    """The paper's alpha multiplies the sum, PyTorch's the mean."""
    size, alpha = options.take('size', 5), float(options.take('alpha', 1e-4))
    return nn.LocalResponseNorm(size, alpha * size, options.take('beta', 0.75), options.take('k', 2)), inputs[0]


def pooling(kind, fill):
    def make(options, inputs, classes):
        size = pair(options.take('pool_size', 2))
        stride = pair(options.take('strides', list(size)))
        more = {} if kind is nn.MaxPool2d else {'count_include_pad': False}
        module, out = window(options, size, stride, inputs[0], fill,
                             lambda padding: kind(size, stride, padding, **more))
        if isinstance(module, Padded) and kind is nn.AvgPool2d:
            raise ValueError('average_pooling2d: padding that differs between the sides is not known here')
        return module, inputs[0][:1] + out
    return make


def global_average_pooling2d(options, inputs, classes):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), inputs[0][:1]


def flatten(options, inputs, classes):
    return nn.Flatten(), (math.prod(inputs[0]),)


def dropout(options, inputs, classes):
    return nn.Dropout(options.take('rate')), inputs[0]


class Add(nn.Module):
    def forward(self, *inputs):
        total = inputs[0]
        for x in inputs[1:]:
            total = total + x
        return total


class Concatenate(nn.Module):
    def forward(self, *inputs):
        return torch.cat(inputs, 1)


def add(options, inputs, classes):
    return Add(), inputs[0]


def concatenate(options, inputs, classes):
    return Concatenate(), (sum(shape[0] for shape in inputs),) + inputs[0][1:]


LAYERS = {'conv2d': conv2d, 'dense': dense, 'activation': activation, 'batch_normalization': batch_normalization,
          'lrn': lrn, 'max_pooling2d': pooling(nn.MaxPool2d, -math.inf), 'average_pooling2d': pooling(nn.AvgPool2d, 0.0),
          'global_average_pooling2d': global_average_pooling2d, 'flatten': flatten, 'dropout': dropout, 'add': add,
          'concatenate': concatenate}


class Network(nn.Module):
    def __init__(self, model):
        super().__init__()
        height, width, channels = model['input']
        shapes, above, numbers = {'input': (channels, height, width)}, 'input', {}
        self.input, self.rows, self.steps = (channels, height, width), [], nn.ModuleList()
        for row in model['layers']:
            kind, options = (row, None) if isinstance(row, str) else next(iter(row.items()))
            options = Options(options or {})
            name, source = options.take('name'), options.take('from', above)
            if not name:
                numbers[kind] = numbers.get(kind, 0) + 1
                name = '%s_%d' % (kind, numbers[kind])
            source = source if isinstance(source, list) else [source]
            module, shapes[name] = LAYERS[kind](options, [shapes[s] for s in source], model['classes'])
            options.finish(kind)
            self.rows.append((name, source))
            self.steps.append(module)
            above = name

    def forward(self, x):
        values = {'input': x}
        for (name, source), module in zip(self.rows, self.steps):
            x = values[name] = module(*[values[s] for s in source])
        return x

    def size(self):
        """Parameters, moving statistics included, as `alexnet summary` counts them."""
        return sum(p.numel() for p in self.parameters()) + sum(b.numel() for b in self.buffers() if b.dim())

    def weights(self, path):
        """From a .safetensors file of ours, which names its tensors after layers and keeps PyTorch's order."""
        tensors, names = read_safetensors(path), ('weight', 'bias', 'running_mean', 'running_var')
        own = {name: [m for m in step.modules() if hasattr(m, 'weight')]
               for (name, _), step in zip(self.rows, self.steps)}
        with torch.no_grad():
            for name, tensor in tensors.items():
                layer, _, what = name.rpartition('.')
                what = {'kernel': 'weight', 'gamma': 'weight', 'beta': 'bias', 'moving_mean': 'running_mean',
                        'moving_variance': 'running_var'}.get(what, what)
                if what not in names or len(own.get(layer, [])) != 1:
                    raise ValueError('%s: a tensor that is not known here: %s' % (path, name))
                getattr(own[layer][0], what).copy_(tensor)
        return self


def read_safetensors(path):
    with open(path, 'rb') as file:
        length, = struct.unpack('<Q', file.read(8))
        header = json.loads(file.read(length))
        header.pop('__metadata__', None)
        data = bytearray(file.read())
    out = {}
    for name, entry in header.items():
        assert entry['dtype'] == 'F32', '%s is not f32' % name
        begin, end = entry['data_offsets']
        out[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4,
                                     offset=begin).reshape(entry['shape'])
    return out

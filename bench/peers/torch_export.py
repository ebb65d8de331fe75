"""Writes a model of ours, ending in softmax, for a batch of N: as ONNX for the peers that read it, or as TorchScript,
which PyTorch loads without code.

usage: torch_export.py NETWORK.yaml MODEL.safetensors N OUT.onnx|OUT.pt
"""
import sys
import warnings

import torch
import yaml

from torch_network import Network


def main():
    path, weights, batch, out = sys.argv[1:5]
    with open(path, encoding='utf-8') as file:
        network = Network(yaml.safe_load(file)).weights(weights)
    model = torch.nn.Sequential(network, torch.nn.Softmax(1)).eval()
    x = torch.zeros(int(batch), *network.input)
    warnings.filterwarnings('ignore')
    if out.endswith('.pt'):
        torch.jit.save(torch.jit.freeze(torch.jit.trace(model, x, check_trace=False)), out)
        return
    torch.onnx.export(model, x, out, opset_version=13, input_names=['images'], output_names=['probabilities'])


main()

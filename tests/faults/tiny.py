"""A run of a second's part: 22 images of 8x8, whatever draws at random, 10 steps with checkpoints."""
import hashlib
import os
import random
import shutil
import struct
import subprocess
import sys
import zlib

NETWORK = """name: tiny
classes: 2
input: [8, 8, 3]
layers:
  - conv2d: {filters: 4, kernel_size: 3, padding: same, use_bias: false}
  - batch_normalization
  - activation: {activation: relu}
  - max_pooling2d: {pool_size: 2}
  - flatten
  - dense: {units: 8, activation: relu}
  - dropout: {rate: 0.25}
  - dense: {units: classes, activation: softmax}
"""

# 22 images in batches of 5: the fifth step of an epoch has two images.
RECIPE = """model: net.yaml
data:
  train: train
  validation: validation
  image_size: 10
augment: [random_crop, flip, mixup]
train:
  batch_size: 5
  epochs: 2
  learning_rate: 0.01
  schedule: cosine
  ema: 0.9
  patience: 50
  checkpoint_steps: STEPS
  threads: 1
  precision: f32
  seed: 7
"""

WEIGHTS = ("best.safetensors", "last.safetensors")


def write_png(path, side, pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[y * side * 3:(y + 1) * side * 3] for y in range(side))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_data(folder, steps):
    """Stripes across and down, with noise; a checkpoint after each `steps` steps and each epoch."""
    draw = random.Random(1)
    for split, count in (("train", 11), ("validation", 4)):
        for label in (0, 1):
            place = os.path.join(folder, split, "ab"[label])
            os.makedirs(place, exist_ok=True)
            for i in range(count):
                pixels = bytes((200 if (x if label else y) // 2 % 2 else 40) + draw.randrange(32)
                               for y in range(8) for x in range(8) for _ in range(3))
                write_png(os.path.join(place, "%02d.png" % i), 8, pixels)
    for name, text in (("net.yaml", NETWORK), ("recipe.yaml", RECIPE.replace("STEPS", str(steps)))):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)


class Tiny:
    """The program, the data, and what an uninterrupted run ends in."""

    def __init__(self, program, shim, work, steps):
        self.program, self.shim, self.work = os.path.realpath(program), os.path.realpath(shim), work
        os.makedirs(work, exist_ok=True)
        self.work = os.path.realpath(work)
        self.data = os.path.join(self.work, "data")
        make_data(self.data, steps)
        self.reference = os.path.join(self.work, "reference")
        shutil.rmtree(self.reference, ignore_errors=True)
        result = self.train(self.reference)
        if result.returncode != 0:
            sys.exit("the reference run fails: " + result.stderr)
        self.end = self.weights(self.reference)

    def command(self, *words):
        return [self.program, *words]

    def environment(self, faults=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FAULTS_")}
        environment.update(OMP_WAIT_POLICY="passive", LC_ALL="C.UTF-8", XDG_CACHE_HOME=os.path.join(self.work, "cache"))
        if faults:
            environment.update(faults, LD_PRELOAD=self.shim)
        return environment

    def run(self, *words, faults=None):
        return subprocess.run(self.command(*words), env=self.environment(faults), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=120)

    def first(self, run, *more):
        """The words that begin a run."""
        return ("train", os.path.join(self.data, "recipe.yaml"), "--no-autotune", "--out", run, *more)

    def train(self, run, *more, faults=None):
        return self.run(*self.first(run, *more), faults=faults)

    def resume(self, run, *more, faults=None):
        return self.run("train", "--resume", run, "--no-autotune", *more, faults=faults)

    @staticmethod
    def weights(run):
        """What must be the same to the bit."""
        found = {}
        for name in WEIGHTS:
            path = os.path.join(run, name)
            if os.path.exists(path):
                with open(path, "rb") as file:
                    found[name] = hashlib.sha256(file.read()).hexdigest()
        return found

    def finish(self, run, *more):
        """Continues a run that was stopped somehow, or begins it anew where nothing was saved yet.  Gives what is wrong,
        or None."""
        kept = ()
        saved = any(os.path.exists(os.path.join(run, name)) for name in ("last.safetensors", "previous.safetensors"))
        result = self.resume(run, *more)
        if not saved and result.returncode == 2:
            if "nothing to resume" not in result.stderr and "no such run folder" not in result.stderr:
                return "refused in other words: " + result.stderr
            result = self.train(run, "--overwrite", *more)
        elif saved and result.returncode == 2 and "the run is complete" in result.stderr:
            kept = ("previous.safetensors",)  # nothing was left to do but to remove it
        elif result.returncode != 0:
            return "does not go on: exit code %d: %s" % (result.returncode, result.stderr)
        if result.returncode not in (0, 2):
            return "does not begin anew: exit code %d: %s" % (result.returncode, result.stderr)
        if self.weights(run) != self.end:
            return "ends in other bytes"
        left = [name for name in os.listdir(run) if ".tmp-" in name or name == "previous.safetensors" and name not in kept]
        return "leaves " + ", ".join(left) if left else None

"""What a row measured: the sides' samples, what they mean, and whether the target is reached."""
import dataclasses
import statistics

from sides import spread


class Failed(Exception):
    """A row that cannot be measured, and why."""


@dataclasses.dataclass
class Comparison:
    """A sample is a cost: milliseconds, or `unit` itself. amount: a sample means amount / sample `unit`, a speed."""
    results: list
    unit: str
    amount: float = 0
    notes: dict = dataclasses.field(default_factory=dict)

    def figure(self, sample):
        return self.amount / sample if self.amount else sample

    def figures(self, result):
        """Median, and the quartiles in rising order."""
        low, high = sorted(map(self.figure, spread(result.samples)))
        return self.figure(statistics.median(result.samples)), low, high

    def ours(self):
        return next((r for r in self.results if r.ours), None)

    def yardstick(self):
        return next((r for r in self.results if r.yardstick and r.samples), None)

    def peers(self, prefix=''):
        return [r for r in self.results
                if not r.ours and not r.yardstick and r.samples and r.name.startswith(prefix)]

    def ratio(self, prefix=''):
        """How many times as good we are as the best such peer: speed, or memory, or size. None: nothing to compare."""
        ours, peers = self.ours(), self.peers(prefix)
        if not ours or not ours.samples or not peers:
            return None
        return min(p.median for p in peers) / ours.median


@dataclasses.dataclass(frozen=True)
class Beats:
    """A target: at least `least` times as good as the best of the peers that begin with `peer`."""
    least: float
    peer: str = 'PyTorch'

    def __str__(self):
        return '>= %g x %s' % (self.least, self.peer)

    def figure(self, comparison):
        """In the target's terms; None: nothing to compare."""
        return comparison.ratio(self.peer)

    def reached(self, comparison):
        return self.figure(comparison) >= self.least


@dataclasses.dataclass(frozen=True)
class Takes:
    """A target: at most the share `most` of the best such peer's time, or memory."""
    most: float
    peer: str

    def __str__(self):
        return '<= %g x %s' % (self.most, self.peer)

    def figure(self, comparison):
        ratio = comparison.ratio(self.peer)
        return ratio and 1 / ratio

    def reached(self, comparison):
        return self.figure(comparison) <= self.most


@dataclasses.dataclass(frozen=True)
class AtMost:
    """A target: our own figure."""
    most: float
    unit: str

    def __str__(self):
        return '<= %.3g %s' % (self.most, self.unit)

    def figure(self, comparison):
        ours = comparison.ours()
        return comparison.figures(ours)[0] if ours and ours.samples else None

    def reached(self, comparison):
        return self.figure(comparison) <= self.most

"""The shim's log: what the program did to its files, call by call."""
import collections

Call = collections.namedtuple("Call", "what path other offset data")


def read(path):
    calls = []
    with open(path, "rb") as file:
        while True:
            line = file.readline()
            if not line:
                return calls
            what, name, other, offset, count = line.decode().rstrip("\n").split("\t")
            calls.append(Call(what, name, other, int(offset), file.read(int(count))))

"""Answers the lines of JSON by which the command `speed` drives a counterpart.

A work object has `numbers()`, what to check by, and `run()`, one repetition, which may return a number to check by.
"""

import json
import os
import sys
import time

# Libraries print where they like: what they say goes to the error stream, and answers alone to the output.
_answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def serve(prepare):
    """Answers until the input ends. `prepare` turns a job into a work object."""
    work = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["ask"] == "prepare":
                work = prepare(request["job"])
                answer = {"numbers": work.numbers()}
            elif request["ask"] == "run":
                start = time.perf_counter()
                value = work.run()
                answer = {"seconds": time.perf_counter() - start, "peakBytes": peak_bytes()}
                if value is not None:
                    answer["value"] = value
            else:
                answer = {"gigaflops": matmul_gigaflops(request["size"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        _answers.write(json.dumps(answer) + "\n")
        _answers.flush()


def peak_bytes():
    """The largest resident memory so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def matmul_gigaflops(size):
    """The best rate of a product of two square float32 matrices."""
    import torch

    left, right = torch.rand(size, size), torch.rand(size, size)
    seconds = []
    with torch.inference_mode():
        for _ in range(10):
            start = time.perf_counter()
            torch.matmul(left, right)
            seconds.append(time.perf_counter() - start)
    return 2 * size**3 / min(seconds) / 1e9


def use_threads(count):
    """Lets PyTorch compute with so many threads."""
    import torch

    torch.set_num_threads(count)


def sample(values, count=1000):
    """So many values of an array, evenly spread."""
    flat = values.reshape(-1)
    step = max(1, len(flat) // count)
    return [float(value) for value in flat[::step]]

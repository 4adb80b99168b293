"""Planted mistakes in the solution beside this file: milestone -> {what is wrong: (lines, what stands there
instead, words of what the student is told)}.
"""

MISTAKES = {
    1: {
        "a second share replaces the first": (
            "signals[parent] = signals[parent] + g if parent in signals else g",
            "signals[parent] = g",
            "a second share replaces the first",
        ),
        "shares are added in place": (
            "                signals[parent] = signals[parent] + g if parent in signals else g",
            "                if parent in signals:\n                    signals[parent] += g\n"
            "                else:\n                    signals[parent] = g",
            "has been changed in place",
        ),
        "in the order of a stack, not of a graph": (
            "            leads[t] = any([visit(parent) for parent in t.parents]) or t in wrt\n            order.append(t)",
            "            order.insert(0, t)\n            leads[t] = any([visit(parent) for parent in t.parents]) or t in wrt",
            "first difference",
        ),
        "each share goes on at once": (
            """    for t in reversed(order):
        for parent, share in zip(t.parents, t.shares):
            if leads[parent]:
                g = share(signals[t], rule)
                signals[parent] = signals[parent] + g if parent in signals else g
""",
            """    signals = {}

    def arrive(t, g):
        signals[t] = signals[t] + g if t in signals else g
        for parent, share in zip(t.parents, t.shares):
            arrive(parent, share(g, rule))

    arrive(y, gy)
""",
            "each tensor passes its signal on once",
        ),
        "mul's factors get their own data": (
            "shares = lambda gy, rule: gy * b.data, lambda gy, rule: gy * a.data",
            "shares = lambda gy, rule: gy * a.data, lambda gy, rule: gy * b.data",
            "the signal times the *other* factor",
        ),
        "the walk starts with ones": (
            "signals = {y: gy}",
            "signals = {y: np.ones_like(gy)}",
            "the walk starts with ones, not with the signal",
        ),
        "signals are kept between calls": (
            "    signals = {y: gy}",
            "    signals = vars(backward).setdefault('kept', {})\n    signals[y] = gy",
            "signals of an earlier call are still there: keep them in a dictionary of the call",
        ),
        "signals are kept between calls, and y's": (
            "    signals = {y: gy}",
            "    signals = vars(backward).setdefault('kept', {})\n"
            "    signals[y] = signals[y] + gy if y in signals else gy",
            "signals of an earlier call are still there, y's too",
        ),
        "what leads nowhere is None": (
            "signals.get(t, np.zeros_like(t.data))",
            "signals.get(t)",
            "nothing is NoneType; an array of numbers is expected",
        ),
        "it computes in float32": (
            "self.data, self.parents, self.shares = data,",
            "self.data, self.parents, self.shares = np.float32(data) * np.float32(1.1) / np.float32(1.1),",
            "as float32 numbers would",
        ),
        "it does not end": ("signals = {y: gy}", "signals = {y: gy}\n    while True: pass", "more than 3 s"),
        "it ends the process": ("signals = {y: gy}", "import os; os._exit(0)", "what came back is no answer"),
        "it prints for ever": (
            "signals = {y: gy}",
            "signals = {y: gy}\n    while True: print('x' * 10**7)",
            "File too large",
        ),
        "it takes all memory": (
            "signals = {y: gy}",
            "signals = {y: gy}; held = [np.ones((1 << 28,)) for _ in range(99)]",
            "Unable to allocate",
        ),
        "its answers are a broken file": (
            "signals = {y: gy}",
            "import os, sys, json; at = json.loads(sys.argv[1])[0]; open(os.path.join(at, '0.json'), 'w').write('{}')\n"
            "    open(os.path.join(at, '0.npz'), 'wb').write(b'PK' + bytes(99)); os._exit(0)",
            "what came back is no answer",
        ),
        "it leaves": ("signals = {y: gy}", "raise SystemExit(0)", "SystemExit"),
        "a name is misspelt": (
            "signals = {y: gy}",
            "signals = {y: gu}",
            "NameError: name 'gu' is not defined",
        ),
        "a bracket is missing": ("signals = {y: gy}", "signals = {y: gy", "SyntaxError"),
        "minicnn is imported": (
            "import numpy as np",
            "import minicnn\nimport numpy as np",
            "imports minicnn",
        ),
        "minicnn is imported under way": (
            "signals = {y: gy}",
            "signals = {y: gy}; __import__('minicnn')",
            "written with NumPy alone; minicnn is not here",
        ),
        "another framework is imported": (
            "import numpy as np",
            "import numpy as np\nimport torch",
            "imports torch",
        ),
        "add is not there": ("def add(a, b)", "def plus(a, b)", "mycnn.py has no add yet"),
    },
    2: {
        "the kernel is turned around": (
            "y += W.data[:, :, u, v] @ flat(padded[at])",
            "y += W.data[:, :, kh - 1 - u, kw - 1 - v] @ flat(padded[at])",
            "the kernel is turned around: here it is not",
        ),
        "the bias is forgotten": ("h, w) + b.data[:, None, None]", "h, w)", "the bias is missing"),
        "the border is forgotten": (
            "    padded = np.pad(",
            "    pad = 0\n    padded = np.pad(",
            "the border of zeros is missing",
        ),
        "the border stays on the signal": (
            "return gp[:, :, pad : pad + H, pad : pad + width]",
            "return gp",
            "gx has the shape",
        ),
        "the border is cut off at the lower right": (
            "return gp[:, :, pad : pad + H, pad : pad + width]",
            "return gp[:, :, :H, :width]",
            "cut off at the lower right end only",
        ),
        "the border is cut off at the upper left": (
            "return gp[:, :, pad : pad + H, pad : pad + width]",
            "return gp[:, :, 2 * pad :, 2 * pad :]",
            "cut off at the upper left end only",
        ),
        "one tap's product replaces another's": (
            "y += W.data[:, :, u, v] @",
            "y = W.data[:, :, u, v] @",
            "y += ..., not y = ...",
        ),
        "slices have no step": (
            "rows = slice(u, u + stride * (h - 1) + 1, stride)\n"
            "            yield u, v, (every, every, rows, slice(v, v + stride * (w - 1) + 1, stride))",
            "rows = slice(u, u + h)\n            yield u, v, (every, every, rows, slice(v, v + w))",
            "the slice has no step: u : u + stride * h : stride",
        ),
        "one step of several": (
            "Tensor(pieces.max(axis=0), (x,)",
            "Tensor(pieces.max(axis=0) * (2 if x.parents else 1), (x,)",
            "first difference: m[",
        ),
        "the kernel is turned in the backward pass": (
            "(W.data[:, :, u, v].T @ g)",
            "(W.data[:, :, kh - 1 - u, kw - 1 - v].T @ g)",
            "turned around in the backward pass only: here",
        ),
        "a tap's share replaces another's": (
            "gp[at] += (W",
            "gp[at] = (W",
            "a tap's share replaces another's where they meet",
        ),
        "the bias's signal is a mean": (
            "return gy.sum(axis=(0, 2, 3))",
            "return gy.mean(axis=(0, 2, 3))",
            "a mean over the places is taken",
        ),
        "the weights' signal is a mean over pictures": (
            ".transpose(0, 2, 1)).sum(axis=0)",
            ".transpose(0, 2, 1)).mean(axis=0)",
            "yours is 0.5 times the expected one",
        ),
        "the gate is open at 0": ('"backprop": x.data > 0', '"backprop": x.data >= 0', "it must be closed"),
        "the gate is missing": (
            '"backprop": x.data > 0',
            '"backprop": 1',
            "first difference: gx[0, 0] is 1, expected 0",
        ),
        "maxpool gives a tie to all": (
            "gx[at] += gy * (switches == n)",
            "gx[at] += gy * (x.data[at] == pieces.max(axis=0))",
            "a tie gives the whole signal to each",
        ),
        "maxpool takes the last of equals": (
            "switches = pieces.argmax(axis=0)",
            "switches = len(pieces) - 1 - pieces[::-1].argmax(axis=0)",
            "a tie gives the signal to the last one",
        ),
        "maxpool keeps one signal of two": (
            "gx[at] += gy * (switches == n)",
            "gx[at] = np.where(switches == n, gy, gx[at])",
            "keeps one signal only",
        ),
        "maxpool rounds up": (
            "    h, w = ((n - size) // stride + 1 for n in x.data.shape[2:])\n"
            "    places = [at for *_, at in taps(size, size, h, w, stride)]\n"
            "    pieces = np.stack([x.data[at] for at in places])",
            "    h, w = (-(-(n - size) // stride) + 1 for n in x.data.shape[2:])\n"
            "    places = [at for *_, at in taps(size, size, h, w, stride)]\n"
            "    over = [(0, 0), (0, 0), (0, stride), (0, stride)]\n"
            "    padded = np.pad(x.data, over, constant_values=-np.inf)\n"
            "    pieces = np.stack([padded[at] for at in places])",
            "the rows of windows are rounded up: here down",
        ),
        "concat exchanges its signals": (
            "lambda gy, rule: gy[:, :C], lambda gy, rule: gy[:, C:]",
            "lambda gy, rule: gy[:, -C:], lambda gy, rule: gy[:, :-C]",
            "first difference: ga[",
        ),
        "gap is a sum": (
            "each = np.ones_like(x.data) / (H * W)",
            "each = np.ones_like(x.data)",
            "yours is 42 times the expected one",
        ),
    },
    3: {
        "the rule is forgotten": ("gy * gates[rule]", 'gy * gates["backprop"]', "the rule has no effect"),
        "deconvnet looks at the input": (
            '"deconvnet": gy > 0',
            '"deconvnet": (gy > 0) & (x.data > 0)',
            "deconvnet looks at the signal alone",
        ),
        "guided looks at signs": (
            '"guided": (x.data > 0) & (gy > 0)',
            '"guided": x.data * gy > 0',
            "where input and signal have the same sign",
        ),
        "guided opens for either": (
            '"guided": (x.data > 0) & (gy > 0)',
            '"guided": (x.data > 0) | (gy > 0)',
            "the gate is open where either is positive",
        ),
        "the picture is cut off": (
            "    return [signals.get(t, np.zeros_like(t.data)) for t in wrt]",
            '    cut = (lambda g: g) if rule == "backprop" else lambda g: np.maximum(g, 0)\n'
            "    return [cut(signals.get(t, np.zeros_like(t.data))) for t in wrt]",
            "negative values are cut off at the picture, too",
        ),
        "the rule stays": (
            "    order, leads = [], {}",
            '    kept = vars(backward)\n    rule = kept["r"] = rule if rule != "backprop" else kept.get("r", rule)\n'
            "    order, leads = [], {}",
            "first difference",
        ),
        "each share is gated by itself": (
            "                g = share(signals[t], rule)",
            "                g = share(signals[t], rule)\n"
            '                if parent.parents and rule != "backprop" and parent.shares[0].__qualname__ == "relu.<locals>.share":\n'
            "                    g = np.maximum(g, 0)",
            "the gate looks at each share by itself",
        ),
        "there is no argument for it": (
            'def backward(y, gy, wrt, rule="backprop"):',
            'def backward(y, gy, wrt):\n    rule = "backprop"',
            "unexpected keyword argument 'rule'",
        ),
    },
    4: {
        "the last ReLU is missing": (
            "return np.maximum((alpha * A.data).sum(axis=1), 0)",
            "return (alpha * A.data).sum(axis=1)",
            "the last ReLU is missing",
        ),
        "alpha is a sum": ("alpha = dA.mean(", "alpha = dA.sum(", "alpha is the mean over the places"),
        "no mean at all": (
            "alpha = dA.mean(axis=(2, 3), keepdims=True)",
            "alpha = dA",
            "each place is multiplied by its own derivative",
        ),
        "the ReLU comes first": (
            "np.maximum((alpha * A.data).sum(axis=1), 0)",
            "np.maximum(alpha * A.data, 0).sum(axis=1)",
            "the ReLU stands after the sum",
        ),
        "every class is asked for": (
            "    gy[:, c] = 1\n    (dA,)",
            "    gy[:] = 1\n    (dA,)",
            "the signal is 1 at all classes",
        ),
        "the walk starts with the score": (
            "    gy[:, c] = 1\n    (dA,)",
            "    gy[:, c] = y.data[:, c]\n    (dA,)",
            "the signal is the score at class c: it is 1 there",
        ),
        "the first picture is asked": (
            "    gy[:, c] = 1\n    (dA,)",
            "    gy[0, c] = 1\n    (dA,)",
            "only the first picture is asked",
        ),
        "maps over the largest value": (
            "    return np.maximum((alpha * A.data).sum(axis=1), 0)",
            "    L = np.maximum((alpha * A.data).sum(axis=1), 0)\n    return L / L.max()",
            "the map is divided by its largest value",
        ),
        "each map over its largest value": (
            "    return np.maximum((alpha * A.data).sum(axis=1), 0)",
            "    L = np.maximum((alpha * A.data).sum(axis=1), 0)\n    return L / L.max(axis=(1, 2), keepdims=True)",
            "each map is divided by its largest value",
        ),
        "p is below 0": (
            "p = np.clip((np.arange(M) + 0.5) * n / M - 0.5, 0, n - 1)",
            "p = (np.arange(M) + 0.5) * n / M - 0.5",
            "at the first new values it is below 0",
        ),
        "the left neighbour is number -1": (
            "p = np.clip((np.arange(M) + 0.5) * n / M - 0.5, 0, n - 1)\n    left = p.astype(int)",
            "p = (np.arange(M) + 0.5) * n / M - 0.5\n    left = np.floor(p).astype(int)",
            "number -1 is the last of the old values",
        ),
        "alpha is guided": (
            "(dA,) = backward(y, gy, [A])",
            '(dA,) = backward(y, gy, [A], "guided")',
            "alpha is made with rule guided: it is the plain derivative",
        ),
        "the colours have no axis": (
            "return guided * upsample(grad_cam(y, c, A), x.data.shape[2:])[:, None]",
            "return guided * upsample(grad_cam(y, c, A), x.data.shape[2:])",
            "picture n's map multiplies colour n",
        ),
        "values are repeated": (
            "p = np.clip((np.arange(M) + 0.5) * n / M - 0.5, 0, n - 1)",
            "p = np.arange(M) * n // M",
            "values are repeated, not interpolated",
        ),
        "corners are aligned": (
            "p = np.clip((np.arange(M) + 0.5) * n / M - 0.5, 0, n - 1)",
            "p = np.arange(M) * (n - 1) / max(M - 1, 1)",
            "they belong at the centres of their pixels",
        ),
        "half pixels are missing": (
            "(np.arange(M) + 0.5) * n / M - 0.5",
            "np.arange(M) * n / M",
            "the half pixels are missing",
        ),
        "plain backprop is multiplied": (
            '[x], rule="guided")\n    return',
            "[x])\n    return",
            "plain backprop is multiplied",
        ),
        "the sum over colours is taken": (
            "return guided * upsample(grad_cam(y, c, A), x.data.shape[2:])[:, None]",
            "return (guided * upsample(grad_cam(y, c, A), x.data.shape[2:])[:, None]).sum(axis=1)",
            "G has the shape (3, 15, 16); expected (3, 3, 15, 16)",
        ),
    },
    5: {
        "conv10 has no border": ('layer("conv10", t, pad=1)', 'layer("conv10", t)', "conv10 has no border"),
        "saliency keeps its sign": (
            '"saliency": abs(backward(y, gy, [x])[0]).max(axis=1)',
            '"saliency": backward(y, gy, [x])[0].max(axis=1)',
            "the derivative itself is given",
        ),
        "deconvnet starts at the score": (
            '"deconvnet": backward(U, start,',
            '"deconvnet": backward(y, gy,',
            "the deconvnet signal starts at the score",
        ),
        "deconvnet starts with the value": (
            "start.flat[U.data.argmax()] = 1, 1",
            "start.flat[U.data.argmax()] = 1, U.data.max()",
            "the deconvnet signal starts with the value of fire4: it is 1 there",
        ),
        "the network is of another Tensor": (
            "net = squeezenet(x, weights)",
            "net = squeezenet(Tensor(x.data), weights)",
            "the network was built on another Tensor than the x that is asked for",
        ),
        "it computes the photo in float32": (
            "    x = Tensor(x.astype(float))\n    net = squeezenet(x, weights)",
            "    x = Tensor(x)\n    each = type('Float32', (np.ndarray,), {'astype': lambda a, kind: np.asarray(a)})\n"
            "    net = squeezenet(x, {name: a.view(each) for name, a in weights.items()})",
            "as float32 numbers would",
        ),
        "a map is missing": ('"grad_cam": L,', "", "KeyError: 'grad_cam'"),
    },
}

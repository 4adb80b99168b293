// The other operations: what goes forward, and how a signal goes back.  Maps are {C, H, W, data}, channels last.

export class ReLU {
  forward(x) {
    const data = new Float64Array(x.data.length);
    for (let n = 0; n < data.length; n++) data[n] = x.data[n] > 0 ? x.data[n] : 0;
    return { ...x, data };
  }
}

// y = the largest of each window, the first one in a tie; `switches` says which it was
export class MaxPool {
  constructor({ kernel, stride, pad, dilation, shape }) {
    Object.assign(this, { kernel, stride, pad, dilation, shape });
  }

  forward(x) {
    const { kernel: [kh, kw], stride: [si, sj], pad: [pi, pj], dilation: [di, dj] } = this, [C, h, w] = this.shape;
    const data = new Float64Array(h * w * C), switches = new Int32Array(h * w * C);
    for (let i = 0, n = 0; i < h; i++) for (let j = 0; j < w; j++) for (let c = 0; c < C; c++, n++) {
      let best = -Infinity, at = -1;
      for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++) {
        const row = i * si + a * di - pi, column = j * sj + b * dj - pj;
        if (row < 0 || row >= x.H || column < 0 || column >= x.W) continue;
        const from = (row * x.W + column) * C + c;
        if (x.data[from] > best) [best, at] = [x.data[from], from];
      }
      data[n] = best;
      switches[n] = at;
    }
    this.switches = switches;
    return { C, H: h, W: w, data };
  }

  back(g, x) {
    const to = new Float64Array(x.data.length);
    for (let n = 0; n < g.length; n++) to[this.switches[n]] += g[n];
    return to;
  }
}

export class GlobalAvgPool {
  forward({ C, H, W, data }) {
    const y = new Float64Array(C);
    for (let n = 0; n < data.length; n++) y[n % C] += data[n];
    return { C, H: 1, W: 1, data: y.map((sum) => sum / (H * W)) };
  }

  back(g, { C, H, W, data }) {
    const to = new Float64Array(data.length);
    for (let n = 0; n < to.length; n++) to[n] = g[n % C] / (H * W);
    return to;
  }
}

// (c, i, j) becomes (c H + i) W + j
export class Flatten {
  forward(x) {
    const data = new Float64Array(x.data.length);
    places(x, (n, at) => { data[at] = x.data[n]; });
    return { C: data.length, H: 1, W: 1, data };
  }

  back(g, x) {
    const to = new Float64Array(g.length);
    places(x, (n, at) => { to[n] = g[at]; });
    return to;
  }
}

function places({ C, H, W }, visit) {
  for (let p = 0, n = 0; p < H * W; p++) for (let c = 0; c < C; c++, n++) visit(n, c * H * W + p);
}

// y = x + z, of one shape
export class Add {
  forward(x, z) {
    return { ...x, data: x.data.map((v, n) => v + z.data[n]) };
  }

  backs(g, xs) {
    return xs.map(() => g);
  }
}

// several maps side by side, as channels
export class Concat {
  forward(...xs) {
    const C = xs.reduce((sum, x) => sum + x.C, 0), { H, W } = xs[0], data = new Float64Array(H * W * C);
    let before = 0;
    for (const x of xs) {
      for (let p = 0; p < H * W; p++) data.set(x.data.subarray(p * x.C, (p + 1) * x.C), p * C + before);
      before += x.C;
    }
    return { C, H, W, data };
  }

  backs(g, xs) {
    const C = xs.reduce((sum, x) => sum + x.C, 0);
    let before = 0;
    return xs.map((x) => {
      const to = new Float64Array(x.data.length);
      for (let p = 0; p < x.H * x.W; p++) to.set(g.subarray(p * C + before, p * C + before + x.C), p * x.C);
      before += x.C;
      return to;
    });
  }
}

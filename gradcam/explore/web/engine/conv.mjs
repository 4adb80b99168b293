// Convolution: y[f,i,j] = b[f] + sum_c,u,v W[f,c,u,v] x[c, s i + d u - p, s j + d v - p], and its backward pass.
//
// Maps lie with their channels last, (H, W, C), so that one number of x meets all filters in one run of memory; and
// most numbers are 0 (behind a ReLU, or on the way back through a max-pool): those cost nothing.
// A linear layer is the same thing with a picture of 1 x 1.

export class Conv {
  constructor({ W, b, stride = [1, 1], pad = [0, 0], dilation = [1, 1], shape }) {
    const [F, C, kh = 1, kw = 1] = W.shape;
    Object.assign(this, { W: W.data, b: b && b.data, F, C, kh, kw, stride, pad, dilation, shape });
    this.byInput = rearranged(this, (f, c, a, b) => ((c * kh + a) * kw + kw - 1 - b) * F + f); // columns from right to left
    this.byOutput = rearranged(this, (f, c, a, b) => ((f * kh + a) * kw + b) * C + c);
    this.run = stride[1] === 1 && dilation[1] === 1 ? kw : 1; // columns of a filter that meet neighbours: one run of memory
  }

  forward(x) {
    const { F, C, kh, kw, stride: [si, sj], pad: [pi, pj], dilation: [di, dj], run } = this;
    const [, h, w] = this.shape, to = new Float64Array(h * w * F), some = new Some(C);
    if (this.b) for (let at = 0; at < to.length; at += F) to.set(this.b, at);
    for (let i = 0, n = 0; i < x.H; i++) for (let j = 0; j < x.W; j++, n += C) {
      if (!some.of(x.data, n)) continue;
      for (let a = 0; a < kh; a++) {
        const top = i + pi - a * di, oi = top / si;
        if (top < 0 || oi >= h || oi !== (oi | 0)) continue;
        for (let b = 0; b < kw; b += run) {
          const left = j + pj - (kw - 1 - b) * dj, oj = left / sj, first = Math.max(0, oj), end = Math.min(w, oj + run);
          if (first < end && oj === (oj | 0))
            some.addTo(to, (oi * w + first) * F, this.byInput, (a * kw + b + first - oj) * F, kh * kw * F, (end - first) * F);
        }
      }
    }
    return { C: F, H: h, W: w, data: to };
  }

  // the signal at y -> the signal at x
  back(g, x) {
    const { F, C, kh, kw, stride: [si, sj], pad: [pi, pj], dilation: [di, dj], run } = this;
    const [, h, w] = this.shape, { H, W } = x, to = new Float64Array(H * W * C), some = new Some(F);
    for (let i = 0, n = 0; i < h; i++) for (let j = 0; j < w; j++, n += F) {
      if (!some.of(g, n)) continue;
      for (let a = 0; a < kh; a++) {
        const row = i * si + a * di - pi;
        if (row < 0 || row >= H) continue;
        for (let b = 0; b < kw; b += run) {
          const column = j * sj + b * dj - pj, first = Math.max(0, column), end = Math.min(W, column + run);
          if (first < end)
            some.addTo(to, (row * W + first) * C, this.byOutput, (a * kw + b + first - column) * C, kh * kw * C, (end - first) * C);
        }
      }
    }
    return to;
  }

  weight(f, c, a, b) {
    return this.W[((f * this.C + c) * this.kh + a) * this.kw + b];
  }

  // the same convolution with f(W) and g(b)
  with(f, g) {
    const { F, C, kh, kw, stride, pad, dilation, shape } = this;
    const W = { shape: [F, C, kh, kw], data: this.W.map(f) }, b = g && this.b ? { data: this.b.map(g) } : null;
    return new Conv({ W, b, stride, pad, dilation, shape });
  }
}

// of the channels of one place, those that are not 0: four of them at a time are multiplied by their rows of weights
class Some {
  constructor(channels) {
    Object.assign(this, { channels, which: new Int32Array(channels), value: new Float64Array(channels), count: 0 });
  }

  // -> how many there are among data[n], data[n + 1], ...
  of(data, n) {
    const { channels, which, value } = this;
    let count = 0;
    for (let c = 0; c < channels; c++) if (data[n + c] !== 0) {
      which[count] = c;
      value[count++] = data[n + c];
    }
    return (this.count = count);
  }

  // to[at ...] += sum over the channels of value * weights[first + channel * step ...], `length` numbers each
  addTo(to, at, weights, first, step, length) {
    const { which, value, count } = this;
    let n = 0;
    for (; n + 3 < count; n += 4) {
      const v0 = value[n], v1 = value[n + 1], v2 = value[n + 2], v3 = value[n + 3];
      const k0 = first + which[n] * step, k1 = first + which[n + 1] * step;
      const k2 = first + which[n + 2] * step, k3 = first + which[n + 3] * step;
      for (let m = 0; m < length; m++)
        to[at + m] += v0 * weights[k0 + m] + v1 * weights[k1 + m] + v2 * weights[k2 + m] + v3 * weights[k3 + m];
    }
    for (; n < count; n++) {
      const v = value[n], k = first + which[n] * step;
      for (let m = 0; m < length; m++) to[at + m] += v * weights[k + m];
    }
  }
}

// W (F, C, kh, kw) in another order
function rearranged({ W, F, C, kh, kw }, place) {
  const out = new Float64Array(W.length);
  for (let f = 0, n = 0; f < F; f++) for (let c = 0; c < C; c++) for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++, n++)
    out[place(f, c, a, b)] = W[n];
  return out;
}

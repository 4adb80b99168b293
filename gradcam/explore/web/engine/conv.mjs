// Convolution: y[f,i,j] = b[f] + sum_c,u,v W[f,c,u,v] x[c, s i + d u - p, s j + d v - p], and its backward pass.
//
// Maps lie with their channels last, (H, W, C), so that one number of x meets all filters in one run of memory.
// A linear layer is the same thing with a picture of 1 x 1.

import { sumsOf } from "./sums.mjs";

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
    const [, h, w] = this.shape, sums = sumsOf(C, this.byInput, kh * kw * F, h * w * F);
    if (this.b) for (let at = 0; at < sums.to.length; at += F) sums.to.set(this.b, at);
    for (let i = 0, n = 0; i < x.H; i++) for (let j = 0; j < x.W; j++, n += C) {
      if (!sums.of(x.data, n)) continue;
      for (let a = 0; a < kh; a++) {
        const top = i + pi - a * di, oi = top / si;
        if (top < 0 || oi >= h || oi !== (oi | 0)) continue;
        for (let b = 0; b < kw; b += run) {
          const left = j + pj - (kw - 1 - b) * dj, oj = left / sj, first = Math.max(0, oj), end = Math.min(w, oj + run);
          if (first < end && oj === (oj | 0))
            sums.add((oi * w + first) * F, (a * kw + b + first - oj) * F, (end - first) * F);
        }
      }
    }
    return { C: F, H: h, W: w, data: sums.done() };
  }

  // the signal at y -> the signal at x
  back(g, x) {
    const { F, C, kh, kw, stride: [si, sj], pad: [pi, pj], dilation: [di, dj], run } = this;
    const [, h, w] = this.shape, { H, W } = x, sums = sumsOf(F, this.byOutput, kh * kw * C, H * W * C);
    for (let i = 0, n = 0; i < h; i++) for (let j = 0; j < w; j++, n += F) {
      if (!sums.of(g, n)) continue;
      for (let a = 0; a < kh; a++) {
        const row = i * si + a * di - pi;
        if (row < 0 || row >= H) continue;
        for (let b = 0; b < kw; b += run) {
          const column = j * sj + b * dj - pj, first = Math.max(0, column), end = Math.min(W, column + run);
          if (first < end)
            sums.add((row * W + first) * C, (a * kw + b + first - column) * C, (end - first) * C);
        }
      }
    }
    return sums.done();
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

// W (F, C, kh, kw) in another order
function rearranged({ W, F, C, kh, kw }, place) {
  const out = new Float64Array(W.length);
  for (let f = 0, n = 0; f < F; f++) for (let c = 0; c < C; c++) for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++, n++)
    out[place(f, c, a, b)] = W[n];
  return out;
}

// Sums of rows of weights, each times a number: to[m] += sum over the channels of value * weights[channel * step + m].
// Most numbers are 0 (behind a ReLU, or on the way back through a max-pool): those cost nothing.

import { pairs } from "./simd.mjs";

const PAGE = 65536, MOST = 2 ** 28; // bytes of a page of memory; that WebAssembly is given at most
let simd;

// for one pass of a convolution: `size` numbers, made of places of `channels` each
export function sumsOf(channels, weights, step, size) {
  if (simd === undefined) simd = pairs();
  const bytes = 8 * (2 * channels + weights.length + size);
  return simd && bytes < MOST ? new InPairs(channels, weights, step, size, bytes) : new Sums(channels, weights, step, size);
}

export class Sums {
  constructor(channels, weights, step, size) {
    Object.assign(this, { channels, weights, step, count: 0 });
    Object.assign(this, { which: new Int32Array(channels), value: new Float64Array(channels), to: new Float64Array(size) });
  }

  // of the channels of one place, data[n], data[n + 1], ..., those that are not 0 -> how many
  of(data, n) {
    const { channels, which, value, step } = this;
    let count = 0;
    for (let c = 0; c < channels; c++) {
      const v = data[n + c];
      which[count] = c * step;
      value[count] = v;
      if (v !== 0) count++;
    }
    return (this.count = count);
  }

  // to[at ...] += ..., `length` numbers, of weights[first ...]; four channels at a time
  add(at, first, length) {
    const { which, value, count, to, weights } = this;
    let n = 0;
    for (; n + 3 < count; n += 4) {
      const v0 = value[n], v1 = value[n + 1], v2 = value[n + 2], v3 = value[n + 3];
      const k0 = first + which[n], k1 = first + which[n + 1], k2 = first + which[n + 2], k3 = first + which[n + 3];
      for (let m = 0; m < length; m++)
        to[at + m] += v0 * weights[k0 + m] + v1 * weights[k1 + m] + v2 * weights[k2 + m] + v3 * weights[k3 + m];
    }
    for (; n < count; n++) {
      const v = value[n], k = first + which[n];
      for (let m = 0; m < length; m++) to[at + m] += v * weights[k + m];
    }
  }

  done() {
    return this.to;
  }
}

// the same, to the last bit, in the memory of `simd`: value, weights, to, and which, in bytes
class InPairs extends Sums {
  constructor(channels, weights, step, size, bytes) {
    super(0, weights, 8 * step, 0);
    const { memory, run } = simd, missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    const { buffer } = memory, part = (from, length) => new Float64Array(buffer, 8 * from, length);
    this.run = run;
    this.channels = channels;
    this.value = part(0, channels);
    part(channels, weights.length).set(weights);
    this.to = part(channels + weights.length, size).fill(0);
    this.which = new Int32Array(buffer, 8 * (channels + weights.length + size), channels);
  }

  add(at, first, length) {
    const { channels, to, which, count, run } = this, begin = to.byteOffset + 8 * at;
    run(begin, begin + 8 * length, begin + 32 * (length >> 2), 8 * (channels + first), which.byteOffset, 0, count);
  }

  done() {
    return this.to.slice();
  }
}

// Weights as the page carries them, exactly those of the network: half floats, floats, or numbers of a codebook.

const HALF = new Float64Array(65536).map((_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
});

export function bytes(base64) {
  const letters = atob(base64), out = new Uint8Array(letters.length);
  for (let n = 0; n < out.length; n++) out[n] = letters.charCodeAt(n);
  return out;
}

// model.arrays: [{kind, shape, at, book}], offsets into `raw` -> [{shape, data: Float64Array}]
export function decode(model, raw) {
  const view = (Kind, at, count) => new Kind(raw.slice(at, at + count * Kind.BYTES_PER_ELEMENT).buffer);
  return model.arrays.map(({ kind, shape, at, book }) => {
    const count = shape.reduce((a, b) => a * b, 1);
    if (kind === "half") return { shape, data: Float64Array.from(view(Uint16Array, at, count), (bits) => HALF[bits]) };
    if (kind === "float") return { shape, data: Float64Array.from(view(Float32Array, at, count)) };
    if (kind === "double") return { shape, data: view(Float64Array, at, count) };
    const values = view(Float32Array, book, 256);
    return { shape, data: Float64Array.from(view(Uint8Array, at, count), (code) => values[code]) };
  });
}

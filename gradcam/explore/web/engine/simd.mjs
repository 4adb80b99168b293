// The innermost loop of a convolution in WebAssembly, two numbers at a time.  It is written here as what its bytes mean.

// add(to, end, wide, weights, which, value, count): addresses in memory, in bytes, and how many channels.  Of four channels
// at a time, and then of one at a time: to[m] += v0 w0[m] + v1 w1[m] + v2 w2[m] + v3 w3[m], until `end`, and four m in a
// turn until `wide`; v is of `value`, and w starts `which` bytes after `weights`
function loop() {
  const [TO, END, WIDE, WEIGHTS, WHICH, VALUE, COUNT, AT, W0] = Array(9).keys(), V0 = W0 + 4, I32 = 0x7f, V128 = 0x7b, NOTHING = 0x40;
  const constant = (v) => [0x41, v], get = (local) => [0x20, local], set = (local, v) => [v, 0x21, local]; // constants below 64
  const add = (a, b) => [a, b, 0x6a], take = (a, b) => [a, b, 0x6b], less = (a, b) => [a, b, 0x49], on = (local, bytes) => set(local, add(get(local), constant(bytes)));
  const integer = (at, offset) => [at, 0x28, 2, offset], double = (at, offset) => [at, 0x2b, 3, offset], pair = (at, offset) => [at, 0xfd, 0, 3, offset];
  const keep = (at, v) => [at, v, 0x39, 3, 0], keepPair = (at, offset, v) => [at, v, 0xfd, 11, 3, offset];
  const twice = (v) => [v, 0xfd, 0x14], first = (v) => [v, 0xfd, 0x21, 0]; // a number as a pair; of a pair
  const addDouble = (a, b) => [a, b, 0xa0], multiply = (a, b) => [a, b, 0xa2], addPairs = (a, b) => [a, b, 0xfd, 0xf0, 1], multiplyPairs = (a, b) => [a, b, 0xfd, 0xf2, 1];
  const during = (is, ...body) => [0x02, NOTHING, 0x03, NOTHING, is, 0x45, 0x0d, 1, body, 0x0c, 0, 0x0b, 0x0b]; // while it is
  const whole = (v) => (v < 128 ? [v] : [(v & 127) | 128, ...whole(v >> 7)]), sized = (inside) => [whole(inside.flat(Infinity).length), inside];

  const channels = (many) => {
    const each = [...Array(many).keys()], joined = (terms, join) => terms.reduce((a, b) => join(a, b));
    const two = (offset) => joined(each.map((r) => multiplyPairs(get(V0 + r), pair(get(W0 + r), offset))), addPairs);
    const single = joined(each.map((r) => multiply(first(get(V0 + r)), double(get(W0 + r), 0))), addDouble);
    const step = (bytes) => [on(AT, bytes), each.map((r) => on(W0 + r, bytes))];
    return during(less(constant(many - 1), get(COUNT)),
      each.map((r) => [set(W0 + r, add(get(WEIGHTS), integer(get(WHICH), 4 * r))), set(V0 + r, twice(double(get(VALUE), 8 * r)))]),
      set(AT, get(TO)),
      during(less(get(AT), get(WIDE)), [0, 16].map((bytes) => keepPair(get(AT), bytes, addPairs(pair(get(AT), bytes), two(bytes)))), step(32)),
      during(less(get(AT), get(END)), keep(get(AT), addDouble(double(get(AT), 0), single)), step(8)),
      on(WHICH, 4 * many), on(VALUE, 8 * many), set(COUNT, take(get(COUNT), constant(many))));
  };

  const section = (id, ...inside) => [id, sized(inside)], name = [1, 0x6d], code = [2, 5, I32, 4, V128, channels(4), channels(1), 0x0b];
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // a module: its function takes seven integers, its memory is given
    section(1, 1, 0x60, 7, Array(7).fill(I32), 0), section(2, 1, name, name, 2, 0, 1), section(3, 1, 0), section(7, 1, name, 0, 0), section(10, 1, sized(code))].flat(Infinity));
}

// the function and its memory, or null where there is no WebAssembly, or none with pairs
export function pairs() {
  try {
    const memory = new WebAssembly.Memory({ initial: 16 });
    return { memory, run: new WebAssembly.Instance(new WebAssembly.Module(loop()), { m: { m: memory } }).exports.m };
  } catch {
    return null;
  }
}

// Where a unit of a joined or flattened tensor comes from.

// -> {name, unit}: the tensor below, and the place in it, that unit [k, i, j] of a Concat or Flatten is a copy of
export function rootOf(net, step, [k, i, j]) {
  if (step.op === "Flatten") {
    const { name, y } = net.steps[step.from[0]];
    return { name, unit: [Math.floor(k / (y.H * y.W)), Math.floor(k / y.W) % y.H, k % y.W] };
  }
  let before = 0;
  for (const from of step.from) {
    const { name, y } = net.steps[from];
    if (k < before + y.C) return { name, unit: [k - before, i, j] };
    before += y.C;
  }
  return { name: step.name, unit: [k, i, j] };
}

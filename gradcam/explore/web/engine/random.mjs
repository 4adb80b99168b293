// Random numbers that are the same everywhere: the page's, and the Python engine's.

// a sequence of numbers in (0, 1): Lehmer's, 16807 s mod 2^31 - 1 (Park & Miller 1988)
export function sequence(seed) {
  let s = (seed % 2147483646) + 1;
  for (let n = 0; n < 8; n++) s = (s * 16807) % 2147483647;
  return () => {
    s = (s * 16807) % 2147483647;
    return s / 2147483647;
  };
}

// a normal number (Box & Muller 1958)
export function normal(next) {
  const r = Math.sqrt(-2 * Math.log(next()));
  return r * Math.cos(2 * Math.PI * next());
}

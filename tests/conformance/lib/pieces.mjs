// Ways to cut bytes: whole, one at a time, at random. The seed is in the test's name, so a failure can be had again.

const kOneByOne = 3000; // of longer inputs only the first and last this many bytes go one at a time

export const ways = ['whole', 'bytes', 'random 1', 'random 2'];

export function cut(bytes, way) {
  if (way === 'whole') return [bytes];
  if (way === 'bytes') {
    if (bytes.length <= 2 * kOneByOne) return [...bytes];
    return [...bytes.slice(0, kOneByOne), ...slices(bytes.slice(kOneByOne, -kOneByOne), () => 1021),
      ...bytes.slice(-kOneByOne)];
  }
  const random = generator(Number(way.split(' ')[1]) * 7919 + bytes.length);
  const most = Math.max(2, Math.ceil(bytes.length / 8));
  return slices(bytes, () => 1 + Math.floor(random() * most));
}

function slices(bytes, size) {
  const pieces = [];
  for (let at = 0; at < bytes.length;) {
    const n = size();
    pieces.push(bytes.slice(at, at + n));
    at += n;
  }
  return pieces;
}

export function generator(seed) { // mulberry32
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

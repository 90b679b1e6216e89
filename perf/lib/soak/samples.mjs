// What the kernel says about processes over time, and whether it grows.
import { readFileSync, readdirSync } from 'node:fs';

const number = (text, name) => Number(text.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))?.[1]);

// undefined when the process ended meanwhile.
export function sample(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return { pid, rss: number(rollup, 'Rss'), dirty: number(rollup, 'Private_Dirty'), fds: readdirSync(`/proc/${pid}/fd`).length,
             threads: number(status, 'Threads'), cpu: (Number(stat[11]) + Number(stat[12])) / 100 };
  } catch { return undefined; }
}

export const children = (pid) => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number));
  } catch { return []; }
};

// The line through [seconds, value] points by least squares. Neighbouring samples are not independent, so the error is that of
// the means of `parts` equal parts.
export function fit(points, parts = 20) {
  const size = Math.max(1, Math.ceil(points.length / parts));
  const means = [];
  for (let at = 0; at < points.length; at += size) {
    const part = points.slice(at, at + size);
    means.push([0, 1].map((i) => part.reduce((sum, point) => sum + point[i], 0) / part.length));
  }
  const n = means.length;
  const [mx, my] = [0, 1].map((i) => means.reduce((sum, point) => sum + point[i], 0) / n);
  const sxx = means.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  const slope = means.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / sxx;
  const squares = means.reduce((sum, [x, y]) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  const error = Math.sqrt(squares / Math.max(1, n - 2) / sxx);
  return { mean: my, perHour: slope * 3600, error: error * 3600, percent: (slope * 3600 * 100) / my };
}

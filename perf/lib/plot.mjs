// Bars: each proxy relative to nginx, scenario by scenario; a line where Hearth's target to nginx is.
const COLORS = { hearth: '#d9480f', nginx: '#2b8a3e', haproxy: '#1864ab', nghttpx: '#862e9c', copy: '#868e96', splice: '#ced4da' };
const BAR = 11;
const LEFT = 130;
const UNIT = 300; // pixels of 1.0
const MOST = 2.2; // longer bars are cut, their number says so

export function plot(results, proxies) {
  const shapes = [];
  let y = 50;
  for (const { scenario, of, targets } of results) {
    if (!of.nginx) continue;
    const top = y;
    shapes.push(`<text x="${LEFT - 10}" y="${y + (proxies.length * BAR) / 2 + 4}" text-anchor="end">${scenario}</text>`);
    for (const name of proxies) {
      const ratio = of[name].value / of.nginx.value;
      const width = Math.max(Math.min(ratio, MOST), 0) * UNIT;
      shapes.push(`<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 1}" fill="${COLORS[name]}"/>`,
        `<text x="${(LEFT + width + 4).toFixed(1)}" y="${y + BAR - 2}" font-size="9">${ratio.toFixed(2)}</text>`);
      y += BAR;
    }
    const target = targets.find((each) => each.to === 'nginx');
    if (target) {
      const x = LEFT + target.most * UNIT;
      shapes.push(`<line x1="${x}" y1="${top - 2}" x2="${x}" y2="${y + 1}" stroke="#000" stroke-dasharray="2 2"/>`);
    }
    y += BAR;
  }
  const legend = proxies.map((name, i) => `<rect x="${LEFT + i * 90}" y="18" width="10" height="10" fill="${COLORS[name]}"/>` +
    `<text x="${LEFT + i * 90 + 14}" y="27">${name}</text>`);
  const one = `<line x1="${LEFT + UNIT}" y1="40" x2="${LEFT + UNIT}" y2="${y}" stroke="#adb5bd"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + MOST * UNIT + 50}" height="${y + 10}" font-family="sans-serif" font-size="11">
<title>CPU time, memory or latency relative to nginx (shorter is better); dashed: Hearth's target</title>
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, one, ...shapes].join('\n')}
</svg>
`;
}

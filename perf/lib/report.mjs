// The table: what was measured, the ratios, and whether the targets are met.
const COLUMNS = 9;

const short = (value) => (value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(2));
const cell = (text) => String(text).padStart(COLUMNS);
const floorOf = (of) => Math.min(...['copy', 'splice'].map((name) => of[name]?.value ?? Infinity));

// What `name` names in a target or a ratio; undefined if it was not measured.
function reference(of, name) {
  if (name === 'floor') return floorOf(of);
  if (name !== 'best peer') return of[name]?.value;
  return Math.min(...['nginx', 'haproxy', 'nghttpx'].map((peer) => of[peer]?.value ?? Infinity));
}

// Adds to each target of a result what was reached; targets whose peer was left out are dropped.
export function judged(result) {
  const targets = result.targets.flatMap((target) => {
    const base = target.to ? reference(result.of, target.to) : 1;
    if (!base || base === Infinity) return [];
    const reached = result.of.hearth.value / base;
    return [{ ...target, reached, met: reached <= target.most }];
  });
  return { ...result, targets };
}

export function heading(proxies) {
  return ['scenario'.padEnd(15), 'per'.padEnd(10), ...proxies.map(cell), cell('/nginx'), cell('/haproxy'), cell('/floor'), cell('spread'),
    '  targets'].join(' ');
}

function verdict({ to, most, reached, met }) {
  if (!to) return `${met ? 'met' : 'MISSED'} (≤ ${most} bytes)`;
  return `${met ? 'met' : 'MISSED'} (${reached.toFixed(2)} ≤ ${most} × ${to})`;
}

export function line({ scenario, unit, of, targets }, proxies) {
  const ratio = (name) => {
    const base = reference(of, name);
    return cell(base > 0 && base !== Infinity ? (of.hearth.value / base).toFixed(2) : '-');
  };
  return [scenario.padEnd(15), unit.padEnd(10), ...proxies.map((name) => cell(of[name] ? short(of[name].value) : '-')), ratio('nginx'), ratio('haproxy'),
    ratio('floor'), cell(`${(of.hearth.spread * 100).toFixed(0)} %`), `  ${targets.map(verdict).join(', ')}`].join(' ').trimEnd();
}

// Latencies of the scenarios that have answers to wait for, then what was missed and what went wrong.
export function summary(results, proxies) {
  const rows = ['', `latency µs      ${proxies.map((name) => name.padStart(20)).join('')}`,
    `                ${proxies.map(() => '    p50    p99  p99.9').join('')}`];
  for (const { scenario, of } of results) {
    if (!of.hearth.p50_us) continue;
    rows.push(scenario.padEnd(15) + proxies.map((name) => ['p50_us', 'p99_us', 'p999_us']
      .map((key) => (of[name] ? of[name][key].toFixed(0) : '-').padStart(7)).join('')).join(''));
  }
  const targets = results.flatMap((each) => each.targets);
  rows.push('', `targets: ${targets.filter((each) => each.met).length} met, ${targets.filter((each) => !each.met).length} missed`);
  for (const { scenario, of } of results) {
    for (const name of Object.keys(of)) if (of[name].errors > 0) rows.push(`${scenario}: ${of[name].errors} errors of ${name}`);
  }
  return rows.join('\n');
}

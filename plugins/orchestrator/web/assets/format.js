// Pure text functions: times, durations, return paths. No DOM.

const kUnits = [
  ['year', 365 * 86400],
  ['month', 30 * 86400],
  ['week', 7 * 86400],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

// "just now", "5 minutes ago", "in 2 hours". `then` is anything Date understands; '' when it is no time.
export function relativeTime(then, now = Date.now()) {
  const time = then === null || then === undefined || then === '' ? NaN : new Date(then).getTime();
  if (Number.isNaN(time)) return '';
  const seconds = Math.round((now - time) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 45) return 'just now';
  // A unit is used from 1 of it on, but 50 minutes already read better as "an hour" than as "49.6 minutes".
  for (const [unit, size] of kUnits) {
    const count = Math.round(distance / size);
    if (distance >= size * 0.92) {
      const text = `${count} ${unit}${count === 1 ? '' : 's'}`;
      return seconds >= 0 ? `${text} ago` : `in ${text}`;
    }
  }
  return seconds >= 0 ? '1 minute ago' : 'in 1 minute';
}

// For title attributes: "21 Nov 2026, 12:09:55" in the reader's own zone and language.
export function absoluteTime(then) {
  const time = new Date(then);
  if (Number.isNaN(time.getTime())) return '';
  return time.toLocaleString(undefined, {dateStyle: 'medium', timeStyle: 'medium'});
}

// "7 s", "1 min 05 s", "2 h 03 min".
export function duration(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const pad = (n) => String(n).padStart(2, '0');
  if (total < 60) return `${total} s`;
  if (total < 3600) return `${Math.floor(total / 60)} min ${pad(total % 60)} s`;
  return `${Math.floor(total / 3600)} h ${pad(Math.floor((total % 3600) / 60))} min`;
}

// The same rule as safe_next_path() in pages.cc: a path on this site, and neither the login page nor the API.
export function safeNext(next) {
  if (typeof next !== 'string' || next.length === 0 || next.length > 4096) return '/';
  if (next[0] !== '/' || next[1] === '/' || /[\\\u0000-\u0020\u007f]/.test(next)) return '/';
  const path = next.split(/[?#]/, 1)[0];
  if (path === '/login' || path.startsWith('/login/') || path === '/api' || path.startsWith('/api/')) return '/';
  return next;
}

export function loginLocation(pathAndQuery) {
  const next = safeNext(pathAndQuery);
  return next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`;
}

// Seconds until a Retry-After moment: delta-seconds or an HTTP date (RFC 9110 10.2.3); 0 when absent or unreadable.
export function retryAfterSeconds(value, now = Date.now()) {
  if (!value) return 0;
  if (/^\d+$/.test(value.trim())) return Math.min(Number(value), 86400);
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, Math.ceil((date - now) / 1000));
}

// Full-jitter exponential backoff: attempt 0 waits up to `base`, each further one up to twice as long, never over `cap`.
export function backoff(attempt, base = 1000, cap = 30000, random = Math.random) {
  const ceiling = Math.min(cap, base * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

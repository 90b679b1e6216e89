import assert from 'node:assert/strict';
import test from 'node:test';

import {backoff, duration, loginLocation, relativeTime, retryAfterSeconds, safeNext, span}
  from '../../../plugins/orchestrator/web/assets/format.js';

const kNow = Date.parse('2026-03-01T12:00:00Z');
const before = (seconds) => new Date(kNow - seconds * 1000).toISOString();

test('relative times', () => {
  const cases = [[0, 'just now'], [44, 'just now'], [50, '1 minute ago'], [60, '1 minute ago'], [300, '5 minutes ago'],
    [3599, '1 hour ago'], [7200, '2 hours ago'], [86400, '1 day ago'], [86400 * 3, '3 days ago'], [86400 * 14, '2 weeks ago'],
    [86400 * 61, '2 months ago'], [86400 * 800, '2 years ago'], [-10, 'in a moment'], [-120, 'in 2 minutes']];
  for (const [seconds, text] of cases) assert.equal(relativeTime(before(seconds), kNow), text, `${seconds} s`);
});

test('no time gives no text', () => {
  for (const value of [null, undefined, '', 'yesterday']) assert.equal(relativeTime(value, kNow), '');
});

test('spans', () => {
  assert.equal(span(before(300), kNow), 'for 5 minutes');
  assert.equal(span(before(3), kNow), 'just now');
});

test('durations', () => {
  const cases = [[-5, '0 s'], [999, '0 s'], [7000, '7 s'], [65000, '1 min 05 s'], [3600000 * 2 + 180000, '2 h 03 min']];
  for (const [ms, text] of cases) assert.equal(duration(ms), text);
});

test('a return path stays on this site', () => {
  for (const next of ['/', '/w/a/?folder=/home&x=1#top', '/loginx', '/apis', '/a?next=//other']) assert.equal(safeNext(next), next);
  for (const next of ['', undefined, '//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', 'w/a',
    '/a b', '/\t/evil', '/a\nb', '/login', '/login?next=/', '/api/v1/logout', '/api', `/${'a'.repeat(5000)}`]) {
    assert.equal(safeNext(next), '/', String(next));
  }
});

test('the login page gets the way back', () => {
  assert.equal(loginLocation('/'), '/login');
  assert.equal(loginLocation('/w/a/?b=c'), '/login?next=%2Fw%2Fa%2F%3Fb%3Dc');
});

test('Retry-After in both forms', () => {
  assert.equal(retryAfterSeconds('30', kNow), 30);
  assert.equal(retryAfterSeconds('Sun, 01 Mar 2026 12:01:00 GMT', kNow), 60);
  assert.equal(retryAfterSeconds('Sun, 01 Mar 2026 11:00:00 GMT', kNow), 0);
  assert.equal(retryAfterSeconds(null, kNow), 0);
  assert.equal(retryAfterSeconds('soon', kNow), 0);
});

test('backoff doubles up to its cap and never goes below half', () => {
  assert.equal(backoff(0, 1000, 30000, () => 0), 500);
  assert.equal(backoff(3, 1000, 30000, () => 1), 8000);
  assert.equal(backoff(50, 1000, 30000, () => 1), 30000);
});
